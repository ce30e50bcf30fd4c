/**
 * Rounding of the relaxed solution, with repair (Lenstra, Shmoys, Tardos 1990 round the same relaxation). In the relaxed
 * solution each suite is on its cheapest pool at the dual prices, which may overfill pools. Repair moves suites off
 * overfull pools in the order of their reduced cost: what the target costs the suite above its cheapest pool. At good
 * prices few suites have to move, because complementary slackness leaves only those out of place to which two pools cost
 * the same.
 */
import type { IndexedInstance } from './instance.js';
import type { Prices } from './lagrangian-bound.js';
import { type Shares, shareOf } from './resources.js';

/**
 * Chosen by `node bench/plan.mjs DIR`. `node bench/sensitivity.mjs DIR rounding` plans 68 instances with half and double of
 * each value; "flat" means that the mean makespan of every family of instances stays within ±0.1 %.
 */
const tuning = {
  /** Capacity of a pool as a multiple of the bound: exactly at the bound whole suites would not fit. Flat. */
  fullAt: 1.0001,
  /** Reduced cost of a move at first, as a share of what the suite costs. Flat. */
  firstLimit: 0.002,
  /** Growth of that limit whenever no suite could move. 5 and 20: flat. */
  limitGrowth: 10,
  /** The limit at which repair gives up. Not tuned: far above what good prices need. */
  lastLimit: 10,
  /** Rounds of repair. 12 and 48 give the same plans. */
  mostRounds: 24,
} as const;

/**
 * The pool of each suite, as if the slots of a pool were one slot of their joint speed.
 * @param capacityMs By resource: for how long all of it may be taken.
 * @returns By suite; -1: no pool can run it.
 */
export function roundedPools(
  instance: IndexedInstance,
  prices: Prices,
  capacityMs: Float64Array,
): Int32Array {
  const rounding = new Rounding(instance, prices, capacityMs);
  let limit: number = tuning.firstLimit;
  for (let round = 0; round < tuning.mostRounds && limit < tuning.lastLimit; round++) {
    if (!rounding.repair(limit)) limit *= tuning.limitGrowth;
  }
  return rounding.poolOf;
}

/** The capacity of all resources in a plan of this length. */
export function capacityAt({ resources }: Prices, ms: number): Float64Array {
  return new Float64Array(resources.count).fill(ms * tuning.fullAt);
}

class Rounding {
  readonly poolOf: Int32Array;
  readonly #instance: IndexedInstance;
  readonly #prices: Prices;
  /** By resource: for how long all of it is taken, by the suites and by what runs already. */
  readonly #loadMs: Float64Array;
  readonly #capacityMs: Float64Array;

  constructor(instance: IndexedInstance, prices: Prices, capacityMs: Float64Array) {
    const { suiteCount, baseMs, slots } = instance;
    this.#instance = instance;
    this.#prices = prices;
    this.poolOf = new Int32Array(suiteCount);
    this.#loadMs = new Float64Array(prices.resources.count);
    baseMs.forEach((ms, pool) => {
      this.#loadMs[pool] = ms / (slots[pool] as number);
    });
    this.#capacityMs = capacityMs;
    for (let suite = 0; suite < suiteCount; suite++) {
      const pool = cheapestPool(instance, prices, suite);
      this.poolOf[suite] = pool;
      if (pool >= 0) this.#addLoad(suite, pool, 1);
    }
  }

