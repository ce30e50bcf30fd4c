import type { IndexedInstance } from './instance.js';
import type { Resources } from './resources.js';

/** Passes over all suites until the prices are good enough. */
export const mostPasses = 240;
/** A gain of less than this share is none; sixty passes that gain less are the last. */
export const worthwhile = 1e-5;
const leastStep = 0.0005;
/** Weight of the newest pass in the mean load. */
const newestWeight = 1 / 15;

export interface Improved {
  readonly boundMs: number;
  readonly lambda: Float64Array;
  /** Of each resource at these prices, over the bound. */
  readonly load: Float64Array;
  /**
   * The same as a mean of the last passes: suites that cost the same in two places move all at once from one to the other,
   * and only the mean shows what is idle.
   */
  readonly meanLoad: Float64Array;
  /** By how much of itself the second half of the passes made the bound better. */
  readonly lastGain: number;
}

/**
 * Passes over all suites, after each of which what is overfull gets dearer and the rest cheaper.
 * @param widestStep By how much a price that is off by its own size changes in the first pass; less and less in the next.
 * @param forbiddenAboveMs Durations above are as good as infinite.
 * @returns The best prices met.
 */
export function improve(
  instance: IndexedInstance,
  resources: Resources,
  start: Float64Array,
  passes: number,
  widestStep: number,
  forbiddenAboveMs = Number.POSITIVE_INFINITY,
): Improved {
  const { suiteCount, poolCount, durations, baseMs, slots } = instance;
  const { count, groupOf, groupCount, shares } = resources;
  let lambda: Float64Array = start.slice();
  let best = { boundMs: 0, lambda, load: new Float64Array(count) };
  const meanLoad = new Float64Array(count);
  const time = new Float64Array(groupCount * poolCount);
  const load = new Float64Array(count);
  let reviewedMs = 0;
  let halfwayMs = 0;
  let step = widestStep;
  const decay = passes < mostPasses / 2 ? 0.95 : 0.98;
  for (let pass = 0; pass < passes; pass++) {
    const rates = ratesOf(instance, resources, lambda);
    time.fill(0);
    let cost = 0;
    for (let pool = 0; pool < poolCount; pool++) {
      cost += ((lambda[pool] ?? 0) * (baseMs[pool] ?? 0)) / (slots[pool] ?? 1);
    }
    for (let suite = 0, row = 0; suite < suiteCount; suite++, row += poolCount) {
      const rateRow = (groupOf[suite] as number) * poolCount;
      let least = Number.POSITIVE_INFINITY;
      let at = -1;
      for (let pool = 0; pool < poolCount; pool++) {
        const duration = durations[row + pool] as number;
        const price = duration * (rates[rateRow + pool] as number);
        if (price < least && duration <= forbiddenAboveMs) {
          least = price;
          at = pool;
        }
      }
      if (at < 0) continue;
      cost += least;
      time[rateRow + at] = (time[rateRow + at] as number) + (durations[row + at] as number);
    }
    if (cost === 0) break;
    loadOf(time, shares, load);
    for (let pool = 0; pool < poolCount; pool++) {
      load[pool] = (load[pool] as number) + (baseMs[pool] as number) / (slots[pool] as number);
    }
    if (cost > best.boundMs) {
      best = { boundMs: cost, lambda: lambda.slice(), load: load.map((each) => each / cost) };
    }
    const weight = Math.max(1 / (pass + 1), newestWeight);
    for (let resource = 0; resource < count; resource++) {
      const before = meanLoad[resource] as number;
      meanLoad[resource] = before + weight * ((load[resource] as number) / cost - before);
    }
    if (pass < passes / 2) halfwayMs = best.boundMs;
    if (pass % 60 === 59) {
      if (best.boundMs < reviewedMs * (1 + worthwhile)) break;
      reviewedMs = best.boundMs;
    }
    for (let resource = 0; resource < count; resource++) {
      const over = Math.min(2, Math.max(-0.9, (load[resource] as number) / cost - 1));
      lambda[resource] = Math.max(1e-12, (lambda[resource] as number) * (1 + step * over));
    }
    step = Math.max(leastStep, step * decay);
    lambda = normalised(lambda);
  }
  return {
    ...best,
    meanLoad,
    lastGain: best.boundMs / (halfwayMs || 1) - 1,
  };
}

function loadOf(time: Float64Array, shares: Resources['shares'], load: Float64Array): void {
  load.fill(0);
  shares.forEach((each, index) => {
    const ms = time[index] as number;
    if (ms === 0) return;
    for (const { resource, share } of each) load[resource] = (load[resource] as number) + ms * share;
  });
}

export function ratesOf(
  { poolCount }: IndexedInstance,
  { shares, groupCount }: Resources,
  lambda: Float64Array,
) {
  const rates = new Float64Array(groupCount * poolCount);
  shares.forEach((each, index) => {
    let rate = 0;
    for (const { resource, share } of each) rate += (lambda[resource] as number) * share;
    rates[index] = rate;
  });
  return rates;
}

/** Their sum is 1. */
export function normalised(lambda: Float64Array): Float64Array {
  const sum = lambda.reduce((total, each) => total + each, 0);
  return lambda.map((each) => each / (sum || 1));
}
