import type { RunSummary } from '../summary/summary.js';

export interface ReportOptions {
  /** Whether the reader is a terminal that shows colours. */
  readonly color: boolean;
  /** Columns of the terminal. Formats for files ignore it. */
  readonly width: number;
  /** Path of the record, for readers who want all of it; left out: the report refers to `the record`. */
  readonly recordPath?: string;
}

/** Turns a summary into text, without a newline at its end. Pure. */
export type ReportFormat = (summary: RunSummary, options: ReportOptions) => string;