  /**
   * Moves suites off overfull pools, those of the least relative reduced cost first.
   * @param limit Largest reduced cost of a move, as a share of what the suite costs now.
   * @returns Whether a suite was moved.
   */
  repair(limit: number): boolean {
    const { suiteCount, poolCount, durations } = this.#instance;
    const { boundMs } = this.#prices;
    const rates = this.#prices.rates;
    const suites: number[] = [];
    const targets: number[] = [];
    const shares: number[] = [];
    for (let suite = 0; suite < suiteCount; suite++) {
      const pool = this.poolOf[suite] as number;
      if (pool < 0 || !this.#isOverfull(suite, pool)) continue;
      const row = suite * poolCount;
      const rateRow = (this.#prices.resources.groupOf[suite] as number) * poolCount;
      const cost = (durations[row + pool] as number) * (rates[rateRow + pool] as number);
      let least = limit * cost;
      let target = -1;
      for (let other = 0; other < poolCount; other++) {
        const ms = durations[row + other] as number;
        const reducedCost = ms * (rates[rateRow + other] as number) - cost;
        if (reducedCost < least && other !== pool && ms <= boundMs && this.#fits(suite, pool, other)) {
          least = reducedCost;
          target = other;
        }
      }
      if (target < 0) continue;
      suites.push(suite);
      targets.push(target);
      shares.push(least / cost);
    }
    const order = suites.map((_, index) => index);
    order.sort((a, b) => (shares[a] as number) - (shares[b] as number) || a - b);
    let moved = false;
    for (const index of order) {
      moved = this.#moveIfStillUseful(suites[index] as number, targets[index] as number) || moved;
    }
    return moved;
  }

  /** Re-checks both pools: earlier moves of this round may have filled the target or relieved the source. */
  #moveIfStillUseful(suite: number, target: number): boolean {
    const pool = this.poolOf[suite] as number;
    if (!this.#isOverfull(suite, pool) || !this.#fits(suite, pool, target)) return false;
    this.poolOf[suite] = target;
    this.#addLoad(suite, pool, -1);
    this.#addLoad(suite, target, 1);
    return true;
  }

  #addLoad(suite: number, pool: number, sign: 1 | -1): void {
    const ms = sign * this.#durationOn(suite, pool);
    for (const { resource, share } of this.#sharesOn(suite, pool)) {
      this.#loadMs[resource] = (this.#loadMs[resource] as number) + ms * share;
    }
  }

  /** Whether one of the resources that the suite takes on this pool is above its capacity. */
  #isOverfull(suite: number, pool: number): boolean {
    for (const { resource } of this.#sharesOn(suite, pool)) {
      if ((this.#loadMs[resource] as number) > (this.#capacityMs[resource] as number)) return true;
    }
    return false;
  }

  /** Whether the target has capacity for the suite. What it frees by leaving its pool counts. */
  #fits(suite: number, pool: number, target: number): boolean {
    const ms = this.#durationOn(suite, target);
    const leavingMs = this.#durationOn(suite, pool);
    const freed = this.#sharesOn(suite, pool);
    for (const { resource, share } of this.#sharesOn(suite, target)) {
      const extraMs = ms * share - leavingMs * shareOf(freed, resource);
      if (
        extraMs > 0 &&
        (this.#loadMs[resource] as number) + extraMs > (this.#capacityMs[resource] as number)
      ) {
        return false;
      }
    }
    return true;
  }

  #durationOn(suite: number, pool: number): number {
    const { durations, poolCount } = this.#instance;
    return durations[suite * poolCount + pool] as number;
  }

  #sharesOn(suite: number, pool: number): Shares {
    const { shares, groupOf } = this.#prices.resources;
    return shares[(groupOf[suite] as number) * this.#instance.poolCount + pool] as Shares;
  }
}

/** The fastest pool where every duration is above the deadline of the relaxation. */
function cheapestPool({ poolCount, durations }: IndexedInstance, prices: Prices, suite: number): number {
  const { rates, resources, forbiddenAboveMs } = prices;
  const row = suite * poolCount;
  const rateRow = (resources.groupOf[suite] as number) * poolCount;
  let [cheapest, fastest] = [-1, -1];
  let [leastPrice, leastMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let pool = 0; pool < poolCount; pool++) {
    const ms = durations[row + pool] as number;
    const price = ms * (rates[rateRow + pool] as number);
    if (price < leastPrice && ms <= forbiddenAboveMs) {
      leastPrice = price;
      cheapest = pool;
    }
    if (ms < leastMs) {
      leastMs = ms;
      fastest = pool;
    }
  }
  return cheapest < 0 ? fastest : cheapest;
}
