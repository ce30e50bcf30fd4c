import { printable } from '../../core/vocabulary/printable.js';
import { type SuiteRow, suiteRows } from '../summary/suite-rows.js';
import { outcomeText } from '../text/outcomes.js';
import type { ReportFormat } from './format.js';

/** By title, in the order of the columns. Durations in seconds, memory in bytes; empty where there is none. */
const columns: Readonly<Record<string, (row: SuiteRow) => string | number | undefined>> = {
  suite: ({ id }) => id,
  device: ({ device }) => device,
  class: (row) => row.class,
  outcome: ({ outcome }) => outcomeText[outcome],
  time_seconds: ({ timeMs }) => timeMs && timeMs / 1000,
  waited_seconds: ({ waitedMs }) => waitedMs / 1000,
  attempts: ({ attempts }) => attempts,
  peak_memory_bytes: ({ peakMemoryBytes }) => peakMemoryBytes,
  why: ({ why }) => why,
};

/** One line a suite, comma-separated (RFC 4180, but lines end as everywhere else here). */
export const csvFormat: ReportFormat = {
  fileName: 'suites.csv',
  render: ({ summary, events }) =>
    [
      Object.keys(columns).join(','),
      ...suiteRows(summary, events).map((row) =>
        Object.values(columns)
          .map((cellOf) => cell(cellOf(row)))
          .join(','),
      ),
    ].join('\n'),
};

/** Spreadsheets run a cell that begins like a formula, so an apostrophe makes it text. */
function cell(value: string | number | undefined): string {
  if (typeof value !== 'string') return String(value ?? '');
  const line = printable(value).replace(/\p{Cs}/gu, '\ufffd');
  const text = /^\s*[=+\-@]/.test(line) ? `'${line}` : line;
  return /[",']|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
