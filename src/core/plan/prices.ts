import type { Instance } from './problem.js';
import { type Resources, resourcesOf } from './resources.js';

/**
 * Machine prices. For any prices λ ≥ 0 of the resources, `Σ_suites min_types (duration × Σ λ × share) / Σ λ` bounds the
 * makespan from below: it is what the run costs at least, over what a ms of everything costs. Raising the price of what
 * is overfull at these prices makes the bound nearly as good as the linear program's, without solving one.
 */
export interface Prices {
  /** No schedule is shorter. Ms, 0 for no suites. */
  readonly boundMs: number;
  /** Price of all of a resource; their sum is 1. */
  readonly lambda: Float64Array;
  /** [class × typeCount + type]: price of a ms of a suite of that class there. */
  readonly rates: Float64Array;
  /** Durations above are as good as infinite: no schedule of the bound's length has room for them. Ms. */
  readonly forbiddenAboveMs: number;
  /** The longest suite on its fastest type, ms. */
  readonly longestMs: number;
  readonly resources: Resources;
}

/** Passes over all suites until the prices are good enough; fewer for problems of millions of durations, which need fewer. */
const mostPasses = 240;
const fewestPasses = 70;
const warmPasses = 12;
const durationsLookedAt = 5e7;
/** Sixty passes that gain less than this share are the last. */
const worthwhile = 1e-5;
/** How much a price that is off by its own size changes in the first pass, and at least; less and less between. */
const firstStep = 0.3;
const warmStep = 0.05;
const leastStep = 0.0005;

/** @param before Prices of nearly the same problem, from which few passes are enough. */
export function pricesOf(instance: Instance, before?: Float64Array): Prices {
  const resources = resourcesOf(instance);
  const longestMs = longestOf(instance);
  const isWarm = before !== undefined && before.length === resources.count;
  const passes = isWarm ? warmPasses : passesFor(instance);
  const start = isWarm ? before : equalPrices(instance, resources);
  const first = improve(instance, resources, start, Number.POSITIVE_INFINITY, passes);
  let best = first;
  let boundMs = Math.max(first.boundMs, longestMs);
  let forbiddenAboveMs = Number.POSITIVE_INFINITY;
  // Were there a schedule of length T, it would use no duration above T; where the bound without them is above T, there
  // is none, and T is a bound itself. That matters where a few long suites dominate.
  for (let round = 0; round < 6 && hasDurationAbove(instance, boundMs); round++) {
    const next = improve(instance, resources, best.lambda, boundMs, passes / 3);
    best = next;
    forbiddenAboveMs = boundMs;
    if (next.boundMs <= boundMs * 1.0005) break;
    // Between this T and the bound it refutes; the next T must again be refuted to count.
    const refutedMs = boundMs;
    const nextMs = nextDurationAbove(instance, refutedMs);
    boundMs = Math.min(next.boundMs, nextMs);
  }
  return {
    boundMs,
    lambda: best.lambda,
    rates: ratesOf(instance, resources, best.lambda),
    forbiddenAboveMs,
    longestMs,
    resources,
  };
}

function passesFor({ durations }: Instance): number {
  return Math.max(fewestPasses, Math.min(mostPasses, Math.round(durationsLookedAt / (durations.length + 1))));
}

function equalPrices({ typeCount }: Instance, { count }: Resources): Float64Array {
  // What may not be scarce at all starts cheap.
  return normalised(Float64Array.from({ length: count }, (_, index) => (index < typeCount ? 1 : 0.2)));
}

interface Improved {
  readonly boundMs: number;
  readonly lambda: Float64Array;
}

