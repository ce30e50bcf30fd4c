/**
 * Tabu search with strategic oscillation (Glover 1989, 1990) over assignments of suites to slots, for instances in which
 * only slots are scarce.
 *
 * Weighted by the dual prices, the loads of all slots add up to bound + reduced cost. Hence gap = reduced cost + load
 * imbalance. A search on the longest slot alone repairs the imbalance and pays several times as much reduced cost. So each
 * round takes an overloaded slot and applies the best change of the objective in `neighbourhood.ts`, even a worsening one.
 * The tabu list keeps it from being undone.
 *
 * There is no aspiration criterion. It starts best from a plan of little reduced cost, however unbalanced.
 */
import { randomFrom } from '../vocabulary/random.js';
import type { Prices } from './lagrangian-bound.js';
import type { Loads } from './loads.js';
import { Neighbourhood, TabuList } from './neighbourhood.js';

/**
 * Chosen by `node bench/plan.mjs DIR`. `node bench/sensitivity.mjs DIR tabu-search` plans 68 instances with half and double
 * of each value; "flat" means that the mean makespan of every family of instances stays within ±0.05 %.
 */
const tuning = {
  /** Rounds without a better plan after which the penalty of overload grows. Flat. */
  stallRounds: 40,
  /** Penalty weight of overload at the start. It is small, as balance is easily had and reduced cost is not. Flat. */
  firstPenalty: 0.05,
  /** Growth of the penalty per stall. 1.1 and 1.4: flat. */
  penaltyGrowth: 1.2,
  /** Cap of the penalty, after which it restarts. Flat. */
  highestPenalty: 2,
  /** Share of the rounds that shorten the longest slot. 0.43: +0.08 %, and +0.7 % on 10,000 suites; 0.9: flat. */
  longestSlotShare: 0.85,
  /** Share of the rounds that shorten any slot above the bound; what is left takes any slot. 0.05 and 0.15: flat. */
  overloadedSlotShare: 0.1,
  /** Tenure: rounds for which a suite may not return to the slot that it left, drawn from once to twice this. Flat. */
  tenureRounds: 8,
  /** Near enough to the bound, as a multiple of it. 1.000025 and 1.0001: flat. */
  nearBound: 1.00005,
} as const;

/**
 * Improves the assignment in place.
 * @param evaluations Budget of changes to evaluate. It is counted, never timed, so that all machines find the same plan.
 */
export function tabuSearch(loads: Loads, prices: Prices, evaluations: number, seed: number): void {
  if (loads.instance.suiteCount === 0 || loads.slotCount < 2) return;
  const { boundMs } = prices;
  const random = randomFrom(seed);
  const tabu = new TabuList(loads.instance.suiteCount);
  const neighbourhood = new Neighbourhood(loads, prices, tabu, evaluations, tuning.firstPenalty);
  let incumbent = loads.slotOf.slice();
  let stalledRounds = 0;
  while (neighbourhood.evaluationsLeft > 0 && neighbourhood.incumbentMs > boundMs * tuning.nearBound) {
    tabu.round++;
    neighbourhood.evaluationsLeft--;
    const slot = slotToShorten(loads, boundMs, random);
    if (slot < 0) break;
    const { suite, target, partner } = neighbourhood.bestChange(slot);
    if (suite >= 0) {
      const until = tabu.round + tuning.tenureRounds + Math.floor(random() * tuning.tenureRounds);
      moveSuite(loads, suite, target);
      tabu.forbid(suite, slot, until);
      if (partner >= 0) {
        moveSuite(loads, partner, slot);
        tabu.forbid(partner, target, until);
      }
    }
    const nowMs = loads.makespanMs();
    if (nowMs < neighbourhood.incumbentMs) {
      neighbourhood.incumbentMs = nowMs;
      incumbent = loads.slotOf.slice();
      stalledRounds = 0;
    } else if (++stalledRounds % tuning.stallRounds === 0) {
      const { penalty } = neighbourhood;
      neighbourhood.penalty =
        penalty < tuning.highestPenalty ? penalty * tuning.penaltyGrowth : tuning.firstPenalty;
    }
  }
  restore(loads, incumbent);
}

/** Mostly the longest slot, sometimes another one above the bound, seldom any slot. -1: none is above the bound. */
function slotToShorten(loads: Loads, boundMs: number, random: () => number): number {
  const { slotCount, loadMs, suitesOn } = loads;
  const draw = random();
  if (draw > tuning.longestSlotShare + tuning.overloadedSlotShare) return Math.floor(random() * slotCount);
  let longest = -1;
  let chosen = -1;
  let seen = 0;
  for (let slot = 0; slot < slotCount; slot++) {
    const ms = loadMs[slot] as number;
    if (ms <= boundMs || (suitesOn[slot] as number[]).length === 0) continue;
    if (longest < 0 || ms > (loadMs[longest] as number)) longest = slot;
    // Reservoir sampling: each slot seen is chosen with the same probability.
    if (random() * ++seen < 1) chosen = slot;
  }
  return draw < tuning.longestSlotShare ? longest : chosen;
}

function moveSuite(loads: Loads, suite: number, slot: number): void {
  loads.unassign(suite);
  loads.assign(suite, slot);
}

function restore(loads: Loads, slotOf: Int32Array): void {
  slotOf.forEach((slot, suite) => {
    if (slot === loads.slotOf[suite]) return;
    if ((loads.slotOf[suite] as number) >= 0) loads.unassign(suite);
    if (slot >= 0) loads.assign(suite, slot);
  });
}
