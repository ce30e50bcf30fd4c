/**
 * Dual ascent by multiplicative weights (Plotkin, Shmoys, Tardos 1995; Arora, Hazan, Kale 2012): in each pass every suite
 * goes to its cheapest pool, then resources above the mean load get dearer and the others cheaper. The step size decays.
 */
import type { IndexedInstance } from './instance.js';
import type { Resources } from './resources.js';

/**
 * Chosen by `node bench/plan.mjs DIR`. `node bench/sensitivity.mjs DIR dual-ascent` plans 68 instances with half and double
 * of each value; figures are changes of the mean makespan, "memory", "shared" and "large" name families of instances.
 */
const tuning = {
  /** Most passes. 120: bound of ETC -0.03 %, large +0.04 %; 480: shared +0.13 %, large +0.02 % in twice the time. */
  mostPasses: 240,
  /** Relative gain of the bound that counts as one. 0.5e-5 and 2e-5: flat (-0.05 %). */
  leastGain: 1e-5,
  /** The ascent ends when this many passes gained less. 30 and 120: flat (±0.05 %). */
  reviewPasses: 60,
  /** The step decays to this. 0.00025 and 0.001 give the same plans. */
  leastStep: 0.0005,
  /** Decay of the step a pass, of long ascents. 0.99: shared -0.24 %, quick large +3.9 %; 0.96: shared +0.39 %. */
  slowDecay: 0.98,
  /** The same where there are fewer than half of the most passes; varied together with it. */
  fastDecay: 0.95,
  /** EWMA weight α of the newest pass in the mean load. 1/30: flat; 2/15: memory -0.02 %. */
  meanLoadAlpha: 1 / 15,
  /** A load counts as at most this much above the bound. 1: ETC 1024 +0.09 %, memory -0.05 %; 4: flat. */
  mostOverload: 2,
  /** And as at most this much below it, so that prices stay above 0. 0.45: flat; 1.8: large +0.2 %. */
  mostIdleness: 0.9,
  /** Not tuned: no price becomes 0, as it could never rise again. */
  leastPrice: 1e-12,
} as const;

export const { mostPasses, leastGain } = tuning;

export interface AscentResult {
  /** The best bound met, ms. */
  readonly boundMs: number;
  /** The prices of that bound; their sum is 1. */
  readonly lambda: Float64Array;
  /** By resource: load of the relaxed solution at these prices, as a share of the bound. */
  readonly load: Float64Array;
  /**
   * The same as a moving average over the last passes. A suite that costs the same on two pools moves back and forth between
   * passes, so that only the average shows which resources are idle.
   */
  readonly meanLoad: Float64Array;
  /** Relative gain of the bound in the second half of the passes. */
  readonly lateGain: number;
}

/**
 * Improves prices.
 * @param firstStep Relative change of a price whose resource is loaded with twice the bound, in the first pass.
 * @param deadlineMs Durations above are not used.
 */
