import { printable } from '../../core/vocabulary/printable.js';
import { formatDuration } from '../../core/vocabulary/units.js';
import { outcomeText } from '../text/outcomes.js';
import { type Column, table } from '../text/table.js';
import type { ChangedFact } from './changed-facts.js';
import type { ChangedTime, DeviceShift } from './changed-times.js';
import type { ChangedOutcome, Comparison, MovedSuite } from './comparison.js';

/** Longer lists are cut; the JSON has all. */
const mostRows = 15;

/** What differs between two runs, for a terminal. */
export function comparisonText(comparison: Comparison, width: number): string {
  const { settings, machines, devices, newlyFailing, newlyPassing, stillFailing } = comparison;
  const { slower, faster, moved, waitedLonger, added, removed, notAskedFor } = comparison;
  const sections = [
    headLines(comparison),
    listed('Settings', settings.map(factText)),
    listed('Machines', machines.map(factText)),
    listed('Devices', devices.map(shiftText)),
    listed('Failing now', newlyFailing.map(outcomeSentence)),
    listed('Passing now', newlyPassing.map(outcomeSentence)),
    listed('Failing in both runs', stillFailing.map(printable)),
    tabled('Slower than these suites usually vary', timeColumns, slower.map(timeRow), width),
    tabled('Faster than these suites usually vary', timeColumns, faster.map(timeRow), width),
    tabled('On another device', movedColumns, moved.map(movedRow), width),
    listed(
      'Waited longer',
      waitedLonger.map(({ suiteId, beforeMs, afterMs, waitedFor }) => {
        const what = waitedFor === undefined ? '' : `: ${waitedFor}`;
        return printable(`${suiteId}: ${formatDuration(afterMs)}, was ${formatDuration(beforeMs)}${what}`);
      }),
    ),
    listed('New suites', added.map(printable)),
    listed('Suites that are gone', removed.map(printable)),
    notAskedFor === 0
      ? []
      : [`${counted(notAskedFor, 'suite')} of only one run: the other was asked for a part, or did not end`],
  ];
  const shown = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return (shown.length === 1 ? [...shown, 'Nothing else differs beyond what usually varies.'] : shown).join(
    '\n\n',
  );
}

function headLines({ before, after, time }: Comparison): readonly string[] {
  const { common, addedMs, removedMs } = time;
  const was = before.verdict === after.verdict ? 'as before' : `was ${before.verdict}`;
  return [
    `${printable(after.verdict)} (${printable(was)})`,
    `Total time ${formatDuration(after.totalMs)}, was ${formatDuration(before.totalMs)}${shareText(before.totalMs, after.totalMs)}`,
    [
      `  suites of both runs took ${formatDuration(common.afterMs)} together, were ${formatDuration(common.beforeMs)}`,
      ...(addedMs > 0 ? [`only in the later run ${formatDuration(addedMs)}`] : []),
      ...(removedMs > 0 ? [`only in the earlier run ${formatDuration(removedMs)}`] : []),
    ].join('; '),
    `  earlier: ${printable(before.record)}${before.startedAt === undefined ? '' : ` (${before.startedAt})`}`,
    `  later:   ${printable(after.record)}${after.startedAt === undefined ? '' : ` (${after.startedAt})`}`,
  ];
}

function factText({ what, before, after }: ChangedFact): string {
  if (before === undefined) return printable(`${what}: ${after}, had none`);
  if (after === undefined) return printable(`${what}: none, was ${before}`);
  return printable(`${what}: ${after}, was ${before}`);
}

function shiftText({ deviceKind, ratio, suites }: DeviceShift): string {
  const change = `${Math.round(Math.abs(ratio - 1) * 100)} % ${ratio > 1 ? 'longer' : 'less'}`;
  return `${printable(deviceKind)}: all suites took ${change} (median of ${suites}), which is taken off below`;
}

function outcomeSentence({ suiteId, before, after, device, cause }: ChangedOutcome): string {
  const was = before === 'not in the run' ? 'not in the earlier run' : `was ${outcomeText[before]}`;
  return printable(
    `${suiteId}: ${outcomeText[after]}${device === undefined ? '' : ` on ${device}`}, ${was}${cause === undefined ? '' : `; ${firstLine(cause)}`}`,
  );
}

const timeColumns: readonly Column[] = [
  { title: 'suite', gives: 'start' },
  { title: 'device', gives: 'end' },
  { title: 'now', right: true },
  { title: 'was', right: true },
  { title: 'change', right: true },
  { title: 'usual' },
];

function timeRow({ suiteId, deviceKind, beforeMs, afterMs, usualShare }: ChangedTime): readonly string[] {
  return [
    printable(suiteId),
    printable(deviceKind),
    formatDuration(afterMs),
    formatDuration(beforeMs),
    shareText(beforeMs, afterMs).slice(2, -1),
    `up to ${Math.round(usualShare * 100)} %`,
  ];
}

const movedColumns: readonly Column[] = [
  { title: 'suite', gives: 'start' },
  { title: 'now on', gives: 'end' },
  { title: 'was on', gives: 'end' },
  { title: 'now', right: true },
  { title: 'was', right: true },
  { title: '' },
];

function movedRow({ suiteId, before, after, beforeMs, afterMs, isDegraded }: MovedSuite): readonly string[] {
  return [
    printable(suiteId),
    printable(after),
    printable(before),
    formatDuration(afterMs),
    formatDuration(beforeMs),
    isDegraded ? 'degraded' : '',
  ];
}

/** ` (+22 %)`; empty where there is nothing to compare with. */
function shareText(beforeMs: number, afterMs: number): string {
  if (beforeMs <= 0) return '';
  const percent = Math.round((afterMs / beforeMs - 1) * 100);
  return ` (${percent > 0 ? '+' : percent < 0 ? '−' : '±'}${Math.abs(percent)} %)`;
}

function listed(title: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [];
  return [title, ...cut(lines).map((line) => `  ${line}`)];
}

function tabled(
  title: string,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly string[] {
  if (rows.length === 0) return [];
  const hidden = rows.length - mostRows;
  const more = hidden > 0 ? [`  + ${hidden} more`] : [];
  return [title, ...table(columns, rows.slice(0, mostRows), width - 2).map((line) => `  ${line}`), ...more];
}

function cut(lines: readonly string[]): readonly string[] {
  return lines.length <= mostRows
    ? lines
    : [...lines.slice(0, mostRows), `+ ${lines.length - mostRows} more`];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
