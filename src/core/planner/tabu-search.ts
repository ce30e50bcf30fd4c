import { randomFrom } from '../vocabulary/random.js';
import type { Prices } from './lagrangian-bound.js';
import type { Loads } from './loads.js';

/** Rounds without a better plan after which load above the bound counts more. */
const patience = 40;
/** What it weighs at first, how much more then, and where it begins anew. Waste first: balance is easily had. */
const firstPenalty = 0.05;
const penaltyGrowth = 1.2;
const highestPenalty = 2;
/** How often the longest slot is made shorter, a slot above the target, any slot at all. */
const longestShare = 0.85;
const overfullShare = 0.1;
/** A suite does not go back to where it was for this many rounds, up to twice as many. */
const tabuRounds = 8;
/** No suite is moved where it takes longer than this multiple of the bound. */
const longestSuite = 1.01;
/** Nearer to the bound than this is near enough. */
const nearBound = 1.00005;

/** The best change of a round. */
interface Change {
  delta: number;
  suite: number;
  target: number;
  /** Comes back in exchange; -1: none. */
  partner: number;
}

/**
 * Makes long slots shorter by moving suites to other slots and swapping them, at as little waste as possible. Weighted by
 * price the loads add up to bound + waste, so makespan gap = waste + imbalance, and looking at the longest slot alone would
 * repair the balance and keep several times the waste. So each round takes an overfull slot and makes the change that
 * adds least to `waste + penalty × load above the bound`, also when that is more than nothing, and does not undo it for a
 * while (tabu search).
 * Starts best from a plan without waste, however unbalanced.
 * @param moves Budget: how many changes may be looked at. Counted, never timed, so that all machines find the same plan.
 */
export function search(loads: Loads, prices: Prices, moves: number, seed: number): void {
  if (loads.instance.suiteCount === 0 || loads.slotCount < 2) return;
  const state = new Search(loads, prices, moves, seed);
  state.run();
}

class Search {
  readonly #loads: Loads;
  readonly #durations: Float64Array;
  readonly #poolCount: number;
  readonly #rates: Float64Array;
  readonly #boundMs: number;
  /** [suite × poolCount + pool]: what the pool costs the suite above its cheapest. */
  readonly #waste: Float64Array;
  readonly #random: () => number;
  readonly #tabuUntil: Int32Array;
  readonly #tabuSlot: Int32Array;
  // Suites of the target that may come in exchange, gathered once for all suites that may go there.
  readonly #partner: Int32Array;
  readonly #partnerWaste: Float64Array;
  readonly #coming: Float64Array;
  readonly #going: Float64Array;
  readonly #leastWasteTo: Float64Array;
  readonly #best: Change = { delta: 0, suite: -1, target: -1, partner: -1 };
  #left: number;
  #round = 0;
  #penalty = firstPenalty;
  #bestMs: number;

  constructor(loads: Loads, prices: Prices, moves: number, seed: number) {
    const { suiteCount, poolCount, durations } = loads.instance;
    this.#loads = loads;
    this.#durations = durations;
    this.#poolCount = poolCount;
    this.#rates = prices.rates;
    this.#boundMs = prices.boundMs;
    this.#waste = wasteOf(loads, prices);
    this.#random = randomFrom(seed);
    this.#tabuUntil = new Int32Array(suiteCount);
    this.#tabuSlot = new Int32Array(suiteCount).fill(-1);
    this.#partner = new Int32Array(suiteCount);
    this.#partnerWaste = new Float64Array(suiteCount);
    this.#coming = new Float64Array(suiteCount);
    this.#going = new Float64Array(suiteCount);
    this.#leastWasteTo = new Float64Array(loads.slotCount);
    this.#left = moves;
    this.#bestMs = loads.makespanMs();
  }

