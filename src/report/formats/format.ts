import type { RunEvent } from '../../core/events.js';
import type { RunHistory } from '../history/run-history.js';
import { type RunSummary, summarise } from '../summary/summary.js';

/** A format of reports. A new one is a file beside this one and a line in the index. */
export interface ReportFormat {
  /** Name of the file that holds such a report. No two formats share one. */
  readonly fileName: string;
  /**
   * Turns a run into text, without a newline at its end. Pure. Names, reasons and output in a run may come from anybody, so
   * none of them may reach the text as markup, as an escape sequence or as a command for a CI service.
   */
  render(run: ReportedRun, options: ReportOptions): string;
}

/** A run, or the beginning of one. */
export interface ReportedRun {
  readonly summary: RunSummary;
  /** What the summary was computed from, for formats that need the order of events. */
  readonly events: readonly RunEvent[];
  /** What it and the records beside it tell together; left out where nobody looks for them. They are read when it is called. */
  readonly past?: () => RunHistory;
}

export interface ReportOptions {
  /** Whether the reader is a terminal that shows colours. */
  readonly color: boolean;
  /** Columns of the terminal. Formats for files ignore it. */
  readonly width: number;
  /** Path of the record, for readers who want all of it; left out: the report refers to `the record`. */
  readonly recordPath?: string;
}

export function reportedRun(events: readonly RunEvent[]): ReportedRun {
  return { summary: summarise(events), events };
}

/** @param read What the run and the records beside it tell together: called once, when the first format asks for it. */
export function withPast(run: ReportedRun, read: () => RunHistory): ReportedRun {
  let known: RunHistory | undefined;
  return {
    ...run,
    past: () => {
      known ??= read();
      return known;
    },
  };
}

/** Options for a report that goes into a file. */
export function fileOptions(recordPath?: string): ReportOptions {
  return { color: false, width: 120, ...(recordPath !== undefined && { recordPath }) };
}
