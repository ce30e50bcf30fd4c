/**
 * The neighbourhood of an assignment: every move of a suite from one slot to another, and every swap with a suite of the
 * other slot. The objective is reduced cost + penalty × priced load above the bound (strategic oscillation: the penalty
 * decides how far above the bound the search may go).
 */
import type { Prices } from './lagrangian-bound.js';
import type { Loads } from './loads.js';

const tuning = {
  /**
   * A suite may not go where it takes longer than this multiple of the bound: no plan near the bound has it there. Chosen by
   * `node bench/plan.mjs DIR`; 1.005 and 1.02 give the same plans.
   */
  longestSuite: 1.01,
} as const;

/** The best neighbour found. */
interface Change {
  /** Of the objective; negative is better. */
  delta: number;
  /** -1: no change is allowed. */
  suite: number;
  target: number;
  /** The suite that comes back in exchange; -1: none. */
  partner: number;
}

/** Which suites may not return to the slot that they left. */
export class TabuList {
  readonly #until: Int32Array;
  readonly #slot: Int32Array;
  /** Set by the search. */
  round = 0;

  constructor(suiteCount: number) {
    this.#until = new Int32Array(suiteCount);
    this.#slot = new Int32Array(suiteCount).fill(-1);
  }

  forbid(suite: number, slot: number, untilRound: number): void {
    this.#slot[suite] = slot;
    this.#until[suite] = untilRound;
  }

  isTabu(suite: number, slot: number): boolean {
    return this.#slot[suite] === slot && (this.#until[suite] as number) > this.round;
  }
}

export class Neighbourhood {
  /** Evaluations left of the budget. */
  evaluationsLeft: number;
  /** Weight of load above the bound. */
  penalty: number;
  /** Makespan of the best plan so far. */
  incumbentMs: number;
  readonly #loads: Loads;
  readonly #tabu: TabuList;
  readonly #durations: Float64Array;
  readonly #poolCount: number;
  readonly #rates: Float64Array;
  readonly #boundMs: number;
  /** [suite × poolCount + pool] */
  readonly #reducedCost: Float64Array;
  /** Least reduced cost of a move to each slot, from the evaluation of the moves. */
  readonly #leastCostTo: Float64Array;
  // Suites of the target that may come in exchange, gathered once for all suites that may go there.
  readonly #partner: Int32Array;
  readonly #partnerCost: Float64Array;
  readonly #arrivingMs: Float64Array;
  readonly #leavingMs: Float64Array;
  readonly #best: Change = { delta: 0, suite: -1, target: -1, partner: -1 };

  constructor(loads: Loads, prices: Prices, tabu: TabuList, evaluations: number, penalty: number) {
    const { suiteCount, poolCount, durations } = loads.instance;
    this.evaluationsLeft = evaluations;
    this.penalty = penalty;
    this.incumbentMs = loads.makespanMs();
    this.#loads = loads;
    this.#tabu = tabu;
    this.#durations = durations;
    this.#poolCount = poolCount;
    this.#rates = prices.rates;
    this.#boundMs = prices.boundMs;
    this.#reducedCost = reducedCosts(loads, prices);
    this.#leastCostTo = new Float64Array(loads.slotCount);
    this.#partner = new Int32Array(suiteCount);
    this.#partnerCost = new Float64Array(suiteCount);
    this.#arrivingMs = new Float64Array(suiteCount);
    this.#leavingMs = new Float64Array(suiteCount);
  }

  /** The best change that takes a suite off the slot. The object is reused by the next call. */
  bestChange(slot: number): Readonly<Change> {
    this.#evaluateMoves(slot);
    this.#evaluateSwaps(slot);
    return this.#best;
  }

