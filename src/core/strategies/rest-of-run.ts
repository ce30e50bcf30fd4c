import { devicesOf } from '../claim.js';
import type { Estimate } from '../events.js';
import type { PlanMachine, PlanProblem, PlanSuite, PlanType } from '../plan/plan.js';
import { suitabilityOf, wattsOf } from '../suitability.js';
import type { WorkloadProfile } from '../workload.js';
import { remainingMs } from './remaining.js';
import type { ClusterView, PendingGroup, PendingSuite, SlotType } from './strategy.js';

/** What is pending, as a problem for the planner, with the way back from its indices. */
export interface RestOfRun {
  readonly problem: PlanProblem;
  /** By index of the problem's suites. */
  readonly suites: readonly PlannedSuite[];
  /** Index of the problem's type by slot type. */
  readonly typeOf: ReadonlyMap<SlotType, number>;
}

export interface PlannedSuite {
  readonly group: PendingGroup;
  readonly pending: PendingSuite;
  /** By index of the problem's types; undefined where the suite cannot run. */
  readonly estimates: readonly (Estimate | undefined)[];
}

/** A suite that is sensitive to latency goes where it takes at most this multiple of its shortest time. */
const latencyTolerance = 1.25;
/** One that is sensitive to power, where it costs at most this multiple of the least energy. */
const powerTolerance = 1.1;
/** How much longer a suite of unknown duration is thought to take on devices that suit it less. */
const unsuitedFactor = 1.5;

/**
 * Slots that are busy come free when what runs there is expected to end.
 * @param energyTolerance Suites may go where they cost at most this multiple of their least energy. Default: anywhere.
 */
export function restOfRun(view: ClusterView, energyTolerance = Number.POSITIVE_INFINITY): RestOfRun {
  const machines = new Map<string, { readonly index: number; readonly machine: PlanMachine }>();
  const kinds = new Map<string, { readonly index: number; readonly members: SlotType[] }>();
  const typeOf = new Map<SlotType, number>();
  for (const type of view.types) {
    const { machine, machineWorkers, machineCpuThreads } = type.slot;
    if (!machines.has(machine.name)) {
      machines.set(machine.name, {
        index: machines.size,
        machine: {
          name: machine.name,
          workers: machineWorkers,
          cpuThreads: machineCpuThreads,
          memoryBytes: machine.memoryBudgetBytes,
        },
      });
    }
    const key = JSON.stringify([
      machine.name,
      type.kind,
      type.device.memoryBytes,
      type.device.backends,
      type.slots,
    ]);
    const kind = kinds.get(key) ?? { index: kinds.size, members: [] };
    kinds.set(key, kind);
    kind.members.push(type);
    typeOf.set(type, kind.index);
  }
  const busyUntil = freeTimes(view);
  const kindList = [...kinds.values()];
  const types = kindList.map(({ members }): PlanType => {
    const [first] = members as [SlotType];
    const { device, slot } = first;
    return {
      name: first.name,
      machine: machines.get(slot.machine.name)?.index ?? 0,
      slots: members.reduce((sum, { slots }) => sum + slots, 0),
      slotsPerDevice:
        device.class === 'cpu' ? members.reduce((sum, { slots }) => sum + slots, 0) : first.slots,
      deviceMemoryBytes: device.memoryBytes ?? slot.machine.memoryBudgetBytes,
      freeAtMs: members.flatMap((type) => {
        const times = busyUntil.get(type) ?? [];
        return Array.from({ length: type.slots }, (_, index) => times[index] ?? 0);
      }),
    };
  });
  const suites: PlannedSuite[] = [];
  const planned: PlanSuite[] = [];
  for (const group of view.groups) {
    const places = kindList.map(({ members }) => members.find((type) => group.slotTypes.has(type)));
    const [someType] = group.slotTypes.keys();
    const claim = someType && group.slotTypes.get(someType);
    if (someType === undefined || claim === undefined) continue;
    const { profile } = group.head.suite;
    for (const pending of group.suites) {
      const estimates = places.map((type) => type && view.estimate(pending.suite, type));
      suites.push({ group, pending, estimates });
      planned.push({
        id: pending.suite.id,
        durationMs: durationsFor(pending, places, estimates, energyTolerance),
        hostMemoryBytes: claim.hostMemoryBytes,
        deviceMemoryBytes: claim.deviceMemoryBytes,
        cpuThreads: claim.cpuThreads,
        devices: devicesOf(profile, someType.device.class),
        locks: claim.locks,
        exclusive: claim.exclusive,
        priority: profile.priority,
      });
    }
  }
  return {
    problem: { machines: [...machines.values()].map(({ machine }) => machine), types, suites: planned },
    suites,
    typeOf,
  };
}

