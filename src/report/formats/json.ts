import { printableJson } from '../../core/vocabulary/printable.js';
import type { RunSummary } from '../summary/summary.js';

/** The summary as it is, indented. */
export function jsonReport(summary: RunSummary): string {
  return printableJson(summary);
}
