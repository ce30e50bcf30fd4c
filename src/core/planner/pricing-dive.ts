/**
 * Diving with column pricing (Barnhart et al. 1998; Sadykov et al. 2019): one slot after the other gets its suites for good,
 * those of the best knapsack at the dual prices, and the prices of what is left are corrected. A suite is worth to a slot
 * what it would cost on the cheapest of the other pools, so that the best knapsack leaves the least reduced cost and
 * idleness together. Slots with the fewest suites come first: the ends of few long suites hardly ever meet the aim by
 * chance, while those of many short suites meet it nearly always.
 */
import type { IndexedInstance } from './instance.js';
import { Knapsack, knapsackCells } from './knapsack.js';
import type { Prices } from './lagrangian-bound.js';
import { Loads } from './loads.js';

/** Chosen by the ETC instances of `node bench/plan.mjs`. */
const tuning = {
  /** Times that prices are corrected, at most. 32: 1024 × 32 +0.02 %, 2048 × 64 +0.06 % longer plans, as fewer dives fit. */
  repricings: 16,
  /** Passes of each correction. 8: flat, in more time. */
  passes: 4,
  /** First step of these passes. Not varied. */
  firstStep: 0.05,
  /** Decay of the step a pass. Not varied. */
  decay: 0.8,
  /** A load counts as at most this much above what is offered. Not varied. */
  mostOverload: 2,
  /** And as at most this much below it, so that prices stay above 0. Not varied. */
  mostIdleness: 0.9,
  /** Suites worth less than this share of what the slot costs are not looked at. Not varied. */
  leastWorth: 0.5,
  /** Not tuned: durations looked at in the time of one evaluation of the search. */
  lookedAtPerEvaluation: 3,
  /** Not tuned: cells of a knapsack in the time of one evaluation. */
  cellsPerEvaluation: 4,
} as const;

/** What a dive costs, in evaluations of the search. */
export function diveEvaluations({ suiteCount, poolCount, slots }: IndexedInstance): number {
  const slotCount = slots.reduce((sum, count) => sum + count, 0);
  // Suites and pools become fewer as the dive goes on: half of them on average.
  const passes = (slotCount + Math.min(slotCount, tuning.repricings) * (tuning.passes + 1)) / 2;
  return Math.ceil(
    (suiteCount * poolCount * passes) / tuning.lookedAtPerEvaluation +
      (slotCount * knapsackCells) / tuning.cellsPerEvaluation,
  );
}

/**
 * @param aimMs The end that slots are filled to. Too near the bound, suites are left over, and end later.
 */
export function divedPlan(instance: IndexedInstance, prices: Prices, aimMs: number): Loads {
  const dive = new Dive(instance, prices, aimMs);
  const every = Math.ceil(dive.loads.slotCount / tuning.repricings);
  for (let step = 0; dive.canGoOn(); step++) {
    if (step % every === 0) dive.correctPrices();
    dive.fillNextSlot();
  }
  dive.assignRest();
  return dive.loads;
}

class Dive {
  readonly loads: Loads;
  readonly #instance: IndexedInstance;
  readonly #aimMs: number;
  readonly #knapsack = new Knapsack();
  /** Price of a ms by pool. */
  #rates: Float64Array;
  /** Pools with slots to fill. */
  #pools: Int32Array;
  /** By pool. */
  readonly #slotsLeft: Int32Array;
  /** Suites without a slot. */
  #suites: Int32Array;
  /** Cheapest pool by suite; -1: none. */
  readonly #cheapest: Int32Array;
  /** By pool: what its suites take, if each is on its cheapest pool. */
  readonly #wantedMs: Float64Array;
  /** By suite: its value in the knapsack of the slot that is being filled. */
  readonly #worth: Float64Array;

  constructor(instance: IndexedInstance, prices: Prices, aimMs: number) {
    const { suiteCount, poolCount, slots } = instance;
    this.loads = new Loads(instance);
    this.#instance = instance;
    this.#aimMs = aimMs;
    this.#rates = prices.rates.slice(0, poolCount);
    this.#pools = Int32Array.from(slots.keys());
    this.#slotsLeft = slots.slice();
    this.#suites = Int32Array.from({ length: suiteCount }, (_, suite) => suite);
    this.#cheapest = new Int32Array(suiteCount);
    this.#wantedMs = new Float64Array(poolCount);
    this.#worth = new Float64Array(suiteCount);
  }

  canGoOn(): boolean {
    return this.#pools.length > 0 && this.#suites.length > 0;
  }

