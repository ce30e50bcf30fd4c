import type { Estimate } from '../events.js';

/** Spread (standard deviation of the logarithm) of what was measured before, when nobody knows better. */
const leastSpread = 0.05;

/**
 * How long a suite still takes that has run for some time: the mean of what is left of a log-normal duration, given that
 * it is longer than what has passed. So what is overdue is expected to go on, the longer the more.
 * @returns Ms ≥ 1.
 */
export function meanResidualLifeMs({ durationMs, spread }: Estimate, elapsedMs: number): number {
  const s = Math.max(leastSpread, spread);
  const elapsed = Math.max(1, elapsedMs);
  // The median of the distribution whose mean is expected.
  const logMedian = Math.log(durationMs) - (s * s) / 2;
  const z = (logMedian - Math.log(elapsed)) / s;
  const survivors = normalBelow(z);
  // So far beyond what was expected that the distribution says nothing any more: it goes on as long as it has run.
  if (survivors < 1e-4) return Math.max(1, elapsed * s);
  return Math.max(1, (durationMs * normalBelow(z + s)) / survivors - elapsed);
}

/**
 * A duration that a suite exceeds once in about a thousand runs: how long it may stand in everybody's way.
 * @returns Ms.
 */
export function upperQuantileMs({ durationMs, spread }: Estimate): number {
  return durationMs * Math.exp(3 * spread - (spread * spread) / 2);
}

/** Share of a normal distribution below z (Abramowitz and Stegun 7.1.26, error below 2e-7). */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const tail =
    t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) *
    Math.exp(-x * x);
  return z >= 0 ? 1 - tail / 2 : tail / 2;
}
