import { printable } from '../../core/vocabulary/printable.js';
import { formatDuration } from '../../core/vocabulary/units.js';
import type { ReportedRun } from '../formats/format.js';
import { type SuiteRow, suiteRows } from '../summary/suite-rows.js';
import { failsRun } from '../summary/verdict.js';
import { outcomeText } from './outcomes.js';
import { table } from './table.js';

/**
 * One line a suite: where it ran, for how long, what it waited for others, and why. What failed comes first, then the slowest,
 * and last what never ran.
 * @param width Columns of the terminal. Names lose their start and reasons their end where it is too narrow.
 */
export function suiteList({ summary, events }: ReportedRun, width: number): string {
  const isFleet = summary.machines.length > 1;
  const rows = suiteRows(summary, events).toSorted(
    (a, b) => rankOf(a) - rankOf(b) || (b.timeMs ?? 0) - (a.timeMs ?? 0) || (a.id < b.id ? -1 : 1),
  );
  const hasWaits = rows.some(({ waitedMs }) => waitedMs > 0);
  const cellsOf = ({ id, device = '', timeMs, waitedMs, outcome, why }: SuiteRow) => [
    printable(id),
    printable(isFleet ? device : device.replaceAll(/[^ /]+\//g, '')),
    timeMs === undefined ? '' : formatDuration(timeMs),
    ...(hasWaits ? [waitedMs === 0 ? '' : formatDuration(waitedMs)] : []),
    printable(
      [...(outcome === 'passed' ? [] : [outcomeText[outcome]]), ...(why === '' ? [] : [why])].join(': '),
    ),
  ];
  const columns = [
    { title: 'suite', gives: 'start' },
    { title: 'device', gives: 'end' },
    { title: 'time', right: true },
    ...(hasWaits ? [{ title: 'waited', right: true }] : []),
    { title: 'why', gives: 'end' },
  ] as const;
  return table(columns, rows.map(cellsOf), width).join('\n');
}

function rankOf({ outcome, timeMs }: SuiteRow): number {
  if (failsRun(outcome)) return 0;
  return timeMs === undefined ? 2 : 1;
}
