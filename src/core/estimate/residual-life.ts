import type { Estimate } from '../events.js';

/** Durations are log-normal with σ = `spread`. Not tuned: even exact durations vary this much (σ). */
const leastLogSd = 0.05;

/**
 * Mean residual life: the expected rest of a log-normal duration, given that it is longer than the time elapsed. An overdue
 * suite is expected to go on, the longer the more.
 * @returns Ms ≥ 1.
 */
export function meanResidualLifeMs({ durationMs, spread }: Estimate, elapsedMs: number): number {
  const s = Math.max(leastLogSd, spread);
  const elapsed = Math.max(1, elapsedMs);
  // The estimate is the mean of the distribution; this is its median.
  const logMedian = Math.log(durationMs) - (s * s) / 2;
  const z = (logMedian - Math.log(elapsed)) / s;
  const survivors = normalBelow(z);
  // In the far tail the quotient below loses its digits. There the rest is proportional to the time elapsed.
  if (survivors < 1e-4) return Math.max(1, elapsed * s);
  return Math.max(1, (durationMs * normalBelow(z + s)) / survivors - elapsed);
}

/**
 * Upper quantile of the duration: exceeded once in about a thousand runs (3 σ).
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
