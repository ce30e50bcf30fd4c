/**
 * Plans for instances in which more than slots is scarce: memory, threads, workers, several devices at once, locks,
 * exclusive suites. The best of several list schedules: on rounded pools, whose capacities follow the schedule; then on
 * pools that list scheduling chooses; at last with randomly perturbed priorities.
 */
import { randomFrom } from '../vocabulary/random.js';
import type { IndexedInstance } from './instance.js';
import type { Prices } from './lagrangian-bound.js';
import { ListScheduling, type Schedule } from './list-scheduling.js';
import { priorityCriteria, rankBy } from './priority-rules.js';
import { capacityAt, roundedPools } from './rounding.js';

/**
 * Chosen by `node bench/plan.mjs DIR`. `node bench/sensitivity.mjs DIR constrained-plan` plans 68 instances with half and
 * double of each value; figures are changes of the mean makespan, "flat" is within ±0.05 %.
 */
const tuning = {
  /** Weights of size in the priority rule. Half: quick plans with scarce memory +0.3 % longer; double: flat (+0.06 %). */
  sizeWeights: [6, 2, 0],
  /** Weights of reduced cost where list scheduling chooses the pools. Shared workers: half -0.07 %, double +0.17 %. */
  reducedCostWeights: [30, 10, 3, 1, 0.3, 0],
  /** Rounds of rounding to corrected capacities. 3: -0.07 % with shared workers; 12: +1.1 %, as the budget is used up. */
  roundings: 6,
  /** Least capacity of a pool, as a multiple of the bound. 0.25 and 0.75 give the same plans. */
  leastCapacity: 0.5,
  /** Width of the perturbation, as a share of a suite's rank. 0.15 and 0.6 give the same plans: seldom reached. */
  perturbation: 0.3,
  /** Near enough to the bound, as a multiple of it. 1.0015 and 1.006: flat. */
  nearBound: 1.003,
} as const;

/** What list scheduling is told: priorities, and either the pools or how to choose them. */
type Rule = { readonly rank: Float64Array } & (
  | { readonly poolOf: Int32Array }
  | { readonly reducedCostWeight: number }
);

/**
 * The first schedule near the bound, otherwise the shortest within the budget.
 * @param evaluations Budget of pairs of suite and pool to look at, over all schedules.
 */
export function constrainedPlan(instance: IndexedInstance, prices: Prices, evaluations: number): Schedule {
  const criteria = priorityCriteria(instance, prices);
  const ranks = tuning.sizeWeights.map((weight) => rankBy(criteria, weight));
  let evaluationsLeft = evaluations;
  let best: { readonly schedule: Schedule; readonly rule: Rule } | undefined;
  const isNearBound = () =>
    best !== undefined && best.schedule.makespanMs <= prices.boundMs * tuning.nearBound;
  const schedule = (rule: Rule): Schedule => {
    const scheduling = new ListScheduling(instance, prices, rule.rank);
    const found =
      'poolOf' in rule
        ? scheduling.scheduleOnAssignedPools(rule.poolOf)
        : scheduling.scheduleOnChosenPools(rule.reducedCostWeight);
    evaluationsLeft -= scheduling.evaluations;
    if (best === undefined || found.makespanMs < best.schedule.makespanMs) best = { schedule: found, rule };
    return found;
  };
  const capacityMs = capacityAt(prices, prices.boundMs);
  for (let round = 0; round < tuning.roundings && !isNearBound(); round++) {
    const poolOf = roundedPools(instance, prices, capacityMs);
    const schedules = ranks.map((rank) => schedule({ poolOf, rank }));
    const shortest = schedules.reduce((a, b) => (b.makespanMs < a.makespanMs ? b : a));
    correctCapacities(capacityMs, instance, shortest, prices.boundMs);
  }
  for (const reducedCostWeight of tuning.reducedCostWeights) {
    for (const rank of ranks) {
      if (evaluationsLeft > 0 && !isNearBound()) schedule({ reducedCostWeight, rank });
    }
  }
  const random = randomFrom(1);
  const { rule } = best as NonNullable<typeof best>;
  while (evaluationsLeft > 0 && !isNearBound()) {
    schedule({ ...rule, rank: rule.rank.map((rank) => rank * (1 + tuning.perturbation * (random() - 0.5))) });
  }
  return (best as NonNullable<typeof best>).schedule;
}

/** A plan to be replaced before long, by position of the suites in an indexed instance. */
export interface QuickPlan {
  /** -1: no pool can run the suite. */
  readonly poolOf: Int32Array;
  /** Factor ≥ 1 by which a suite counts as longer in the order of starts. */
  readonly precedence: Float64Array;
  readonly makespanMs: number;
}

/** One rounding, and the best of a few priority rules; a single rule for very many suites. */
export function quickConstrainedPlan(instance: IndexedInstance, prices: Prices, isLarge: boolean): QuickPlan {
  const criteria = priorityCriteria(instance, prices);
  const poolOf = roundedPools(instance, prices, capacityAt(prices, prices.boundMs));
  let best: { readonly weight: number; readonly makespanMs: number } | undefined;
  for (const weight of isLarge ? tuning.sizeWeights.slice(1, 2) : tuning.sizeWeights) {
    const scheduling = new ListScheduling(instance, prices, rankBy(criteria, weight));
    const { makespanMs } = scheduling.scheduleOnAssignedPools(poolOf);
    if (best === undefined || makespanMs < best.makespanMs) best = { weight, makespanMs };
  }
  const { weight, makespanMs } = best as NonNullable<typeof best>;
  return { poolOf, precedence: criteria.sizes.map((size) => 1 + weight * size), makespanMs };
}

/**
 * Lowers the capacity of pools that ended late, whose suites leave gaps, and raises it of those that ended early. The
 * target is the geometric mean of bound and makespan.
 */
function correctCapacities(
  capacityMs: Float64Array,
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
    const correctedMs = (capacityMs[pool] as number) * damped(targetMs / (endMs || targetMs));
    capacityMs[pool] = Math.min(targetMs, Math.max(tuning.leastCapacity * boundMs, correctedMs));
  });
}

/**
 * Damping of the capacity update: the ratio to the power of 3/4, as gaps are partly a matter of luck. By square roots,
 * which all engines round alike, while powers differ in the last digit between them. Exponents of 0.35 to 1 are flat: -0.1 %
 * to +0.02 %.
 */
function damped(ratio: number): number {
  return Math.sqrt(ratio * Math.sqrt(ratio));
}
