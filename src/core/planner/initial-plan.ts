/**
 * Plans to start from: LPT (longest processing time first, Graham 1969) for the order of the suites and ECT (earliest
 * completion time) for the choice of the slot, with the reduced cost of the pool added to the completion time.
 */
import type { IndexedInstance } from './instance.js';
import type { Prices } from './lagrangian-bound.js';
import { Loads } from './loads.js';
import { capacityAt, roundedPools } from './rounding.js';
import { type SlotQueue, slotQueues } from './slot-queue.js';

/**
 * Chosen by `node bench/plan.mjs DIR`. `node bench/sensitivity.mjs DIR initial-plan` plans 68 instances with half and double
 * of each value. They matter to quick plans (`assign`) alone: tabu search starts from the rounded plan.
 */
const tuning = {
  /**
   * Weights of reduced cost against completion time. The first plan near the bound is taken: the cheaper a plan, the more
   * slack it has for suites that take longer than expected. Half: quick plans of ETC matrices +0.9 % longer; double: -0.2 %.
   */
  reducedCostWeights: [300, 30, 10, 3, 1, 0.3],
  /** Weight of completion above the bound. 1.5: ETC +0.5 % longer, up to +1.4 % from warm prices; 6: -0.3 %. */
  latenessWeight: 3,
  /** A later, costlier plan must be shorter by this factor. Flat. */
  improvement: 0.9999,
  /** Near enough to the bound, as a multiple of it. 1.001 and 1.004 give the same plans. */
  nearBound: 1.002,
} as const;

/**
 * Rounds the relaxed solution to a pool for each suite, then fills the slots of each pool by LPT. Its total reduced cost is
 * near 0. Its makespan is near the bound where a slot gets many suites.
 */
export function roundedPlan(instance: IndexedInstance, prices: Prices): Loads {
  const poolOf = roundedPools(instance, prices, capacityAt(prices, prices.boundMs));
  const loads = new Loads(instance);
  const queues = slotQueues(loads);
  for (const suite of lptOrder(instance, prices)) queues[poolOf[suite] as number]?.assign(suite);
  return loads;
}

/** The best of several list plans, from the cheapest to the best balanced one. The first that is near the bound is taken. */
export function listPlan(instance: IndexedInstance, prices: Prices): Loads {
  const order = lptOrder(instance, prices);
  let best: Loads | undefined;
  for (const weight of tuning.reducedCostWeights) {
    const loads = ectPlan(instance, prices, order, weight);
    if (best === undefined || loads.makespanMs() < best.makespanMs() * tuning.improvement) best = loads;
    if (best.makespanMs() <= prices.boundMs * tuning.nearBound) break;
  }
  return best ?? new Loads(instance);
}

/** Suites by their duration on their cheapest pool, the longest first. */
function lptOrder({ suiteCount, poolCount, durations }: IndexedInstance, prices: Prices): Int32Array {
  const { rates, resources, forbiddenAboveMs } = prices;
  const key = new Float64Array(suiteCount);
  for (let suite = 0; suite < suiteCount; suite++) {
    const rateRow = (resources.groupOf[suite] as number) * poolCount;
    let least = Number.POSITIVE_INFINITY;
    for (let pool = 0; pool < poolCount; pool++) {
      const ms = durations[suite * poolCount + pool] as number;
      const price = ms * (rates[rateRow + pool] as number);
      if (price < least && ms <= forbiddenAboveMs) {
        least = price;
        key[suite] = ms;
      }
    }
  }
  return Int32Array.from(key.keys()).sort((a, b) => (key[b] as number) - (key[a] as number) || a - b);
}

/** Each suite of the order to the pool with the least completion time plus weighted reduced cost. */
function ectPlan(
  instance: IndexedInstance,
  prices: Prices,
  order: Int32Array,
  reducedCostWeight: number,
): Loads {
  const { poolCount, durations } = instance;
  const { rates, boundMs, forbiddenAboveMs, resources } = prices;
  const loads = new Loads(instance);
  const queues = slotQueues(loads);
  // The rates of all slots add up to 1. Times the number of slots they are near 1, so that a weight means the same for
  // fleets of all sizes.
  const scale = reducedCostWeight * loads.slotCount;
  for (const suite of order) {
    const row = suite * poolCount;
    const rateRow = (resources.groupOf[suite] as number) * poolCount;
    let leastPrice = Number.POSITIVE_INFINITY;
    let leastMs = Number.POSITIVE_INFINITY;
    for (let pool = 0; pool < poolCount; pool++) {
      const ms = durations[row + pool] as number;
      const price = ms * (rates[rateRow + pool] as number);
      if (price < leastPrice && ms <= forbiddenAboveMs) leastPrice = price;
      if (ms < leastMs) leastMs = ms;
    }
    if (leastMs === Number.POSITIVE_INFINITY) continue;
    // A longer duration fits in no plan near the bound, unless the suite has no shorter one.
    const mostMs = Math.max(leastMs, boundMs);
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let pool = 0; pool < poolCount; pool++) {
      const ms = durations[row + pool] as number;
      if (ms > mostMs) continue;
      const endMs = (queues[pool] as SlotQueue).leastLoadMs() + ms;
      const reducedCost = ms * (rates[rateRow + pool] as number) - leastPrice;
      const latenessMs = endMs > boundMs ? (endMs - boundMs) * tuning.latenessWeight : 0;
      const value = endMs + scale * reducedCost + latenessMs;
      if (value < least) {
        least = value;
        best = pool;
      }
    }
    if (best >= 0) (queues[best] as SlotQueue).assign(suite);
  }
  return loads;
}
