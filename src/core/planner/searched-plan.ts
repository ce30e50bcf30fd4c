/**
 * A plan for instances in which only slots are scarce: tabu search from the rounded plan, then from dives with different
 * aims. The shortest plan wins. A dive balances slots of few long suites, which a search seldom does; a search saves the
 * reduced cost that the last slots of a dive pay.
 */
import { listPlan, roundedPlan } from './initial-plan.js';
import type { IndexedInstance } from './instance.js';
import type { Prices } from './lagrangian-bound.js';
import type { Loads } from './loads.js';
import { divedPlan, diveEvaluations } from './pricing-dive.js';
import { tabuSearch } from './tabu-search.js';

/**
 * Chosen by `node bench/plan.mjs DIR` and, for what grows with the instance and for dives, on the public instances that it
 * plans with the default budget. `node bench/sensitivity.mjs DIR searched-plan` gives budgets of its own, in which only
 * `firstMoves` has an effect.
 */
const tuning = {
  /** Evaluations of the first search, and of a plan of a small instance: about 50 ms of CPU. 1 and 4 million: flat (±0.02 %). */
  firstMoves: 2_000_000,
  /** Durations (suites × pools) above which the default budget grows. Not tuned: runs of a few hundred suites stay below. */
  smallDurations: 4_000,
  /** Growth of the default budget by each further duration. Not tuned: steep, as larger instances gain from all of it. */
  movesPerDuration: 10_000,
  /** Where its growth ends. Not tuned: plans of 512 × 16 to 2048 × 64 take 0.8 to 1 s of CPU, most of it here. */
  mostMoves: 40_000_000,
  /** What the budget of the largest instances loses by each duration, because prices and loads take longer as well. */
  movesLostPerDuration: 150,
  /** Evaluations of the search after a dive. 2 and 6 million: flat on 1024 × 32 and 2048 × 64; 512 × 16 ±0.02 %. */
  movesPerDive: 4_000_000,
  /** Evaluations of a further search from the best plan after a dive in vain. 0 and 4 million: flat (±0.01 %). */
  movesInVain: 2_000_000,
  /** Tabu search starts above this multiple of the bound. 1.00005 and 1.0002: flat. */
  searchAbove: 1.0001,
  /** Dives start above this multiple of the bound. */
  diveAbove: 1.0005,
  /** Aims of the dives in turn, as shares of the gap of the best plan so far. [0.6, 0.8, 0.6, 0.9, 0.7]: flat (±0.03 %). */
  aims: [0.7, 0.8, 0.6, 0.9],
  /** The widest gap aimed at; twice that after each dive in vain. 0.01: flat on 512 × 16. */
  widestAim: 0.02,
  /** List plans are tried above this multiple of the bound: they are seldom shorter, never so near it. 1.001, 1.004: flat. */
  listPlansAbove: 1.002,
} as const;

/** Grows with the instance from about 50 ms of CPU to 1 s, and shrinks again where one dive alone would take longer. */
export function defaultMoves({ suiteCount, poolCount }: IndexedInstance): number {
  const durations = suiteCount * poolCount;
  const grown = tuning.firstMoves + Math.max(0, durations - tuning.smallDurations) * tuning.movesPerDuration;
  const affordable = tuning.mostMoves - durations * tuning.movesLostPerDuration;
  return Math.max(tuning.firstMoves, Math.min(grown, affordable));
}

/** @param evaluations Budget of changes to evaluate; 0: no search. */
export function searchedPlan(
  instance: IndexedInstance,
  prices: Prices,
  evaluations: number,
  seed: number,
): Loads {
  let best = roundedPlan(instance, prices);
  const ratio = () => best.makespanMs() / (prices.boundMs || 1);
  if (evaluations > 0 && ratio() > tuning.searchAbove) {
    tabuSearch(best, prices, Math.min(evaluations, tuning.firstMoves), seed);
  }
  const consider = (loads: Loads): boolean => {
    const isShorter = loads.makespanMs() < best.makespanMs();
    if (isShorter) best = loads;
    return isShorter;
  };
  if (ratio() > tuning.listPlansAbove) consider(listPlan(instance, prices));
  const costOfDive = diveEvaluations(instance);
  let left = evaluations - tuning.firstMoves;
  let widestAim: number = tuning.widestAim;
  for (let dives = 0; left > costOfDive && ratio() > tuning.diveAbove; dives++) {
    const share = tuning.aims[dives % tuning.aims.length] as number;
    const aimMs = prices.boundMs * (1 + share * Math.min(widestAim, ratio() - 1));
    const dived = divedPlan(instance, prices, aimMs);
    left -= costOfDive;
    const moves = Math.min(left, tuning.movesPerDive);
    tabuSearch(dived, prices, moves, seed + dives + 1);
    left -= moves;
    if (consider(dived)) continue;
    widestAim *= 2;
    const further = Math.min(left, tuning.movesInVain);
    if (further > 0) tabuSearch(best, prices, further, seed + dives + 1);
    left -= further;
  }
  return best;
}
