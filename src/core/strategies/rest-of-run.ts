import { meanResidualLifeMs } from '../estimate/residual-life.js';
import type { Estimate } from '../events.js';
import type { PlanInstance, PlanMachine, PlanPool, PlanSuite } from '../planner/plan.js';
import { planMachineOf, planSuiteOf } from '../scheduler/plan-instance.js';
import type { ClusterView, PendingSuite, SlotPool, SuiteGroup } from '../scheduler/strategy.js';
import { preferredDurations, type RestOptions } from './preferred-durations.js';

/** What is pending, as an instance for the planner, with the way back from its indices. */
export interface RestOfRun {
  readonly instance: PlanInstance;
  /** By index of the instance's suites. */
  readonly suites: readonly PlannedSuite[];
  /** Index of the instance's pool by slot pool. */
  readonly poolOf: ReadonlyMap<SlotPool, number>;
}

export interface PlannedSuite {
  readonly group: SuiteGroup;
  readonly pending: PendingSuite;
  /** By index of the instance's pools; undefined where the suite cannot run. */
  readonly estimates: readonly (Estimate | undefined)[];
}

/** Equal slot pools of one machine. They are one pool of the instance, so that a suite may take several devices at once. */
type EqualPools = readonly [SlotPool, ...SlotPool[]];

/** Busy slots become free when what runs there is expected to end. */
export function restOfRun(view: ClusterView, options: RestOptions = {}): RestOfRun {
  const equalPools = equalPoolsOf(view);
  const machines = new Map<string, PlanMachine>();
  for (const { anySlot } of view.pools) {
    if (!machines.has(anySlot.machine.name)) machines.set(anySlot.machine.name, planMachineOf(anySlot));
  }
  const machineIndex = new Map([...machines.keys()].map((name, index) => [name, index]));
  const busyMs = busyTimes(view);
  const pools = equalPools.map((equal): PlanPool => {
    const [{ name, device, anySlot, slotCount }] = equal;
    return {
      name,
      machine: machineIndex.get(anySlot.machine.name) ?? 0,
      slots: equal.reduce((sum, pool) => sum + pool.slotCount, 0),
      slotsPerDevice: slotCount,
      deviceMemoryBytes: device.memoryBytes ?? anySlot.machine.memoryBudgetBytes,
      freeAtMs: equal.flatMap((pool) => {
        const times = busyMs.get(pool) ?? [];
        return Array.from({ length: pool.slotCount }, (_, index) => times[index] ?? 0);
      }),
    };
  });
  const suites: PlannedSuite[] = [];
  const planSuites: PlanSuite[] = [];
  for (const group of view.groups) {
    const places = equalPools.map((pools) => pools.find((pool) => group.claimByPool.has(pool)));
    const [firstPlace] = group.claimByPool;
    if (firstPlace === undefined) continue;
    const [{ device }, claim] = firstPlace;
    for (const pending of group.suites) {
      const { suite } = pending;
      const estimates = places.map((pool) => pool && view.estimate(suite, pool));
      suites.push({ group, pending, estimates });
      const durationMs = preferredDurations(suite.profile, places, estimates, options);
      planSuites.push(planSuiteOf(suite, device.class, claim, durationMs));
    }
  }
  return {
    instance: { machines: [...machines.values()], pools, suites: planSuites },
    suites,
    poolOf: new Map(equalPools.flatMap((pools, index) => pools.map((pool) => [pool, index]))),
  };
}

function equalPoolsOf({ pools }: ClusterView): readonly EqualPools[] {
  const byKey = new Map<string, [SlotPool, ...SlotPool[]]>();
  for (const pool of pools) {
    const { anySlot, deviceKind, device, slotCount } = pool;
    const key = JSON.stringify([
      anySlot.machine.name,
      deviceKind,
      device.memoryBytes,
      device.backends,
      slotCount,
    ]);
    const equal = byKey.get(key);
    if (equal) equal.push(pool);
    else byKey.set(key, [pool]);
  }
  return [...byKey.values()];
}

/** How long the busy slots of each pool are expected to stay busy, ms. */
function busyTimes(view: ClusterView): ReadonlyMap<SlotPool, readonly number[]> {
  const times = new Map<SlotPool, number[]>();
  const poolByName = new Map(view.pools.map((pool) => [pool.name, pool]));
  for (const { pool, slots, estimate, startedAtMs } of view.running) {
    const leftMs = meanResidualLifeMs(estimate, view.atMs - startedAtMs);
    for (const slot of slots) {
      const held = poolByName.get(slot.type) ?? pool;
      const list = times.get(held) ?? [];
      times.set(held, list);
      list.push(leftMs);
    }
  }
  return times;
}
