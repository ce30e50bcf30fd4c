import { formatDuration } from '../../core/vocabulary/units.js';

/**
 * `1.19 x the best possible 5.1 s`: a total time beside the time that no order of the same suites beats (the lower bound).
 * @param digits Of the ratio, behind the point.
 */
export function besideBestPossible(totalMs: number, bestPossibleMs: number, digits: number): string {
  return `${(totalMs / bestPossibleMs).toFixed(digits)} x the best possible ${formatDuration(bestPossibleMs)}`;
}
