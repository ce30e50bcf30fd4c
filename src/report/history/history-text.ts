import { printable } from '../../core/vocabulary/printable.js';
import { formatDuration } from '../../core/vocabulary/units.js';
import { type Column, table } from '../text/table.js';
import type { DeviceDrift } from './growth.js';
import type { RunHistory } from './run-history.js';

const most = { runs: 10, flaky: 20, growing: 10 };

/** What the kept records tell together, for a terminal. */
export function historyText(history: RunHistory, width: number): string {
  return [
    [runsSentence(history)],
    listed('Last runs', width, runColumns, runRows(history)),
    listed(
      'Flaky: failed, and passed with the same sources on the same kind of device',
      width,
      flakyColumns,
      flakyRows(history),
    ),
    dependentLines(history),
    listed('Slower from run to run', width, growingColumns, growingRows(history)),
    driftLines(history),
  ]
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** `20 whole runs; 4 other records count for what is flaky only; 1 could not be read` */
export function runsSentence({ runs, leftOut, flaky }: RunHistory): string {
  const { notWhole, otherCoverage, unread } = leftOut;
  return [
    `${counted(runs.length, 'whole run')}, ${counted(flaky.length, 'flaky suite')}`,
    ...(notWhole > 0
      ? [`${counted(notWhole, 'run')} of a part (-t, paths, watch mode …): not in the times`]
      : []),
    ...(otherCoverage > 0 ? [`${counted(otherCoverage, 'run')} with other coverage: not in the times`] : []),
    ...(unread > 0 ? [`${counted(unread, 'record')} not read`] : []),
  ].join('; ');
}

/** `cpu AMD EPYC: suites take 12 % longer than at first (20 runs, 48 suites)` */
export function driftText({ deviceKind, ratio, isTrend, runs, suites }: DeviceDrift): string {
  const change = Math.round(Math.abs(ratio - 1) * 100);
  const told = isTrend
    ? `suites take ${change} % ${ratio > 1 ? 'longer' : 'less'} than at first`
    : 'as fast as before';
  return `${printable(deviceKind)}: ${told} (${counted(runs, 'run')}, ${counted(suites, 'suite')})`;
}

const runColumns: readonly Column[] = [
  { title: 'started' },
  { title: 'commit' },
  { title: 'total', right: true },
  { title: 'suites', right: true },
  { title: 'failed', right: true },
  { title: 'flaky', right: true },
];

function runRows({ runs }: RunHistory): readonly (readonly string[])[] {
  return runs
    .slice(-most.runs)
    .map(({ startedAt, commit = '', totalMs, suites, failed, flaky }) => [
      startedAt.slice(0, 16).replace('T', ' '),
      printable(commit).slice(0, 7),
      formatDuration(totalMs),
      String(suites),
      String(failed),
      String(flaky),
    ]);
}

const flakyColumns: readonly Column[] = [
  { title: 'suite', gives: 'start' },
  { title: 'device', gives: 'end' },
  { title: 'failed', right: true },
  { title: 'last' },
];

function flakyRows({ flaky }: RunHistory): readonly (readonly string[])[] {
  return flaky
    .slice(0, most.flaky)
    .flatMap(({ suiteId, devices, lastAt }) =>
      devices.map(({ deviceKind, failures, runs }) => [
        printable(suiteId),
        printable(deviceKind),
        `${failures} of ${counted(runs, 'run')}`,
        lastAt.slice(0, 10),
      ]),
    );
}

function dependentLines({ deviceDependent }: RunHistory): readonly string[] {
  if (deviceDependent.length === 0) return [];
  return [
    'Not luck, but the device: with the same sources',
    ...deviceDependent
      .slice(0, most.flaky)
      .map(({ suiteId, failsOn, passesOn }) =>
        printable(
          `  ${suiteId} always failed on ${failsOn.join(', ')} and always passed on ${passesOn.join(', ')}`,
        ),
      ),
  ];
}

const growingColumns: readonly Column[] = [
  { title: 'suite', gives: 'start' },
  { title: 'device', gives: 'end' },
  { title: 'first', right: true },
  { title: 'now', right: true },
  { title: 'longer', right: true },
];

function growingRows({ growing }: RunHistory): readonly (readonly string[])[] {
  return growing
    .slice(0, most.growing)
    .map(({ suiteId, deviceKind, fromMs, toMs }) => [
      printable(suiteId),
      printable(deviceKind),
      formatDuration(fromMs),
      formatDuration(toMs),
      `${Math.round((toMs / fromMs - 1) * 100)} %`,
    ]);
}

function driftLines({ devices }: RunHistory): readonly string[] {
  return devices.length === 0 ? [] : ['Devices', ...devices.map((device) => `  ${driftText(device)}`)];
}

function listed(
  title: string,
  width: number,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  if (rows.length === 0) return [];
  return [title, ...table(columns, rows, width - 2).map((line) => `  ${line}`)];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
