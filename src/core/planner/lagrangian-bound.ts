import { type Improved, improve, mostPasses, normalised, ratesOf, worthwhile } from './dual-ascent.js';
import type { IndexedInstance } from './instance.js';
import { type Resources, resourcesOf, type Shares, shareOf } from './resources.js';

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
  /** [class × poolCount + pool]: price of a ms of a suite of that class there. */
  readonly rates: Float64Array;
  /** Durations above are as good as infinite: no schedule of the bound's length has room for them. Ms. */
  readonly forbiddenAboveMs: number;
  /** The longest suite on its fastest pool, ms. */
  readonly longestMs: number;
  readonly resources: Resources;
}

/** Passes over all suites for instances of millions of durations, which need fewer. */
const fewestPasses = 70;
const warmPasses = 12;
const durationsLookedAt = 5e7;
/** Suites in a sample, at least. */
const sampleSize = 1000;
const sampledPasses = 20;
const sampledStep = 0.1;
/** Prices from a sample are not good enough where the later half of the passes still gains this share. */
const settled = 5e-5;
/** Nor where something is fuller than this, over the bound: the sample lacked what needs it. */
const misjudged = 1.1;
/** Load over the bound of what is idle, by what share its price must lower the bound to be looked at, what is left of it. */
const idleBelow = 0.95;
const leastLoss = 3e-4;
const idleShare = 0.02;
/** Sums of many products are never exact. */
const roundingError = 1e-9;
/** First steps: of prices that nothing is known of, and of those that are nearly right. */
const firstStep = 0.3;
const warmStep = 0.05;

/** @param before Prices of nearly the same instance, from which few passes are enough. */
export function pricesOf(instance: IndexedInstance, before?: Float64Array): Prices {
  const resources = resourcesOf(instance);
  const longestMs = longestOf(instance);
  const isWarm = before !== undefined && before.length === resources.count;
  const passes = isWarm ? warmPasses : passesFor(instance);
  const first = isWarm
    ? improve(instance, resources, before, warmPasses, warmStep)
    : freshPrices(instance, resources, passes);
  let best = first;
  let boundMs = Math.max(first.boundMs, longestMs);
  let forbiddenAboveMs = Number.POSITIVE_INFINITY;
  // Were there a schedule of length T, it would use no duration above T; where the bound without them is above T, there
  // is none, and T is a bound itself. That matters where a few long suites dominate.
  for (let round = 0; round < 6 && hasDurationAbove(instance, boundMs); round++) {
    const next = improve(
      instance,
      resources,
      best.lambda,
      passes / 3,
      isWarm ? warmStep : firstStep,
      boundMs,
    );
    best = next;
    forbiddenAboveMs = boundMs;
    if (next.boundMs <= boundMs * 1.0005) break;
    // Between this T and the bound it refutes; the next T must again be refuted to count.
    const refutedMs = boundMs;
    const nextMs = nextDurationAbove(instance, refutedMs);
    boundMs = Math.min(next.boundMs, nextMs);
  }
  return {
    boundMs: wholeBound(instance, boundMs),
    lambda: best.lambda,
    rates: ratesOf(instance, resources, best.lambda),
    forbiddenAboveMs,
    longestMs,
    resources,
  };
}

/** The steps of the passes are soon too short to find out that something is worth everything, or nothing. */
function freshPrices(instance: IndexedInstance, resources: Resources, passes: number): Improved {
  const again = (start: Float64Array) =>
    improve(instance, resources, normalised(start), passes / 4, warmStep);
  let best = firstPrices(instance, resources, passes);
  const needs = needsOf(instance, resources);
  const mostMs = Math.max(...needs);
  if (mostMs > best.boundMs * (1 + worthwhile)) {
    const most = needs.indexOf(mostMs);
    const next = again(best.lambda.map((each, index) => (index === most ? 1 : each * idleShare)));
    best = next.boundMs > mostMs ? next : { ...next, boundMs: mostMs };
  }
  const tried = new Set<number>();
  for (let round = 0; round < 4; round++) {
    const { lambda, boundMs } = best;
    const idle = mostIdle(best, tried);
    if (idle === undefined) break;
    const next = again(lambda.map((each, index) => (index === idle ? each * idleShare : each)));
    if (next.boundMs <= boundMs * (1 + worthwhile)) tried.add(idle);
    else best = next;
  }
  return best;
}

