import type { Estimate } from '../events.js';
import { suitabilityOf, wattsOf } from '../machine/suitability.js';
import type { SlotPool } from '../scheduler/strategy.js';
import type { WorkloadProfile } from '../workload/profile.js';

// Developed on seeds 1 to 140 of bench/online.mjs. Around: `node bench/tuning.mjs FOLDER --seeds 4`, total time over that with
// the value as it is, as geometric mean over 12 cases.
const tuning = {
  /** A suite that is sensitive to latency should take at most this multiple of its shortest time. Not tuned: a policy. */
  latencyTolerance: 1.25,
  /** A suite that is sensitive to power should cost at most this multiple of its least energy. Not tuned: a policy. */
  powerTolerance: 1.1,
  /** Where a suite goes beyond these, it counts as this many times as long. Not tuned: no timing file has sensitive suites. */
  unwantedFactor: 2.5,
  /** From this σ of the logarithm on, an estimate says little about the single suite. 0.5: 1.0000, 2: 1.0004. */
  unmeasuredSpread: 1,
  /** Where a suite that may outlast the run is slower, it counts as slower still, by at most this factor. 1: 1.0003, 4: 1.0012. */
  mostReluctance: 2,
  /** Where a suite of unknown duration suits the device less, it counts as this many times as long. 0.75: 1.0003, 3: 0.9999. */
  unsuitedFactor: 1.5,
} as const;

const noLimit = Number.POSITIVE_INFINITY;

export interface RestOptions {
  /** Suites may go where they cost at most this multiple of their least energy. Default: anywhere. */
  readonly energyTolerance?: number;
  /** When the run should be over, ms from now: suites that may take longer go to fast devices if possible. Default: never. */
  readonly horizonMs?: number;
}

/**
 * Durations as the planner should see them, by index of the pools: expected ones, raised where a suite should go only if
 * nothing better is free. Infinite where the suite cannot run or costs too much energy. Raised where its `@sensitivity`
 * speaks against the device, where it suits the device less and was never measured, and, for a suite that the whole run may
 * have to wait for, in proportion to how much slower the device is.
 */
export function preferredDurations(
  profile: WorkloadProfile,
  places: readonly (SlotPool | undefined)[],
  estimates: readonly (Estimate | undefined)[],
  { energyTolerance = noLimit, horizonMs = noLimit }: RestOptions,
): readonly number[] {
  const durations = estimates.map((estimate) => estimate?.durationMs ?? Number.POSITIVE_INFINITY);
  const fastestMs = Math.min(...durations);
  const joules = (ms: number, index: number) => ms * wattsOf(places[index]?.device);
  const countsEnergy = energyTolerance !== noLimit || profile.sensitivity === 'power';
  const leastJoules = countsEnergy ? Math.min(...durations.map(joules)) : 0;
  const suitsBest = bestSuited(profile, places, estimates);
  const isUnwanted = (ms: number, index: number) =>
    (profile.sensitivity === 'latency' && ms > fastestMs * tuning.latencyTolerance) ||
    (profile.sensitivity === 'power' && joules(ms, index) > leastJoules * tuning.powerTolerance);
  return durations.map((durationMs, index) => {
    const estimate = estimates[index];
    if (estimate === undefined) return Number.POSITIVE_INFINITY;
    if (countsEnergy && joules(durationMs, index) > leastJoules * energyTolerance)
      return Number.POSITIVE_INFINITY;
    // A suite that prefers little power to speed need not hurry.
    const hurries = profile.sensitivity !== 'power' && mayOutlast(horizonMs, estimate);
    const slowness = hurries ? durationMs / fastestMs : 1;
    const reluctance = isUnwanted(durationMs, index)
      ? tuning.unwantedFactor
      : Math.min(tuning.mostReluctance, slowness, Math.exp(estimate.spread));
    return durationMs * reluctance * (suitsBest(index) ? 1 : tuning.unsuitedFactor);
  });
}

/** Whether the suite may take longer than the horizon, by three σ. Of one that was never measured nobody knows. */
function mayOutlast(horizonMs: number, { durationMs, spread }: Estimate): boolean {
  return spread >= tuning.unmeasuredSpread || durationMs * Math.exp(3 * spread) > horizonMs;
}

/**
 * Where a suite that was never measured should go, by what is known of devices. Where that says nothing, to a CPU rather
 * than to an accelerator that others may need. A suite that was measured somewhere may go everywhere.
 */
function bestSuited(
  profile: WorkloadProfile,
  places: readonly (SlotPool | undefined)[],
  estimates: readonly (Estimate | undefined)[],
): (index: number) => boolean {
  if (estimates.some((estimate) => estimate?.basis === 'own-device' || estimate?.basis === 'given'))
    return () => true;
  const hasPreference = profile.operations.length > 0 || profile.preferredMemoryBytes !== undefined;
  const scores = places.map((pool) => {
    if (pool === undefined) return Number.NEGATIVE_INFINITY;
    return hasPreference ? suitabilityOf(profile, pool.device).score : pool.device.class === 'cpu' ? 1 : 0;
  });
  const highest = Math.max(...scores);
  return (index) => scores[index] === highest;
}