/** Infinite where the suite cannot run, and where what it is sensitive to speaks against it. */
function durationsFor(
  { suite: { profile } }: PendingSuite,
  places: readonly (SlotType | undefined)[],
  estimates: readonly (Estimate | undefined)[],
  energyTolerance: number,
): readonly number[] {
  const { sensitivity } = profile;
  const allowed = new Set(estimates.keys());
  const keepCheapest = (tolerance: number, costAt: (index: number, ms: number) => number) => {
    if (tolerance === Number.POSITIVE_INFINITY) return;
    const costs = estimates.map((estimate, index) =>
      estimate && allowed.has(index) ? costAt(index, estimate.durationMs) : Number.POSITIVE_INFINITY,
    );
    const most = Math.min(...costs) * tolerance;
    costs.forEach((cost, index) => {
      if (cost > most) allowed.delete(index);
    });
  };
  const watts = (index: number) => wattsOf(places[index]?.device);
  keepCheapest(sensitivity === 'power' ? powerTolerance : energyTolerance, (index, ms) => ms * watts(index));
  keepCheapest(sensitivity === 'latency' ? latencyTolerance : Number.POSITIVE_INFINITY, (_, ms) => ms);
  const suited = places.length > 1 ? bestSuited(profile, places, estimates) : undefined;
  return estimates.map((estimate, index) => {
    if (estimate === undefined || !allowed.has(index)) return Number.POSITIVE_INFINITY;
    return suited === undefined || suited === index
      ? estimate.durationMs
      : estimate.durationMs * unsuitedFactor;
  });
}

/**
 * Where a suite that was never measured anywhere should go, by what is known of devices; where that says nothing, to a CPU
 * rather than to an accelerator that others may need. Undefined for measured ones.
 */
function bestSuited(
  profile: WorkloadProfile,
  places: readonly (SlotType | undefined)[],
  estimates: readonly (Estimate | undefined)[],
): number | undefined {
  if (estimates.some((estimate) => estimate?.basis === 'own-device' || estimate?.basis === 'given'))
    return undefined;
  const asks = profile.operations.length > 0 || profile.preferredMemoryBytes !== undefined;
  let best: number | undefined;
  let highest = Number.NEGATIVE_INFINITY;
  places.forEach((type, index) => {
    if (type === undefined) return;
    const score = asks ? suitabilityOf(profile, type.device).score : type.device.class === 'cpu' ? 1 : 0;
    if (score <= highest) return;
    highest = score;
    best = index;
  });
  return best;
}

function freeTimes(view: ClusterView): ReadonlyMap<SlotType, readonly number[]> {
  const times = new Map<SlotType, number[]>();
  const typesByName = new Map(view.types.map((type) => [type.name, type]));
  for (const { type, slots, estimate, startedAtMs } of view.running) {
    const left = remainingMs(estimate, view.atMs - startedAtMs);
    for (const slot of slots) {
      const held = typesByName.get(slot.type) ?? type;
      const list = times.get(held) ?? [];
      times.set(held, list);
      list.push(left);
    }
  }
  return times;
}
