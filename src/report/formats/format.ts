import type { RunSummary } from '../summary/summary.js';

export interface ReportOptions {
  /** Whether the reader is a terminal that shows colours. */
  readonly color: boolean;
  /** Columns of the terminal; a report that is not read there ignores it. */
  readonly width: number;
  /** Where to read on; left out: not said. */
  readonly recordPath?: string;
}

/** Turns a summary into text, without a newline at its end. Pure. */
export type ReportFormat = (summary: RunSummary, options: ReportOptions) => string;
