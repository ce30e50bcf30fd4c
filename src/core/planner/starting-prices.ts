/**
 * Dual prices of an instance of which nothing is known: by ascent on a sample of the suites where there are many, then on
 * all of them. The step size decays before a price can reach 0 or 1, so these extremes are tried explicitly.
 */
import { type AscentResult, ascend, leastGain, mostPasses, normalised } from './dual-ascent.js';
import type { IndexedInstance } from './instance.js';
import { type Resources, type Shares, shareOf } from './resources.js';

/**
 * Chosen by `node bench/plan.mjs DIR`. `node bench/sensitivity.mjs DIR starting-prices` plans 68 instances with half and
 * double of each value; figures are changes of the mean makespan, "memory", "shared" and "large" name families of instances.
 */
const tuning = {
  /** Passes over the largest instances. 35: flat; 140: flat, twice the time on large ones. */
  fewestPasses: 70,
  /** Durations to look at in all passes. 2.5e7: flat; 1e8: large +0.02 %. */
  durationsLookedAt: 5e7,
  /** Suites in a sample, at least. 500 and 2000: large +0.01 %, twice the time. */
  sampleSize: 1000,
  /** Samples are taken above this stride. 1.5 and 6: flat. */
  leastStride: 3,
  /** Passes over all suites after the sample. 10: large +0.02 %; 40: large +0.15 %. */
  sampledPasses: 20,
  /** First step of these passes. 0.05 and 0.2: large +0.01 % and +0.02 %, twice the time. */
  sampledStep: 0.1,
  /** The sample misled if the later half of the passes still gains this share. 2.5e-5 and 1e-4: flat. */
  settledGain: 5e-5,
  /** Or if a resource is loaded above this multiple of the bound. 1.05: large +0.01 %, twice the time; 1.2: flat. */
  misjudgedLoad: 1.1,
  /** First step from equal prices. 0.15: shared +0.3 %, large +0.1 %; 0.6: shared -0.25 %, large +0.05 %. */
  coldStep: 0.3,
  /** Passes for a price of nearly 0 or 1: this part of the others. 8 and 2: memory -0.09 % and -0.10 %. */
  extremePassPart: 4,
  /** First step of these. 0.025: memory -0.06 %; 0.1: memory -0.07 %, shared +0.14 %. */
  extremeStep: 0.05,
  /** Load below which a resource is idle, as a share of the bound. 0.9: memory -0.09 %; 0.975: +0.02 %. */
  idleBelow: 0.95,
  /** Share of the bound that the price of an idle resource must cost. 1.5e-4 and 6e-4: memory -0.04 %. */
  leastLoss: 3e-4,
  /** What remains of the price of an idle resource. 0.01: shared +0.13 %; 0.04: -0.04 %; memory -0.07 % with both. */
  idlePriceFactor: 0.02,
  /** Idle resources tried. 2: memory -0.04 %; 8: flat. */
  idleResources: 4,
  /** Starting price of what is not a slot, against 1. 0.1: memory -0.14 %, shared +0.06 %; 0.4: -0.05 %, +0.11 %. */
  otherPrice: 0.2,
} as const;

export const { coldStep } = tuning;

/** The larger the instance, the fewer passes over all of its durations. */
export function passesFor({ durations }: IndexedInstance): number {
  const affordable = Math.round(tuning.durationsLookedAt / (durations.length + 1));
  return Math.max(tuning.fewestPasses, Math.min(mostPasses, affordable));
}

export function freshPrices(instance: IndexedInstance, resources: Resources, passes: number): AscentResult {
  const ascendFrom = (start: Float64Array) =>
    ascend(instance, resources, normalised(start), passes / tuning.extremePassPart, tuning.extremeStep);
  let best = firstPrices(instance, resources, passes);
  // A price of nearly 1 for the resource whose load is the largest whatever the pools.
  const needs = unavoidableLoads(instance, resources);
  const mostMs = Math.max(...needs);
  if (mostMs > best.boundMs * (1 + leastGain)) {
    const most = needs.indexOf(mostMs);
    const next = ascendFrom(
      best.lambda.map((each, index) => (index === most ? 1 : each * tuning.idlePriceFactor)),
    );
    best = next.boundMs > mostMs ? next : { ...next, boundMs: mostMs };
  }
  // A price of nearly 0 for idle resources, one after the other.
  const tried = new Set<number>();
  for (let round = 0; round < tuning.idleResources; round++) {
    const { lambda, boundMs } = best;
    const idle = costliestIdle(best, tried);
    if (idle === undefined) break;
    const next = ascendFrom(
      lambda.map((each, index) => (index === idle ? each * tuning.idlePriceFactor : each)),
    );
    if (next.boundMs <= boundMs * (1 + leastGain)) tried.add(idle);
    else best = next;
  }
  return best;
}

/** The idle resource whose price lowers the bound the most. */
function costliestIdle({ lambda, meanLoad }: AscentResult, tried: ReadonlySet<number>): number | undefined {
  let most: number | undefined;
  let mostLoss: number = tuning.leastLoss;
  lambda.forEach((price, index) => {
    const filled = meanLoad[index] as number;
    const loss = price * (1 - filled);
    if (filled >= tuning.idleBelow || loss <= mostLoss || tried.has(index)) return;
    most = index;
    mostLoss = loss;
  });
  return most;
}

/** By a sample where there are many suites, unless all of them show that it misled. */
function firstPrices(instance: IndexedInstance, resources: Resources, passes: number): AscentResult {
  const equal = equalPrices(instance, resources);
  const stride = Math.floor(instance.suiteCount / tuning.sampleSize);
  if (stride > tuning.leastStride) {
    const sample = sampleOf(instance, resources, stride);
    const near = ascend(sample.instance, sample.resources, equal, mostPasses, coldStep);
    const found = ascend(instance, resources, near.lambda, tuning.sampledPasses, tuning.sampledStep);
    if (found.lateGain < tuning.settledGain && Math.max(...found.load) < tuning.misjudgedLoad) return found;
  }
  return ascend(instance, resources, equal, passes, coldStep);
}

/** Every `stride`-th suite, and that part of what runs already. */
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

/**
 * By resource: for how long the suites take all of it, whatever pools they run on. Each is a lower bound by itself, that of
 * a price of 1 for this resource alone.
 */
function unavoidableLoads(
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

/** Equal for slots. Other resources may not be scarce at all and start cheaper. */
function equalPrices({ poolCount }: IndexedInstance, { count }: Resources): Float64Array {
  return normalised(
    Float64Array.from({ length: count }, (_, index) => (index < poolCount ? 1 : tuning.otherPrice)),
  );
}
