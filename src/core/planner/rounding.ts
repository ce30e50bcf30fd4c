import type { IndexedInstance } from './instance.js';
import type { Prices } from './lagrangian-bound.js';
import { type Shares, shareOf } from './resources.js';

/** At the very bound, whole suites would not fit. */
const fullAt = 1.0001;
/** What a move may waste at first, as a share of what the suite costs; then ten times as much, until nothing is left out. */
const firstLimit = 0.002;
const mostRounds = 24;

/**
 * The pool of each suite, as if each pool were one slot that is as fast as all of its slots together: its cheapest one, but
 * that suites leave pools that get more than the bound has room for, those first to which another pool is nearly as cheap.
 * At good prices few have to: the prices are those at which everything fits but for the suites to which two pools cost the
 * same.
 * @returns By suite; -1: nothing can run it.
 */
export function balancedPools(instance: IndexedInstance, prices: Prices, roomMs: Float64Array): Int32Array {
  const balance = new Balance(instance, prices, roomMs);
  for (let round = 0, limit = firstLimit; round < mostRounds && limit < 10; round++) {
    if (!balance.relieve(limit)) limit *= 10;
  }
  return balance.poolOf;
}

/** For each resource how long it may be taken, where a plan should be this long. */
export function roomAt({ resources }: Prices, ms: number): Float64Array {
  return new Float64Array(resources.count).fill(ms * fullAt);
}

class Balance {
  readonly poolOf: Int32Array;
  readonly #instance: IndexedInstance;
  readonly #prices: Prices;
  /** By resource: for how long the suites take all of it, and what it is busy with before. */
  readonly #loadMs: Float64Array;
  readonly #roomMs: Float64Array;

  constructor(instance: IndexedInstance, prices: Prices, roomMs: Float64Array) {
    const { suiteCount, baseMs, slots } = instance;
    this.#instance = instance;
    this.#prices = prices;
    this.poolOf = new Int32Array(suiteCount);
    this.#loadMs = new Float64Array(prices.resources.count);
    baseMs.forEach((ms, pool) => {
      this.#loadMs[pool] = ms / (slots[pool] as number);
    });
    this.#roomMs = roomMs;
    for (let suite = 0; suite < suiteCount; suite++) {
      const pool = cheapestPool(instance, prices, suite);
      this.poolOf[suite] = pool;
      if (pool >= 0) this.#add(suite, pool, 1);
    }
  }

  /**
   * Moves suites off overfull pools, those first that waste least.
   * @param limit Share of its cost that a suite may waste.
   * @returns Whether one was moved.
   */
  relieve(limit: number): boolean {
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
        const waste = ms * (rates[rateRow + other] as number) - cost;
        if (waste < least && other !== pool && ms <= boundMs && this.#fits(suite, pool, other)) {
          least = waste;
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
      moved = this.#move(suites[index] as number, targets[index] as number) || moved;
    }
    return moved;
  }

  /** Unless others have taken the room meanwhile, or left enough behind. */
  #move(suite: number, target: number): boolean {
    const pool = this.poolOf[suite] as number;
    if (!this.#isOverfull(suite, pool) || !this.#fits(suite, pool, target)) return false;
    this.poolOf[suite] = target;
    this.#add(suite, pool, -1);
    this.#add(suite, target, 1);
    return true;
  }

  #add(suite: number, pool: number, sign: 1 | -1): void {
    const ms = sign * this.#durationOn(suite, pool);
    for (const { resource, share } of this.#sharesOn(suite, pool)) {
      this.#loadMs[resource] = (this.#loadMs[resource] as number) + ms * share;
    }
  }

  /** Whether anything that the suite takes there is. */
  #isOverfull(suite: number, pool: number): boolean {
    for (const { resource } of this.#sharesOn(suite, pool)) {
      if ((this.#loadMs[resource] as number) > (this.#roomMs[resource] as number)) return true;
    }
    return false;
  }

  /** Whether the target has room for what the suite takes there and does not give back where it leaves. */
  #fits(suite: number, pool: number, target: number): boolean {
    const ms = this.#durationOn(suite, target);
    const leavingMs = this.#durationOn(suite, pool);
    const given = this.#sharesOn(suite, pool);
    for (const { resource, share } of this.#sharesOn(suite, target)) {
      const extraMs = ms * share - leavingMs * shareOf(given, resource);
      if (extraMs > 0 && (this.#loadMs[resource] as number) + extraMs > (this.#roomMs[resource] as number)) {
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

/** Where no pool is quick enough for a plan near the bound, the fastest. */
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