  #evaluateMoves(slot: number): void {
    const { slotCount, poolOf, loadMs, suitesOn } = this.#loads;
    const best = this.#best;
    best.delta = Number.POSITIVE_INFINITY;
    best.suite = -1;
    const pool = poolOf[slot] as number;
    const mine = suitesOn[slot] as number[];
    const here = loadMs[slot] as number;
    const over = this.#overloadPenalty(pool, here);
    const mostCost = this.incumbentMs - this.#boundMs;
    for (let target = 0; target < slotCount; target++) {
      this.#leastCostTo[target] = Number.POSITIVE_INFINITY;
      if (target === slot) continue;
      const targetPool = poolOf[target] as number;
      const there = loadMs[target] as number;
      const overThere = this.#overloadPenalty(targetPool, there);
      this.evaluationsLeft -= mine.length;
      for (const suite of mine) {
        const row = suite * this.#poolCount;
        const costThere = this.#reducedCost[row + targetPool] as number;
        // A plan in which one suite alone costs more than the gap is no better than the incumbent.
        if (costThere >= mostCost || this.#tabu.isTabu(suite, target)) continue;
        const cost = costThere - (this.#reducedCost[row + pool] as number);
        if (cost < (this.#leastCostTo[target] as number)) this.#leastCostTo[target] = cost;
        const delta =
          cost +
          this.#overloadPenalty(pool, here - (this.#durations[row + pool] as number)) -
          over +
          this.#overloadPenalty(targetPool, there + (this.#durations[row + targetPool] as number)) -
          overThere;
        if (delta < best.delta) {
          best.delta = delta;
          best.suite = suite;
          best.target = target;
          best.partner = -1;
        }
      }
    }
  }

  /** Skips swaps that cannot be better than the best change so far. */
  #evaluateSwaps(slot: number): void {
    const { slotCount, poolOf, loadMs, suitesOn } = this.#loads;
    const best = this.#best;
    const pool = poolOf[slot] as number;
    const mine = suitesOn[slot] as number[];
    const here = loadMs[slot] as number;
    const over = this.#overloadPenalty(pool, here);
    const mostCost = this.incumbentMs - this.#boundMs;
    for (let target = 0; target < slotCount && this.evaluationsLeft > 0; target++) {
      const targetPool = poolOf[target] as number;
      const there = loadMs[target] as number;
      const overThere = this.#overloadPenalty(targetPool, there);
      // A swap saves at most the penalties of both slots, so its reduced cost must stay below this.
      const limit = best.delta + over + overThere;
      const count = this.#gatherPartners(
        slot,
        target,
        limit - (this.#leastCostTo[target] as number),
        mostCost,
      );
      if (count === 0) continue;
      let leastPartnerCost = Number.POSITIVE_INFINITY;
      for (let k = 0; k < count; k++) {
        leastPartnerCost = Math.min(leastPartnerCost, this.#partnerCost[k] as number);
      }
      for (const suite of mine) {
        const row = suite * this.#poolCount;
        const costThere = this.#reducedCost[row + targetPool] as number;
        const cost = costThere - (this.#reducedCost[row + pool] as number);
        if (costThere >= mostCost || cost + leastPartnerCost >= limit || this.#tabu.isTabu(suite, target)) {
          continue;
        }
        const leavingMs = this.#durations[row + pool] as number;
        const arrivingMs = this.#durations[row + targetPool] as number;
        this.evaluationsLeft -= count;
        for (let k = 0; k < count; k++) {
          const comingMs = this.#arrivingMs[k] as number;
          // The swap must make the slot shorter.
          if (comingMs >= leavingMs) continue;
          const delta =
            cost +
            (this.#partnerCost[k] as number) +
            this.#overloadPenalty(pool, here - leavingMs + comingMs) -
            over +
            this.#overloadPenalty(targetPool, there + arrivingMs - (this.#leavingMs[k] as number)) -
            overThere;
          if (delta < best.delta) {
            best.delta = delta;
            best.suite = suite;
            best.target = target;
            best.partner = this.#partner[k] as number;
          }
        }
      }
    }
  }

  /**
   * Lists the suites of the target that may come to the slot.
   * @param limit Their reduced cost must grow by less.
   * @returns How many there are.
   */
  #gatherPartners(slot: number, target: number, limit: number, mostCost: number): number {
    if (target === slot || limit === Number.NEGATIVE_INFINITY) return 0;
    const { poolOf, suitesOn } = this.#loads;
    const pool = poolOf[slot] as number;
    const targetPool = poolOf[target] as number;
    const theirs = suitesOn[target] as number[];
    // Gathering a suite is about a quarter of the work of an evaluation.
    this.evaluationsLeft -= theirs.length >> 2;
    let count = 0;
    for (const other of theirs) {
      const row = other * this.#poolCount;
      const costHere = this.#reducedCost[row + pool] as number;
      const cost = costHere - (this.#reducedCost[row + targetPool] as number);
      if (cost >= limit || costHere >= mostCost || this.#tabu.isTabu(other, slot)) continue;
      this.#partner[count] = other;
      this.#partnerCost[count] = cost;
      this.#arrivingMs[count] = this.#durations[row + pool] as number;
      this.#leavingMs[count++] = this.#durations[row + targetPool] as number;
    }
    return count;
  }

  #overloadPenalty(pool: number, loadMs: number): number {
    return loadMs > this.#boundMs
      ? (loadMs - this.#boundMs) * (this.#rates[pool] as number) * this.penalty
      : 0;
  }
}

/**
 * What a pool costs a suite above its cheapest pool. Infinite where the suite is too long for a plan near the bound.
 * @returns [suite × poolCount + pool]
 */
function reducedCosts({ instance }: Loads, { rates, boundMs }: Prices): Float64Array {
  const { suiteCount, poolCount, durations } = instance;
  const costs = new Float64Array(suiteCount * poolCount);
  const mostMs = boundMs * tuning.longestSuite;
  for (let row = 0; row < costs.length; row += poolCount) {
    let least = Number.POSITIVE_INFINITY;
    for (let pool = 0; pool < poolCount; pool++) {
      const ms = durations[row + pool] as number;
      const price = ms > mostMs ? Number.POSITIVE_INFINITY : ms * (rates[pool] as number);
      costs[row + pool] = price;
      if (price < least) least = price;
    }
    if (least === Number.POSITIVE_INFINITY) continue;
    for (let pool = 0; pool < poolCount; pool++) costs[row + pool] = (costs[row + pool] as number) - least;
  }
  return costs;
}
