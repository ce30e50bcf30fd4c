/**
 * Lower bound of the makespan by Lagrangian relaxation. The problem is R│M_j│C_max (unrelated parallel machines with
 * eligibility; Lenstra, Shmoys, Tardos 1990) with further resources. For any multipliers λ ≥ 0 of the resources with sum 1,
 *
 *     Σ over suites of min over pools (duration × Σ over resources λ × share)
 *
 * is a lower bound: the left side is the least price of all work, and a plan of length T offers no more than T × Σ λ. The
 * multipliers are dual prices of the linear relaxation. Dual ascent brings the bound near the optimum of that relaxation
 * without solving a linear program.
 */
import { type AscentResult, ascend, ratesOf } from './dual-ascent.js';
import type { IndexedInstance } from './instance.js';
import { type Resources, resourcesOf } from './resources.js';
import { coldStep, freshPrices, passesFor } from './starting-prices.js';

/**
 * Chosen by `node bench/plan.mjs DIR`. `node bench/sensitivity.mjs DIR lagrangian-bound` plans 68 instances with half and
 * double of each value; figures are changes of the mean makespan.
 */
const tuning = {
  /** Passes from the prices of nearly the same instance. 6 and 24: second quick plans ±0.7 %, in both directions. */
  warmPasses: 12,
  /** First step of these passes. 0.025: second quick plans of 10,000 suites +3.8 % longer; 0.1: +0.4 %. */
  warmStep: 0.05,
  /** Deadlines tried. 3 and 12: flat, as the first three nearly always settle it. */
  deadlines: 6,
  /** Passes for a deadline: this part of those before. 6 and 1.5: flat (-0.06 % to +0.02 %). */
  deadlinePassPart: 3,
  /** The bound must rise by this factor for another deadline. 1.00025: -0.08 % with scarce memory; 1.001: flat. */
  deadlineGain: 1.0005,
  /** Not tuned: relative error of sums of many products, with a wide margin. */
  roundingError: 1e-9,
} as const;

export interface Prices {
  /** No schedule is shorter. Ms; 0 for no suites. */
  readonly boundMs: number;
  /** Dual price by resource; their sum is 1. */
  readonly lambda: Float64Array;
  /** [group × poolCount + pool]: price of a ms of a suite of that group there. */
  readonly rates: Float64Array;
  /** Deadline of the relaxation: no schedule of the bound's length uses a longer duration. Ms. */
  readonly forbiddenAboveMs: number;
  /** The suite that takes longest on its fastest pool, ms. */
  readonly longestMs: number;
  readonly resources: Resources;
}

/** @param before Prices of nearly the same instance, from which few passes are enough. */
export function pricesOf(instance: IndexedInstance, before?: Float64Array): Prices {
  const resources = resourcesOf(instance);
  const longestMs = longestOf(instance);
  const isWarm = before !== undefined && before.length === resources.count;
  const passes = isWarm ? tuning.warmPasses : passesFor(instance);
  const step = isWarm ? tuning.warmStep : coldStep;
  const first = isWarm
    ? ascend(instance, resources, before, passes, step)
    : freshPrices(instance, resources, passes);
  const { boundMs, forbiddenAboveMs, best } = withDeadline(
    instance,
    resources,
    first,
    longestMs,
    passes,
    step,
  );
  return {
    boundMs: wholeBound(instance, boundMs),
    lambda: best.lambda,
    rates: ratesOf(instance, resources, best.lambda),
    forbiddenAboveMs,
    longestMs,
    resources,
  };
}

/**
 * Deadline-constrained relaxation: a schedule of length T uses no duration above T. If the bound without those durations is
 * above T, there is no such schedule, and T is a lower bound itself. T rises until it is not refuted any more. That matters
 * where a few long suites dominate.
 */
function withDeadline(
  instance: IndexedInstance,
  resources: Resources,
  first: AscentResult,
  longestMs: number,
  passes: number,
  step: number,
): { readonly boundMs: number; readonly forbiddenAboveMs: number; readonly best: AscentResult } {
  let best = first;
  let boundMs = Math.max(first.boundMs, longestMs);
  let forbiddenAboveMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < tuning.deadlines && hasDurationAbove(instance, boundMs); round++) {
    const next = ascend(instance, resources, best.lambda, passes / tuning.deadlinePassPart, step, boundMs);
    best = next;
    forbiddenAboveMs = boundMs;
    if (next.boundMs <= boundMs * tuning.deadlineGain) break;
    // Every length between the refuted T and the new bound is refuted too, as long as no duration lies between them.
    const refutedMs = boundMs;
    const nextMs = nextDurationAbove(instance, refutedMs);
    boundMs = Math.min(next.boundMs, nextMs);
  }
  return { boundMs, forbiddenAboveMs, best };
}

/** Rounds up: durations are whole ms, and so are all ends where slots come free at whole ms. */
function wholeBound({ given }: IndexedInstance, boundMs: number): number {
  const isWhole = given.pools.every(({ freeAtMs = [] }) => freeAtMs.every(Number.isInteger));
  return isWhole ? Math.ceil(boundMs * (1 - tuning.roundingError)) : boundMs;
}

function longestOf({ suiteCount, poolCount, durations, given }: IndexedInstance): number {
  const earliest = given.pools.map(({ freeAtMs, slots }) =>
    freeAtMs === undefined || freeAtMs.length < slots ? 0 : Math.min(...freeAtMs),
  );
  let longestMs = 0;
  for (let suite = 0; suite < suiteCount; suite++) {
    let fastestMs = Number.POSITIVE_INFINITY;
    for (let pool = 0; pool < poolCount; pool++) {
      const endMs = (durations[suite * poolCount + pool] as number) + (earliest[pool] ?? 0);
      if (endMs < fastestMs) fastestMs = endMs;
    }
    if (fastestMs !== Number.POSITIVE_INFINITY && fastestMs > longestMs) longestMs = fastestMs;
  }
  return longestMs;
}

function hasDurationAbove({ durations }: IndexedInstance, ms: number): boolean {
  return durations.some((each) => each > ms && each !== Number.POSITIVE_INFINITY);
}

function nextDurationAbove({ durations }: IndexedInstance, ms: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const each of durations) if (each > ms && each < least) least = each;
  return least;
}
