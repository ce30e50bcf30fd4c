import { printableJson } from './printable.js';
import type { RunSummary } from './summary.js';

/** The summary as it is, indented. */
export function jsonReport(summary: RunSummary): string {
  return printableJson(summary);
}
