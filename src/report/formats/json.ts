import { printableJson } from '../../core/vocabulary/printable.js';
import type { RunSummary } from '../summary/summary.js';

/** The whole summary as indented JSON. */
export function jsonReport(summary: RunSummary): string {
  return printableJson(summary);
}