/** Whose price costs the bound the most, as it stands idle. */
function mostIdle({ lambda, meanLoad }: Improved, tried: ReadonlySet<number>): number | undefined {
  let most: number | undefined;
  let mostLoss = leastLoss;
  lambda.forEach((price, index) => {
    const filled = meanLoad[index] as number;
    const loss = price * (1 - filled);
    if (filled >= idleBelow || loss <= mostLoss || tried.has(index)) return;
    most = index;
    mostLoss = loss;
  });
  return most;
}

/** Of many suites a sample says nearly all about the prices: few passes over all of them are enough, mostly. */
function firstPrices(instance: IndexedInstance, resources: Resources, passes: number): Improved {
  const equal = equalPrices(instance, resources);
  const stride = Math.floor(instance.suiteCount / sampleSize);
  if (stride > 3) {
    const sample = sampleOf(instance, resources, stride);
    const near = improve(sample.instance, sample.resources, equal, mostPasses, firstStep);
    const found = improve(instance, resources, near.lambda, sampledPasses, sampledStep);
    if (found.lastGain < settled && Math.max(...found.load) < misjudged) return found;
  }
  return improve(instance, resources, equal, passes, firstStep);
}

/** Every so many suites, on a fleet that is busy with so much less before. */
function sampleOf(instance: IndexedInstance, resources: Resources, stride: number) {
  const { poolCount, durations, baseMs } = instance;
  const suiteCount = Math.floor(instance.suiteCount / stride);
  const sampled = new Float64Array(suiteCount * poolCount);
  const groupOf = new Int32Array(suiteCount);
  for (let suite = 0; suite < suiteCount; suite++) {
    const from = suite * stride;
    sampled.set(durations.subarray(from * poolCount, (from + 1) * poolCount), suite * poolCount);
    groupOf[suite] = resources.groupOf[from] as number;
  }
  return {
    instance: { ...instance, suiteCount, durations: sampled, baseMs: baseMs.map((ms) => ms / stride) },
    resources: { ...resources, groupOf },
  };
}

/** By resource: for how long suites take all of it wherever they run. By itself a bound, that of a price of 1 for it alone. */
function needsOf(
  { suiteCount, poolCount, durations, baseMs, slots }: IndexedInstance,
  resources: Resources,
): Float64Array {
  const { shares, groupOf, count } = resources;
  const needs = new Float64Array(count);
  baseMs.forEach((ms, pool) => {
    needs[pool] = ms / (slots[pool] as number);
  });
  for (let suite = 0; suite < suiteCount; suite++) {
    const row = suite * poolCount;
    const rateRow = (groupOf[suite] as number) * poolCount;
    const isPossible = (pool: number) => durations[row + pool] !== Number.POSITIVE_INFINITY;
    let first = 0;
    while (first < poolCount && !isPossible(first)) first++;
    if (first === poolCount) continue;
    for (const { resource } of shares[rateRow + first] as Shares) {
      let least = Number.POSITIVE_INFINITY;
      for (let pool = first; pool < poolCount && least > 0; pool++) {
        if (!isPossible(pool)) continue;
        const share = shareOf(shares[rateRow + pool] as Shares, resource);
        least = Math.min(least, (durations[row + pool] as number) * share);
      }
      needs[resource] = (needs[resource] as number) + least;
    }
  }
  return needs;
}

/** Durations are whole ms: so are the ends of all schedules, where slots come free at whole ms. */
function wholeBound({ given }: IndexedInstance, boundMs: number): number {
  const isWhole = given.pools.every(({ freeAtMs = [] }) => freeAtMs.every(Number.isInteger));
  return isWhole ? Math.ceil(boundMs * (1 - roundingError)) : boundMs;
}

function passesFor({ durations }: IndexedInstance): number {
  return Math.max(fewestPasses, Math.min(mostPasses, Math.round(durationsLookedAt / (durations.length + 1))));
}

function equalPrices({ poolCount }: IndexedInstance, { count }: Resources): Float64Array {
  // What may not be scarce at all starts cheap.
  return normalised(Float64Array.from({ length: count }, (_, index) => (index < poolCount ? 1 : 0.2)));
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
