import { randomFrom } from '../vocabulary/random.js';
import type { IndexedInstance, PlanSuite } from './instance.js';
import type { Prices } from './lagrangian-bound.js';
import { type Schedule, Simulation } from './list-scheduling.js';
import { balancedPools, roomAt } from './rounding.js';

export type { Schedule } from './list-scheduling.js';

/** How much earlier big suites come: at first they leave no gaps, later they find no room. */
const sizeWeights = [6, 2, 0] as const;
/** What waste weighs against finishing later where simulations choose the pools. */
const wasteWeights = [30, 10, 3, 1, 0.3, 0] as const;
/** How often pools are balanced anew after what packing left unused; most is gained in the first three. */
const balances = 6;
/** By how much the room of a pool follows its end: less than all, as packing is a matter of luck. */
const followed = 0.7;
/** The least room of a pool, over the bound. */
const leastRoom = 0.5;
/** How far the order is shaken up in further simulations of the best kind, as share of a suite's rank. */
const shake = 0.3;
const nearBound = 1.003;

/** What a simulation is told: the order, and which pools to take or how to choose them. */
type Way = { readonly rank: Float64Array } & (
  | { readonly poolOf: Int32Array }
  | { readonly wasteWeight: number }
);

/**
 * Plans where more than slots is scarce (memory, threads, workers, several devices at once, locks, exclusive suites): the
 * best of quick simulations, first with balanced pools, then with pools of their own choice, at last with orders that
 * differ a little. The first that is near the bound is taken.
 * @param moves Budget: places that may be looked at, over all simulations.
 */
export function simulatedPlan(instance: IndexedInstance, prices: Prices, moves: number): Schedule {
  const ranks = ranksOf(instance, prices);
  const bySize = sizeWeights.map((size) => rankBy(ranks, size));
  let left = moves;
  let best: { readonly schedule: Schedule; readonly way: Way } | undefined;
  const isGood = () => best !== undefined && best.schedule.makespanMs <= prices.boundMs * nearBound;
  const tryOut = (way: Way): Schedule => {
    const simulation = new Simulation(instance, prices, way.rank);
    const schedule = 'poolOf' in way ? simulation.runWith(way.poolOf) : simulation.runFreely(way.wasteWeight);
    left -= simulation.looks;
    if (best === undefined || schedule.makespanMs < best.schedule.makespanMs) best = { schedule, way };
    return schedule;
  };
  const roomMs = roomAt(prices, prices.boundMs);
  for (let round = 0; round < balances && !isGood(); round++) {
    const poolOf = balancedPools(instance, prices, roomMs);
    const schedules = bySize.map((rank) => tryOut({ poolOf, rank }));
    const shortest = schedules.reduce((a, b) => (b.makespanMs < a.makespanMs ? b : a));
    followEnds(roomMs, instance, shortest, prices.boundMs);
  }
  for (const wasteWeight of wasteWeights) {
    for (const rank of bySize) if (left > 0 && !isGood()) tryOut({ wasteWeight, rank });
  }
  const random = randomFrom(1);
  const { way: basis } = best as NonNullable<typeof best>;
  while (left > 0 && !isGood()) {
    tryOut({ ...basis, rank: basis.rank.map((rank) => rank * (1 + shake * (random() - 0.5))) });
  }
  return (best as NonNullable<typeof best>).schedule;
}

/** A plan for the moment, by position of the suites in an instance. */
export interface QuickPlan {
  /** -1: nothing can run it. */
  readonly poolOf: Int32Array;
  /** By what factor suites count as longer where it is decided what starts first. */
  readonly precedence: Float64Array;
  readonly makespanMs: number;
}

/** Balanced pools, and the best of a few orders; of very many suites of one. */
export function quickSimulatedPlan(instance: IndexedInstance, prices: Prices, isLarge: boolean): QuickPlan {
  const ranks = ranksOf(instance, prices);
  const poolOf = balancedPools(instance, prices, roomAt(prices, prices.boundMs));
  let best: { readonly weight: number; readonly makespanMs: number } | undefined;
  for (const weight of isLarge ? sizeWeights.slice(1, 2) : sizeWeights) {
    const simulation = new Simulation(instance, prices, rankBy(ranks, weight));
    const { makespanMs } = simulation.runWith(poolOf);
    if (best === undefined || makespanMs < best.makespanMs) best = { weight, makespanMs };
  }
  const { weight, makespanMs } = best as NonNullable<typeof best>;
  return { poolOf, precedence: ranks.sizes.map((size) => 1 + weight * size), makespanMs };
}

/** Types that ended late, as their suites do not fit together without gaps, have less room than their slots seem to. */
function followEnds(
  roomMs: Float64Array,
  instance: IndexedInstance,
  schedule: Schedule,
  boundMs: number,
): void {
  const { poolCount, durations } = instance;
  const endsMs = new Float64Array(poolCount);
  schedule.poolOf.forEach((pool, suite) => {
    if (pool < 0) return;
    const endMs = (schedule.startMs[suite] as number) + (durations[suite * poolCount + pool] as number);
    endsMs[pool] = Math.max(endsMs[pool] as number, endMs);
  });
  const targetMs = Math.sqrt(boundMs * schedule.makespanMs);
  endsMs.forEach((endMs, pool) => {
    const followedMs = (roomMs[pool] as number) * (targetMs / (endMs || targetMs)) ** followed;
    roomMs[pool] = Math.min(targetMs, Math.max(leastRoom * boundMs, followedMs));
  });
}

interface Ranks {
  /** Ms on the cheapest pool; higher priorities count as longer. */
  readonly lengths: Float64Array;
  /** The largest share of anything but time that it takes of a machine, 0…1. */
  readonly sizes: Float64Array;
}

function ranksOf(instance: IndexedInstance, prices: Prices): Ranks {
  const { suites, suiteCount, poolCount, durations, given } = instance;
  const lengths = new Float64Array(suiteCount);
  const sizes = new Float64Array(suiteCount);
  suites.forEach((suite, row) => {
    const rateRow = (prices.resources.groupOf[row] as number) * poolCount;
    let least = Number.POSITIVE_INFINITY;
    for (let pool = 0; pool < poolCount; pool++) {
      const ms = durations[row * poolCount + pool] as number;
      const price = ms * (prices.rates[rateRow + pool] as number);
      if (price >= least) continue;
      least = price;
      lengths[row] = ms * (1 + ((suite.priority ?? 3) - 3) / 4);
      sizes[row] = sizeOn(
        suite,
        given.pools[pool]?.slots ?? 1,
        given.machines[given.pools[pool]?.machine ?? 0],
      );
    }
  });
  return { lengths, sizes };
}

function sizeOn(
  suite: PlanSuite,
  slots: number,
  machine: IndexedInstance['given']['machines'][number] | undefined,
): number {
  const { hostMemoryBytes = 0, cpuThreads = 1, devices = 1, exclusive = false, locks = [] } = suite;
  if (exclusive || machine === undefined) return 1;
  return Math.max(
    hostMemoryBytes / machine.memoryBytes,
    cpuThreads > 1 ? cpuThreads / machine.cpuThreads : 0,
    devices > 1 ? devices / slots : 0,
    locks.length > 0 ? 0.5 : 0,
  );
}

function rankBy({ lengths, sizes }: Ranks, size: number): Float64Array {
  return lengths.map((length, row) => length * (1 + size * (sizes[row] as number)));
}