export function ascend(
  instance: IndexedInstance,
  resources: Resources,
  start: Float64Array,
  passes: number,
  firstStep: number,
  deadlineMs = Number.POSITIVE_INFINITY,
): AscentResult {
  const { poolCount, baseMs, slots } = instance;
  const { count, groupCount, shares } = resources;
  let lambda: Float64Array = start.slice();
  let best = { boundMs: 0, lambda, load: new Float64Array(count) };
  const meanLoad = new Float64Array(count);
  const time = new Float64Array(groupCount * poolCount);
  const load = new Float64Array(count);
  let reviewedMs = 0;
  let halfwayMs = 0;
  let step = firstStep;
  const decay = passes < mostPasses / 2 ? tuning.fastDecay : tuning.slowDecay;
  for (let pass = 0; pass < passes; pass++) {
    const cost = solveRelaxation(instance, resources, lambda, deadlineMs, time);
    if (cost === 0) break;
    loadOf(time, shares, load);
    for (let pool = 0; pool < poolCount; pool++) {
      load[pool] = (load[pool] as number) + (baseMs[pool] as number) / (slots[pool] as number);
    }
    if (cost > best.boundMs) {
      best = { boundMs: cost, lambda: lambda.slice(), load: load.map((each) => each / cost) };
    }
    const weight = Math.max(1 / (pass + 1), tuning.meanLoadAlpha);
    for (let resource = 0; resource < count; resource++) {
      const before = meanLoad[resource] as number;
      meanLoad[resource] = before + weight * ((load[resource] as number) / cost - before);
    }
    if (pass < passes / 2) halfwayMs = best.boundMs;
    if (pass % tuning.reviewPasses === tuning.reviewPasses - 1) {
      if (best.boundMs < reviewedMs * (1 + leastGain)) break;
      reviewedMs = best.boundMs;
    }
    for (let resource = 0; resource < count; resource++) {
      const over = Math.min(
        tuning.mostOverload,
        Math.max(-tuning.mostIdleness, (load[resource] as number) / cost - 1),
      );
      lambda[resource] = Math.max(tuning.leastPrice, (lambda[resource] as number) * (1 + step * over));
    }
    step = Math.max(tuning.leastStep, step * decay);
    lambda = normalised(lambda);
  }
  return { ...best, meanLoad, lateGain: best.boundMs / (halfwayMs || 1) - 1 };
}

/**
 * Every suite on its cheapest pool at these prices.
 * @param time Out: [group × poolCount + pool], ms that the suites of the group run there.
 * @returns The value of the Lagrangian relaxation: a lower bound of the makespan, as the prices add up to 1. Ms.
 */
function solveRelaxation(
  instance: IndexedInstance,
  resources: Resources,
  lambda: Float64Array,
  deadlineMs: number,
  time: Float64Array,
): number {
  const { suiteCount, poolCount, durations, baseMs, slots } = instance;
  const { groupOf } = resources;
  const rates = ratesOf(instance, resources, lambda);
  time.fill(0);
  let cost = 0;
  for (let pool = 0; pool < poolCount; pool++) {
    cost += ((lambda[pool] ?? 0) * (baseMs[pool] ?? 0)) / (slots[pool] ?? 1);
  }
  for (let suite = 0, row = 0; suite < suiteCount; suite++, row += poolCount) {
    const rateRow = (groupOf[suite] as number) * poolCount;
    let least = Number.POSITIVE_INFINITY;
    let cheapest = -1;
    for (let pool = 0; pool < poolCount; pool++) {
      const duration = durations[row + pool] as number;
      const price = duration * (rates[rateRow + pool] as number);
      if (price < least && duration <= deadlineMs) {
        least = price;
        cheapest = pool;
      }
    }
    if (cheapest < 0) continue;
    cost += least;
    time[rateRow + cheapest] = (time[rateRow + cheapest] as number) + (durations[row + cheapest] as number);
  }
  return cost;
}

function loadOf(time: Float64Array, shares: Resources['shares'], load: Float64Array): void {
  load.fill(0);
  shares.forEach((each, index) => {
    const ms = time[index] as number;
    if (ms === 0) return;
    for (const { resource, share } of each) load[resource] = (load[resource] as number) + ms * share;
  });
}

/** Price of a ms on a pool: [group × poolCount + pool]. */
export function ratesOf(
  { poolCount }: IndexedInstance,
  { shares, groupCount }: Resources,
  lambda: Float64Array,
): Float64Array {
  const rates = new Float64Array(groupCount * poolCount);
  shares.forEach((each, index) => {
    let rate = 0;
    for (const { resource, share } of each) rate += (lambda[resource] as number) * share;
    rates[index] = rate;
  });
  return rates;
}

/** Scaled so that the sum is 1. */
export function normalised(lambda: Float64Array): Float64Array {
  const sum = lambda.reduce((total, each) => total + each, 0);
  return lambda.map((each) => each / (sum || 1));
}