  /** Dual ascent on the suites and slots that are left, keeping the best prices met. */
  correctPrices(): void {
    let step: number = tuning.firstStep;
    let best = { value: -1, rates: this.#rates };
    for (let pass = 0; pass < tuning.passes; pass++) {
      const cost = this.#relax();
      let offer = 0;
      for (const pool of this.#pools) offer += (this.#rates[pool] as number) * this.#roomMs(pool);
      if (cost === 0 || offer === 0) break;
      const value = cost / offer;
      if (value > best.value) best = { value, rates: this.#rates.slice() };
      for (const pool of this.#pools) {
        const load = (this.#wantedMs[pool] as number) / (this.#roomMs(pool) * value || 1);
        const over = Math.min(tuning.mostOverload, Math.max(-tuning.mostIdleness, load - 1));
        this.#rates[pool] = (this.#rates[pool] as number) * (1 + step * over);
      }
      step *= tuning.decay;
    }
    this.#rates = best.rates;
    this.#relax();
  }

  fillNextSlot(): void {
    const { durations, poolCount } = this.#instance;
    const pool = this.#poolOfFewest();
    const left = this.#slotsLeft[pool] as number;
    const slot = (this.loads.firstOf[pool] as number) + left - 1;
    const roomMs = this.#aimMs - (this.loads.loadMs[slot] as number);
    const msOf = (suite: number) => durations[suite * poolCount + pool] as number;
    const chosen = this.#knapsack.fill(
      this.#suitesFor(pool, roomMs),
      roomMs,
      msOf,
      (suite) => this.#worth[suite] as number,
    );
    for (const suite of chosen) this.loads.assign(suite, slot);
    this.#suites = this.#suites.filter((suite) => (this.loads.slotOf[suite] as number) < 0);
    this.#slotsLeft[pool] = left - 1;
    if (left === 1) this.#pools = this.#pools.filter((each) => each !== pool);
  }

  /** Those left over, the longest first, each where it ends first. */
  assignRest(): void {
    const { durations, poolCount } = this.#instance;
    const { loadMs, poolOf, slotCount } = this.loads;
    const leastMs = (suite: number) =>
      durations.subarray(suite * poolCount, (suite + 1) * poolCount).reduce((a, b) => Math.min(a, b));
    const order = [...this.#suites].map((suite) => ({ suite, ms: leastMs(suite) }));
    order.sort((a, b) => b.ms - a.ms || a.suite - b.suite);
    for (const { suite } of order) {
      let best = -1;
      let earliestMs = Number.POSITIVE_INFINITY;
      for (let slot = 0; slot < slotCount; slot++) {
        const endMs =
          (loadMs[slot] as number) + (durations[suite * poolCount + (poolOf[slot] as number)] as number);
        if (endMs < earliestMs) {
          earliestMs = endMs;
          best = slot;
        }
      }
      if (best >= 0) this.loads.assign(suite, best);
    }
  }

  /** Every suite on its cheapest pool. @returns The sum of their prices. */
  #relax(): number {
    const { durations, poolCount } = this.#instance;
    const pools = this.#pools;
    const rates = this.#rates;
    this.#wantedMs.fill(0);
    let cost = 0;
    for (const suite of this.#suites) {
      const row = suite * poolCount;
      let least = Number.POSITIVE_INFINITY;
      let cheapest = -1;
      for (let index = 0; index < pools.length; index++) {
        const pool = pools[index] as number;
        const ms = durations[row + pool] as number;
        const price = ms * (rates[pool] as number);
        if (price < least && ms <= this.#aimMs) {
          least = price;
          cheapest = pool;
        }
      }
      this.#cheapest[suite] = cheapest;
      if (cheapest < 0) continue;
      cost += least;
      this.#wantedMs[cheapest] = (this.#wantedMs[cheapest] as number) + (durations[row + cheapest] as number);
    }
    return cost;
  }

  /** What the slots of the pool that are left offer until the aim, ms. */
  #roomMs(pool: number): number {
    const first = this.loads.firstOf[pool] as number;
    let roomMs = 0;
    for (let slot = first; slot < first + (this.#slotsLeft[pool] as number); slot++) {
      roomMs += Math.max(0, this.#aimMs - (this.loads.loadMs[slot] as number));
    }
    return roomMs;
  }

  #poolOfFewest(): number {
    const counts = new Int32Array(this.#instance.poolCount);
    for (const suite of this.#suites) {
      const pool = this.#cheapest[suite] as number;
      if (pool >= 0) counts[pool] = (counts[pool] as number) + 1;
    }
    const perSlot = (pool: number) => (counts[pool] as number) / (this.#slotsLeft[pool] as number);
    return this.#pools.reduce((a, b) => (perSlot(b) < perSlot(a) ? b : a));
  }

  /** Suites that are worth a look, by what each is worth for a ms of a slot of this pool, the best first. */
  #suitesFor(pool: number, roomMs: number): number[] {
    const { durations, poolCount } = this.#instance;
    const pools =
      (this.#slotsLeft[pool] as number) > 1 ? this.#pools : this.#pools.filter((each) => each !== pool);
    const rates = this.#rates;
    const leastPerMs = tuning.leastWorth * (rates[pool] as number);
    const perMs = new Map<number, number>();
    // More than any other suite is worth: nobody else can run it.
    let most = 0;
    const stranded: number[] = [];
    for (const suite of this.#suites) {
      const row = suite * poolCount;
      const ms = durations[row + pool] as number;
      if (ms > roomMs) continue;
      let least = Number.POSITIVE_INFINITY;
      for (let index = 0; index < pools.length; index++) {
        const other = pools[index] as number;
        const otherMs = durations[row + other] as number;
        const price = otherMs * (rates[other] as number);
        if (price < least && otherMs <= this.#aimMs) least = price;
      }
      if (least === Number.POSITIVE_INFINITY) {
        stranded.push(suite);
      } else if (least > leastPerMs * ms) {
        this.#worth[suite] = least;
        most = Math.max(most, least);
        perMs.set(suite, least / ms);
      }
    }
    for (const suite of stranded) {
      this.#worth[suite] = (most || 1) * this.#instance.suiteCount;
      perMs.set(suite, (this.#worth[suite] as number) / (durations[suite * poolCount + pool] as number));
    }
    return [...perMs.keys()].sort((a, b) => (perMs.get(b) as number) - (perMs.get(a) as number) || a - b);
  }
}
