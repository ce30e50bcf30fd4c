import type { Estimates } from '../estimate/estimate.js';
import type { Suite } from '../events.js';
import { deviceKindOf, type Slot } from '../machine/machine.js';
import { isLimitedBySlotsOnly } from '../planner/instance.js';
import { plan } from '../planner/plan.js';
import { neverRejection } from '../scheduler/feasibility.js';
import { planInstanceOf } from '../scheduler/plan-instance.js';
import type { WorkloadProfile } from '../workload/profile.js';
import { byHash, dealtOut, placesOf } from './deal.js';

/** Increased with every change that may plan equal input differently. */
export const shardPlannerVersion = 3;

/** Budget of evaluations. Not tuned: planning 10,000 suites must stay below 150 ms (`node bench/shards.mjs DIR`). */
const moves = 300_000;

export interface ShardPlanInput {
  /** Slots of each shard's machine; machines differ in name. */
  readonly shards: readonly (readonly Slot[])[];
  /** Suites whose durations are known; the same on every shard, whatever files it finds. */
  readonly known: readonly Suite[];
  /** Of known suites. */
  readonly estimates: Estimates;
}

/** Where each suite runs: the same answer on every shard, from the plan's input and the suite alone. */
export interface ShardPlan {
  /**
   * Divides the suites of a run: a known suite follows the plan as long as its machine can run it; the others are dealt
   * out evenly, each to a shard that can run it; where no shard can, to any.
   * @returns Indices of shards, in the order of the suites. The same for the same suites in any order.
   */
  divide(suites: readonly Suite[]): readonly number[];
  /** As `divide`, but for one suite alone: an unknown suite goes by its hash. */
  shardOf(suite: Suite): number;
  /** By shard: when its planned suites have ended, ms. */
  readonly predictedMs: readonly number[];
  /** Lower bound over all divisions of the planned suites, ms. */
  readonly boundMs: number;
  /** The planned suite that takes longest on its fastest pool; undefined: none is planned. */
  longest(): { readonly id: string; readonly durationMs: number } | undefined;
}

export function planShards({ shards, known, estimates }: ShardPlanInput): ShardPlan {
  const planned = known.map(withoutLocks);
  const durationMs = durationsBy(estimates);
  const pooled = pooledSlots(shards);
  const inPools = planInstanceOf([...pooled.keys()], planned, durationMs);
  // Pooling adds up the budgets of equal machines, which is right only where slots alone are scarce.
  const isEnough = isLimitedBySlotsOnly(inPools.instance);
  const shardBySlot = isEnough
    ? pooled
    : new Map(shards.flatMap((own, index) => own.map((slot) => [slot, index])));
  const { instance, slots } = isEnough
    ? inPools
    : planInstanceOf([...shardBySlot.keys()], planned, durationMs);
  const { poolOf, slotOf, startMs, boundMs } = plan(instance, { moves });
  const placed = new Map<string, number>();
  const predictedMs = shards.map(() => 0);
  planned.forEach((suite, index) => {
    const slot = slots[poolOf[index] ?? -1]?.[slotOf[index] ?? -1];
    const shard = slot && shardBySlot.get(slot);
    if (slot === undefined || shard === undefined) return;
    placed.set(suite.id, shard);
    const endMs = (startMs[index] ?? 0) + durationMs(suite, slot);
    predictedMs[shard] = Math.max(predictedMs[shard] ?? 0, endMs);
  });
  const plannedShard = (suite: Suite): number | undefined => {
    const shard = placed.get(suite.id);
    return shard !== undefined && placesOf(suite, shards[shard] ?? []).length > 0 ? shard : undefined;
  };
  return {
    predictedMs,
    boundMs,
    shardOf: (suite) => plannedShard(suite) ?? byHash(suite, shards),
    divide: (suites) => {
      const byPlan = suites.map(plannedShard);
      const rest = suites.filter((_, index) => byPlan[index] === undefined);
      const dealt = dealtOut(rest, shards, predictedMs);
      return suites.map(({ id }, index) => byPlan[index] ?? dealt.get(id) ?? 0);
    },
    longest: () => longestOf(planned, [...pooled.keys()], durationMs),
  };
}

function longestOf(
  planned: readonly Suite[],
  slots: readonly Slot[],
  durationMs: (suite: Suite, slot: Slot) => number,
): { id: string; durationMs: number } | undefined {
  const pools = [...new Map(slots.map((slot) => [`${slot.machine.name}\0${slot.type}`, slot])).values()];
  let longest: { id: string; durationMs: number } | undefined;
  for (const suite of planned) {
    const least = Math.min(...pools.map((slot) => durationMs(suite, slot)));
    if (Number.isFinite(least) && least > (longest?.durationMs ?? 0))
      longest = { id: suite.id, durationMs: least };
  }
  return longest;
}

/** Expected ms of a suite on a slot; infinite where it cannot run. Whether it can is cached by profile. */
function durationsBy(estimates: Estimates): (suite: Suite, slot: Slot) => number {
  const verdicts = new Map<WorkloadProfile, Map<Slot, boolean>>();
  const canRun = (suite: Suite, slot: Slot) => {
    const known = verdicts.get(suite.profile) ?? new Map<Slot, boolean>();
    verdicts.set(suite.profile, known);
    const verdict = known.get(slot) ?? neverRejection(suite, slot, false) === undefined;
    known.set(slot, verdict);
    return verdict;
  };
  return (suite, slot) =>
    canRun(suite, slot)
      ? estimates.estimateOf(suite, deviceKindOf(slot.device)).durationMs
      : Number.POSITIVE_INFINITY;
}

/** Equal machines united to one large machine: their slots, with the index of the shard of each. */
function pooledSlots(shards: ShardPlanInput['shards']): ReadonlyMap<Slot, number> {
  const pools = new Map<string, number[]>();
  shards.forEach((slots, index) => {
    const shape = JSON.stringify(
      slots.map(({ device, machine, machineWorkers, machineCpuThreads }) => [
        { ...device, evidence: {} },
        machine.memoryBudgetBytes,
        machineWorkers,
        machineCpuThreads,
      ]),
    );
    pools.set(shape, [...(pools.get(shape) ?? []), index]);
  });
  const pooled = new Map<Slot, number>();
  for (const members of pools.values()) {
    for (const index of members) {
      for (const slot of shards[index] ?? []) {
        const { machine, device, machineWorkers, machineCpuThreads } = slot;
        const memoryBudgetBytes = machine.memoryBudgetBytes * members.length;
        pooled.set(
          {
            ...slot,
            machine: { ...machine, name: `pool ${members[0]}`, memoryBudgetBytes },
            device: { ...device, id: `${index} ${device.id}` },
            machineWorkers: machineWorkers * members.length,
            machineCpuThreads: machineCpuThreads * members.length,
          },
          index,
        );
      }
    }
  }
  return pooled;
}

/** A lock holds on one machine alone, so that suites of different shards do not exclude each other. */
function withoutLocks(suite: Suite): Suite {
  if (suite.profile.locks.length === 0) return suite;
  return { ...suite, profile: { ...suite.profile, locks: [] } };
}