function improve(
  instance: Instance,
  resources: Resources,
  start: Float64Array,
  forbiddenAboveMs: number,
  passes: number,
): Improved {
  const { suiteCount, typeCount, durations, baseMs, slots } = instance;
  const { count, classOf, classCount, shares } = resources;
  let lambda: Float64Array = start.slice();
  let best: Improved = { boundMs: 0, lambda };
  const time = new Float64Array(classCount * typeCount);
  const load = new Float64Array(count);
  let reviewedMs = 0;
  let step = passes <= warmPasses ? warmStep : firstStep;
  const decay = passes < mostPasses / 2 ? 0.95 : 0.98;
  for (let pass = 0; pass < passes; pass++) {
    const rates = ratesOf(instance, resources, lambda);
    time.fill(0);
    let cost = 0;
    for (let type = 0; type < typeCount; type++) {
      cost += ((lambda[type] ?? 0) * (baseMs[type] ?? 0)) / (slots[type] ?? 1);
    }
    for (let suite = 0, row = 0; suite < suiteCount; suite++, row += typeCount) {
      const rateRow = (classOf[suite] as number) * typeCount;
      let least = Number.POSITIVE_INFINITY;
      let at = -1;
      for (let type = 0; type < typeCount; type++) {
        const duration = durations[row + type] as number;
        const price = duration * (rates[rateRow + type] as number);
        if (price < least && duration <= forbiddenAboveMs) {
          least = price;
          at = type;
        }
      }
      if (at < 0) continue;
      cost += least;
      time[rateRow + at] = (time[rateRow + at] as number) + (durations[row + at] as number);
    }
    if (cost > best.boundMs) best = { boundMs: cost, lambda: lambda.slice() };
    if (cost === 0) break;
    if (pass % 60 === 59) {
      if (best.boundMs < reviewedMs * (1 + worthwhile)) break;
      reviewedMs = best.boundMs;
    }
    loadOf(time, shares, load);
    for (let type = 0; type < typeCount; type++) {
      load[type] = (load[type] as number) + (baseMs[type] as number) / (slots[type] as number);
    }
    for (let resource = 0; resource < count; resource++) {
      const over = Math.min(2, Math.max(-0.9, (load[resource] as number) / cost - 1));
      lambda[resource] = Math.max(1e-12, (lambda[resource] as number) * (1 + step * over));
    }
    step = Math.max(leastStep, step * decay);
    lambda = normalised(lambda);
  }
  return best;
}

function loadOf(time: Float64Array, shares: Resources['shares'], load: Float64Array): void {
  load.fill(0);
  shares.forEach((each, index) => {
    const ms = time[index] as number;
    if (ms === 0) return;
    for (const { resource, share } of each) load[resource] = (load[resource] as number) + ms * share;
  });
}

function ratesOf({ typeCount }: Instance, { shares, classCount }: Resources, lambda: Float64Array) {
  const rates = new Float64Array(classCount * typeCount);
  shares.forEach((each, index) => {
    let rate = 0;
    for (const { resource, share } of each) rate += (lambda[resource] as number) * share;
    rates[index] = rate;
  });
  return rates;
}

function normalised(lambda: Float64Array): Float64Array {
  const sum = lambda.reduce((total, each) => total + each, 0);
  return lambda.map((each) => each / (sum || 1));
}

function longestOf({ suiteCount, typeCount, durations, problem }: Instance): number {
  const earliest = problem.types.map(({ freeAtMs, slots }) =>
    freeAtMs === undefined || freeAtMs.length < slots ? 0 : Math.min(...freeAtMs),
  );
  let longestMs = 0;
  for (let suite = 0; suite < suiteCount; suite++) {
    let fastestMs = Number.POSITIVE_INFINITY;
    for (let type = 0; type < typeCount; type++) {
      const endMs = (durations[suite * typeCount + type] as number) + (earliest[type] ?? 0);
      if (endMs < fastestMs) fastestMs = endMs;
    }
    if (fastestMs !== Number.POSITIVE_INFINITY && fastestMs > longestMs) longestMs = fastestMs;
  }
  return longestMs;
}

function hasDurationAbove({ durations }: Instance, ms: number): boolean {
  return durations.some((each) => each > ms && each !== Number.POSITIVE_INFINITY);
}

function nextDurationAbove({ durations }: Instance, ms: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const each of durations) if (each > ms && each < least) least = each;
  return least;
}
