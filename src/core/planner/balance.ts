import type { Prices } from './prices.js';
import type { Instance } from './problem.js';
import { type Shares, shareOf } from './resources.js';

/** At the very bound, whole suites would not fit. */
const fullAt = 1.0001;
/** What a move may waste at first, as a share of what the suite costs; then ten times as much, until nothing is left out. */
const firstLimit = 0.002;
const mostRounds = 24;

/**
 * The type of each suite, as if each type were one slot that is as fast as all of its slots together: its cheapest one, but
 * that suites leave types that get more than the bound has room for, those first to which another type is nearly as cheap.
 * At good prices few have to: the prices are those at which everything fits but for the suites to which two types cost the
 * same.
 * @returns By suite; -1: nothing can run it.
 */
export function balancedTypes(instance: Instance, prices: Prices, roomMs: Float64Array): Int32Array {
  const balance = new Balance(instance, prices, roomMs);
  for (let round = 0, limit = firstLimit; round < mostRounds && limit < 10; round++) {
    if (!balance.relieve(limit)) limit *= 10;
  }
  return balance.typeOf;
}

/** For each resource how long it may be taken, where a plan should be this long. */
export function roomAt({ resources }: Prices, ms: number): Float64Array {
  return new Float64Array(resources.count).fill(ms * fullAt);
}

class Balance {
  readonly typeOf: Int32Array;
  readonly #instance: Instance;
  readonly #prices: Prices;
  /** By resource: for how long the suites take all of it, and what it is busy with before. */
  readonly #loadMs: Float64Array;
  readonly #roomMs: Float64Array;

  constructor(instance: Instance, prices: Prices, roomMs: Float64Array) {
    const { suiteCount, baseMs, slots } = instance;
    this.#instance = instance;
    this.#prices = prices;
    this.typeOf = new Int32Array(suiteCount);
    this.#loadMs = new Float64Array(prices.resources.count);
    baseMs.forEach((ms, type) => {
      this.#loadMs[type] = ms / (slots[type] as number);
    });
    this.#roomMs = roomMs;
    for (let suite = 0; suite < suiteCount; suite++) {
      const type = cheapestType(instance, prices, suite);
      this.typeOf[suite] = type;
      if (type >= 0) this.#add(suite, type, 1);
    }
  }

  /**
   * Moves suites off overfull types, those first that waste least.
   * @param limit Share of its cost that a suite may waste.
   * @returns Whether one was moved.
   */
  relieve(limit: number): boolean {
    const { suiteCount, typeCount, durations } = this.#instance;
    const { boundMs } = this.#prices;
    const rates = this.#prices.rates;
    const suites: number[] = [];
    const targets: number[] = [];
    const shares: number[] = [];
    for (let suite = 0; suite < suiteCount; suite++) {
      const type = this.typeOf[suite] as number;
      if (type < 0 || !this.#isOverfull(suite, type)) continue;
      const row = suite * typeCount;
      const rateRow = (this.#prices.resources.classOf[suite] as number) * typeCount;
      const cost = (durations[row + type] as number) * (rates[rateRow + type] as number);
      let least = limit * cost;
      let target = -1;
      for (let other = 0; other < typeCount; other++) {
        const ms = durations[row + other] as number;
        const waste = ms * (rates[rateRow + other] as number) - cost;
        if (waste < least && other !== type && ms <= boundMs && this.#fits(suite, type, other)) {
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
    const type = this.typeOf[suite] as number;
    if (!this.#isOverfull(suite, type) || !this.#fits(suite, type, target)) return false;
    this.typeOf[suite] = target;
    this.#add(suite, type, -1);
    this.#add(suite, target, 1);
    return true;
  }

  #add(suite: number, type: number, sign: 1 | -1): void {
    const ms = sign * this.#durationOn(suite, type);
    for (const { resource, share } of this.#sharesOn(suite, type)) {
      this.#loadMs[resource] = (this.#loadMs[resource] as number) + ms * share;
    }
  }

  /** Whether anything that the suite takes there is. */
  #isOverfull(suite: number, type: number): boolean {
    for (const { resource } of this.#sharesOn(suite, type)) {
      if ((this.#loadMs[resource] as number) > (this.#roomMs[resource] as number)) return true;
    }
    return false;
  }

  /** Whether the target has room for what the suite takes there and does not give back where it leaves. */
  #fits(suite: number, type: number, target: number): boolean {
    const ms = this.#durationOn(suite, target);
    const leavingMs = this.#durationOn(suite, type);
    const given = this.#sharesOn(suite, type);
    for (const { resource, share } of this.#sharesOn(suite, target)) {
      const extraMs = ms * share - leavingMs * shareOf(given, resource);
      if (extraMs > 0 && (this.#loadMs[resource] as number) + extraMs > (this.#roomMs[resource] as number)) {
        return false;
      }
    }
    return true;
  }

  #durationOn(suite: number, type: number): number {
    const { durations, typeCount } = this.#instance;
    return durations[suite * typeCount + type] as number;
  }

  #sharesOn(suite: number, type: number): Shares {
    const { shares, classOf } = this.#prices.resources;
    return shares[(classOf[suite] as number) * this.#instance.typeCount + type] as Shares;
  }
}

/** Where no type is quick enough for a plan near the bound, the fastest. */
function cheapestType({ typeCount, durations }: Instance, prices: Prices, suite: number): number {
  const { rates, resources, forbiddenAboveMs } = prices;
  const row = suite * typeCount;
  const rateRow = (resources.classOf[suite] as number) * typeCount;
  let [cheapest, fastest] = [-1, -1];
  let [leastPrice, leastMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let type = 0; type < typeCount; type++) {
    const ms = durations[row + type] as number;
    const price = ms * (rates[rateRow + type] as number);
    if (price < leastPrice && ms <= forbiddenAboveMs) {
      leastPrice = price;
      cheapest = type;
    }
    if (ms < leastMs) {
      leastMs = ms;
      fastest = type;
    }
  }
  return cheapest < 0 ? fastest : cheapest;
}
