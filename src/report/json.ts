import type { RunSummary } from './summary.js';

/** The summary as it is, indented. */
export function jsonReport(summary: RunSummary): string {
  return JSON.stringify(summary, null, 2);
}