  run(): void {
    const loads = this.#loads;
    let best = loads.slotOf.slice();
    let stale = 0;
    while (this.#left > 0 && this.#bestMs > this.#boundMs * nearBound) {
      this.#round++;
      this.#left--;
      const slot = this.#slotToShorten();
      if (slot < 0) break;
      this.#findMove(slot);
      this.#findSwap(slot);
      this.#make(slot);
      const nowMs = loads.makespanMs();
      if (nowMs < this.#bestMs) {
        this.#bestMs = nowMs;
        best = loads.slotOf.slice();
        stale = 0;
      } else if (++stale % patience === 0) {
        this.#penalty = this.#penalty < highestPenalty ? this.#penalty * penaltyGrowth : firstPenalty;
      }
    }
    restore(loads, best);
  }

  #slotToShorten(): number {
    const { slotCount, loadMs, on } = this.#loads;
    const random = this.#random();
    if (random > longestShare + overfullShare) return Math.floor(this.#random() * slotCount);
    let longest = -1;
    let chosen = -1;
    let seen = 0;
    for (let slot = 0; slot < slotCount; slot++) {
      const ms = loadMs[slot] as number;
      if (ms <= this.#boundMs || (on[slot] as number[]).length === 0) continue;
      if (longest < 0 || ms > (loadMs[longest] as number)) longest = slot;
      if (this.#random() * ++seen < 1) chosen = slot;
    }
    return random < longestShare ? longest : chosen;
  }

  /** Looks at every move of a suite out of the slot. */
  #findMove(slot: number): void {
    const { slotCount, poolOf, loadMs, on } = this.#loads;
    const best = this.#best;
    best.delta = Number.POSITIVE_INFINITY;
    best.suite = -1;
    const pool = poolOf[slot] as number;
    const mine = on[slot] as number[];
    const here = loadMs[slot] as number;
    const over = this.#over(pool, here);
    const mostWaste = this.#bestMs - this.#boundMs;
    for (let target = 0; target < slotCount; target++) {
      this.#leastWasteTo[target] = Number.POSITIVE_INFINITY;
      if (target === slot) continue;
      const targetPool = poolOf[target] as number;
      const there = loadMs[target] as number;
      const overThere = this.#over(targetPool, there);
      this.#left -= mine.length;
      for (const suite of mine) {
        const row = suite * this.#poolCount;
        const wasteThere = this.#waste[row + targetPool] as number;
        // What alone wastes more than the gap is in no better plan.
        if (wasteThere >= mostWaste || this.#isTabu(suite, target)) continue;
        const waste = wasteThere - (this.#waste[row + pool] as number);
        if (waste < (this.#leastWasteTo[target] as number)) this.#leastWasteTo[target] = waste;
        const delta =
          waste +
          this.#over(pool, here - (this.#durations[row + pool] as number)) -
          over +
          this.#over(targetPool, there + (this.#durations[row + targetPool] as number)) -
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

  /** Looks at the swaps that may be better than the best move. */
  #findSwap(slot: number): void {
    const { slotCount, poolOf, loadMs, on } = this.#loads;
    const best = this.#best;
    const pool = poolOf[slot] as number;
    const mine = on[slot] as number[];
    const here = loadMs[slot] as number;
    const over = this.#over(pool, here);
    const mostWaste = this.#bestMs - this.#boundMs;
    for (let target = 0; target < slotCount && this.#left > 0; target++) {
      const targetPool = poolOf[target] as number;
      const there = loadMs[target] as number;
      const overThere = this.#over(targetPool, there);
      // All that a swap can save is what the two slots are over.
      const most = best.delta + over + overThere;
      const count = this.#gatherPartners(
        slot,
        target,
        most - (this.#leastWasteTo[target] as number),
        mostWaste,
      );
      if (count === 0) continue;
      let leastExtra = Number.POSITIVE_INFINITY;
      for (let k = 0; k < count; k++) leastExtra = Math.min(leastExtra, this.#partnerWaste[k] as number);
      for (const suite of mine) {
        const row = suite * this.#poolCount;
        const wasteThere = this.#waste[row + targetPool] as number;
        const waste = wasteThere - (this.#waste[row + pool] as number);
        if (wasteThere >= mostWaste || waste + leastExtra >= most || this.#isTabu(suite, target)) continue;
        const leaving = this.#durations[row + pool] as number;
        const arriving = this.#durations[row + targetPool] as number;
        this.#left -= count;
        for (let k = 0; k < count; k++) {
          const coming = this.#coming[k] as number;
          // A swap that does not make the slot shorter helps nobody.
          if (coming >= leaving) continue;
          const delta =
            waste +
            (this.#partnerWaste[k] as number) +
            this.#over(pool, here - leaving + coming) -
            over +
            this.#over(targetPool, there + arriving - (this.#going[k] as number)) -
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

  /** @returns How many suites of the target may come, at less than `limit` of extra waste. */
  #gatherPartners(slot: number, target: number, limit: number, mostWaste: number): number {
    if (target === slot || limit === Number.NEGATIVE_INFINITY) return 0;
    const { poolOf, on } = this.#loads;
    const pool = poolOf[slot] as number;
    const targetPool = poolOf[target] as number;
    const theirs = on[target] as number[];
    this.#left -= theirs.length >> 2;
    let count = 0;
    for (const other of theirs) {
      const row = other * this.#poolCount;
      const wasteHere = this.#waste[row + pool] as number;
      const extra = wasteHere - (this.#waste[row + targetPool] as number);
      if (extra >= limit || wasteHere >= mostWaste || this.#isTabu(other, slot)) continue;
      this.#partner[count] = other;
      this.#partnerWaste[count] = extra;
      this.#coming[count] = this.#durations[row + pool] as number;
      this.#going[count++] = this.#durations[row + targetPool] as number;
    }
    return count;
  }

  #make(slot: number): void {
    const { suite, target, partner } = this.#best;
    if (suite < 0) return;
    const until = this.#round + tabuRounds + Math.floor(this.#random() * tabuRounds);
    this.#shift(suite, slot, target, until);
    if (partner >= 0) this.#shift(partner, target, slot, until);
  }

  #shift(suite: number, from: number, to: number, tabuUntil: number): void {
    this.#loads.take(suite);
    this.#loads.put(suite, to);
    this.#tabuSlot[suite] = from;
    this.#tabuUntil[suite] = tabuUntil;
  }

  #isTabu(suite: number, slot: number): boolean {
    return this.#tabuSlot[suite] === slot && (this.#tabuUntil[suite] as number) > this.#round;
  }

  #over(pool: number, ms: number): number {
    return ms > this.#boundMs ? (ms - this.#boundMs) * (this.#rates[pool] as number) * this.#penalty : 0;
  }
}

/** Infinite where the suite alone would make a slot longer than a plan near the bound can be. */
function wasteOf({ instance }: Loads, { rates, boundMs }: Prices): Float64Array {
  const { suiteCount, poolCount, durations } = instance;
  const waste = new Float64Array(suiteCount * poolCount);
  const mostMs = boundMs * longestSuite;
  for (let row = 0; row < waste.length; row += poolCount) {
    let least = Number.POSITIVE_INFINITY;
    for (let pool = 0; pool < poolCount; pool++) {
      const ms = durations[row + pool] as number;
      const price = ms > mostMs ? Number.POSITIVE_INFINITY : ms * (rates[pool] as number);
      waste[row + pool] = price;
      if (price < least) least = price;
    }
    if (least === Number.POSITIVE_INFINITY) continue;
    for (let pool = 0; pool < poolCount; pool++) waste[row + pool] = (waste[row + pool] as number) - least;
  }
  return waste;
}

function restore(loads: Loads, slotOf: Int32Array): void {
  slotOf.forEach((slot, suite) => {
    if (slot === loads.slotOf[suite]) return;
    if ((loads.slotOf[suite] as number) >= 0) loads.take(suite);
    if (slot >= 0) loads.put(suite, slot);
  });
}
