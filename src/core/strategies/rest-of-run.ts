import { meanResidualLifeMs } from '../estimate/residual-life.js';
import type { Estimate } from '../events.js';
import { suitabilityOf, wattsOf } from '../machine/suitability.js';
import type { PlanInstance, PlanMachine, PlanPool, PlanSuite } from '../planner/plan.js';
import { deviceCountOf } from '../scheduler/claim.js';
import { planMachineOf } from '../scheduler/plan-instance.js';
import type { ClusterView, PendingGroup, PendingSuite, SlotType } from '../scheduler/strategy.js';
import type { WorkloadProfile } from '../workload/profile.js';

/** What is pending, as an instance for the planner, with the way back from its indices. */
export interface RestOfRun {
  readonly instance: PlanInstance;
  /** By index of the instance's suites. */
  readonly suites: readonly PlannedSuite[];
  /** Index of the planner's pool by slot type. */
  readonly poolOf: ReadonlyMap<SlotType, number>;
}

export interface PlannedSuite {
  readonly group: PendingGroup;
  readonly pending: PendingSuite;
  /** By index of the instance's pools; undefined where the suite cannot run. */
  readonly estimates: readonly (Estimate | undefined)[];
}

/** A suite that is sensitive to latency wants to be where it takes at most this multiple of its shortest time. */
const latencyTolerance = 1.25;
/** One that is sensitive to power, where it costs at most this multiple of the least energy. */
const powerTolerance = 1.1;
/** From this spread on an estimate says little about the single suite. */
const unmeasuredSpread = 1;
/** How much longer a suite is thought to take where that goes against what it is sensitive to. */
const unwantedFactor = 2.5;
/** For what the whole run may have to wait for, a slower place counts as slower still: at most so much, and as far as its estimate may be off. */
const mostReluctance = 2;
const anyMultiple = Number.POSITIVE_INFINITY;
/** How much longer a suite of unknown duration is thought to take on devices that suit it less. */
const unsuitedFactor = 1.5;

export interface RestOptions {
  /** Suites may go where they cost at most this multiple of their least energy. Default: anywhere. */
  readonly energyTolerance?: number;
  /** When the run should be over, ms from now: what may take longer is wanted on fast devices. Default: never. */
  readonly horizonMs?: number;
}

/** Slots that are busy come free when what runs there is expected to end. */
export function restOfRun(view: ClusterView, options: RestOptions = {}): RestOfRun {
  const machines = new Map<string, { readonly index: number; readonly machine: PlanMachine }>();
  const kinds = new Map<string, { readonly index: number; readonly members: SlotType[] }>();
  const poolOf = new Map<SlotType, number>();
  for (const type of view.types) {
    const { machine } = type.slot;
    if (!machines.has(machine.name)) {
      machines.set(machine.name, { index: machines.size, machine: planMachineOf(type.slot) });
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
    poolOf.set(type, kind.index);
  }
  const busyUntil = freeTimes(view);
  const kindList = [...kinds.values()];
  const pools = kindList.map(({ members }): PlanPool => {
    const [first] = members as [SlotType];
    const { device, slot } = first;
    return {
      name: first.name,
      machine: machines.get(slot.machine.name)?.index ?? 0,
      slots: members.reduce((sum, { slots }) => sum + slots, 0),
      slotsPerDevice: first.slots,
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
        durationMs: durationsFor(pending, places, estimates, options),
        hostMemoryBytes: claim.hostMemoryBytes,
        deviceMemoryBytes: claim.deviceMemoryBytes,
        cpuThreads: claim.cpuThreads,
        devices: deviceCountOf(profile, someType.device.class),
        locks: claim.locks,
        exclusive: claim.exclusive,
        priority: profile.priority,
      });
    }
  }
  return {
    instance: { machines: [...machines.values()].map(({ machine }) => machine), pools, suites: planned },
    suites,
    poolOf,
  };
}

/**
 * Infinite where the suite cannot run or costs too much energy. A place counts as slower than it is where the suite would be
 * the last to want it: where that goes against what it is sensitive to, where it does not suit, and, for what may turn out
 * to be what the whole run waits for, the slower the place is.
 */
function durationsFor(
  { suite: { profile } }: PendingSuite,
  places: readonly (SlotType | undefined)[],
  estimates: readonly (Estimate | undefined)[],
  { energyTolerance = anyMultiple, horizonMs = anyMultiple }: RestOptions,
): readonly number[] {
  const durations = estimates.map((estimate) => estimate?.durationMs ?? Number.POSITIVE_INFINITY);
  const fastestMs = Math.min(...durations);
  const joules = (ms: number, index: number) => ms * wattsOf(places[index]?.device);
  const countsEnergy = energyTolerance !== anyMultiple || profile.sensitivity === 'power';
  const leastJoules = countsEnergy ? Math.min(...durations.map(joules)) : 0;
  const isSuited = bestSuited(profile, places, estimates);
  const isUnwanted = (ms: number, index: number) =>
    (profile.sensitivity === 'latency' && ms > fastestMs * latencyTolerance) ||
    (profile.sensitivity === 'power' && joules(ms, index) > leastJoules * powerTolerance);
  return durations.map((durationMs, index) => {
    const estimate = estimates[index];
    if (estimate === undefined) return Number.POSITIVE_INFINITY;
    if (countsEnergy && joules(durationMs, index) > leastJoules * energyTolerance)
      return Number.POSITIVE_INFINITY;
    // Who prefers little power to speed has said so.
    const hurries = profile.sensitivity !== 'power' && mayTakeLonger(estimate, horizonMs);
    const slowness = hurries ? durationMs / fastestMs : 1;
    const reluctance = isUnwanted(durationMs, index)
      ? unwantedFactor
      : Math.min(mostReluctance, slowness, Math.exp(estimate.spread));
    return durationMs * reluctance * (isSuited(index) ? 1 : unsuitedFactor);
  });
}

/** Of a suite that was never measured, nobody knows how long it may take. */
function mayTakeLonger({ durationMs, spread }: Estimate, horizonMs: number): boolean {
  return spread >= unmeasuredSpread || durationMs * Math.exp(3 * spread) > horizonMs;
}

/**
 * Where a suite that was never measured anywhere should go, by what is known of devices; where that says nothing, to a CPU
 * rather than to an accelerator that others may need. Everywhere for measured ones.
 */
function bestSuited(
  profile: WorkloadProfile,
  places: readonly (SlotType | undefined)[],
  estimates: readonly (Estimate | undefined)[],
): (index: number) => boolean {
  if (estimates.some((estimate) => estimate?.basis === 'own-device' || estimate?.basis === 'given'))
    return () => true;
  const asks = profile.operations.length > 0 || profile.preferredMemoryBytes !== undefined;
  const scores = places.map((type) => {
    if (type === undefined) return Number.NEGATIVE_INFINITY;
    return asks ? suitabilityOf(profile, type.device).score : type.device.class === 'cpu' ? 1 : 0;
  });
  const highest = Math.max(...scores);
  return (index) => scores[index] === highest;
}

function freeTimes(view: ClusterView): ReadonlyMap<SlotType, readonly number[]> {
  const times = new Map<SlotType, number[]>();
  const typesByName = new Map(view.types.map((type) => [type.name, type]));
  for (const { type, slots, estimate, startedAtMs } of view.running) {
    const left = meanResidualLifeMs(estimate, view.atMs - startedAtMs);
    for (const slot of slots) {
      const held = typesByName.get(slot.type) ?? type;
      const list = times.get(held) ?? [];
      times.set(held, list);
      list.push(left);
    }
  }
  return times;
}
