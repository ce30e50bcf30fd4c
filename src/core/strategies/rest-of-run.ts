import { meanResidualLifeMs } from '../estimate/residual-life.js';
import type { Estimate } from '../events.js';
import type { PlanInstance, PlanPool, PlanSuite } from '../planner/plan.js';
import { planSuiteOf } from '../scheduler/plan-instance.js';
import type { ClusterView, PendingSuite, SlotPool, SuiteGroup } from '../scheduler/strategy.js';
import { plannedPoolsOf } from './planned-pools.js';
import { preferredDurations, type RestOptions } from './preferred-durations.js';

/** What is pending, as an instance for the planner, with the way back from its indices. */
export interface RestOfRun {
  readonly instance: PlanInstance;
  /** By index of the instance's suites. */
  readonly suites: readonly PlannedSuite[];
  /** Index of the instance's pool; for a slot pool that has come since, one of its kind; -1: there is none. */
  indexOf(pool: SlotPool): number;
}

export interface PlannedSuite {
  readonly group: SuiteGroup;
  readonly pending: PendingSuite;
  /** By index of the instance's pools; undefined where the suite cannot run. */
  readonly estimates: readonly (Estimate | undefined)[];
}

/** Busy slots become free when what runs there is expected to end. */
export function restOfRun(view: ClusterView, options: RestOptions = {}): RestOfRun {
  const { machines, pools: planned, areMerged } = plannedPoolsOf(view);
  const busyMs = busyTimes(view);
  const pools = planned.map(({ machine, members }): PlanPool => {
    const [{ name, device, anySlot, slotCount }] = members;
    return {
      name,
      machine,
      slots: members.reduce((sum, pool) => sum + pool.slotCount, 0),
      slotsPerDevice: slotCount,
      deviceMemoryBytes: device.memoryBytes ?? anySlot.machine.memoryBudgetBytes,
      freeAtMs: members.flatMap((pool) => {
        const times = busyMs.get(pool) ?? [];
        return Array.from({ length: pool.slotCount }, (_, index) => times[index] ?? 0);
      }),
    };
  });
  const suites: PlannedSuite[] = [];
  const planSuites: PlanSuite[] = [];
  for (const group of view.groups) {
    const places = planned.map(({ members }) => members.find((pool) => group.claimByPool.has(pool)));
    const [firstPlace] = group.claimByPool;
    if (firstPlace === undefined) continue;
    const [{ device, anySlot }, claimed] = firstPlace;
    // It has one machine for itself, not all that are alike.
    const claim =
      claimed.exclusive && areMerged
        ? { ...claimed, exclusive: false, cpuThreads: anySlot.machineCpuThreads }
        : claimed;
    for (const pending of group.suites) {
      const { suite } = pending;
      const estimates = places.map((pool) => pool && view.estimate(suite, pool));
      suites.push({ group, pending, estimates });
      const durationMs = preferredDurations(suite.profile, places, estimates, options);
      planSuites.push(planSuiteOf(suite, device.class, claim, durationMs));
    }
  }
  const indices = new Map(planned.flatMap(({ members }, index) => members.map((pool) => [pool, index])));
  const indicesOfKinds = new Map(planned.map(({ members: [{ deviceKind }] }, index) => [deviceKind, index]));
  return {
    instance: { machines, pools, suites: planSuites },
    suites,
    indexOf: (pool) => indices.get(pool) ?? indicesOfKinds.get(pool.deviceKind) ?? -1,
  };
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
