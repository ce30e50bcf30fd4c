import type { RunSummary } from '../summary/summary.js';
import { printableJson } from '../text/printable.js';

/** The summary as it is, indented. */
export function jsonReport(summary: RunSummary): string {
  return printableJson(summary);
}
