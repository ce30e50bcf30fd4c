import { formatBytes, formatDuration } from '../../../../core/vocabulary/units.js';
import { type Run, typesOf, workloadOf } from '../../../drawing/run.js';
import { outcomeText } from '../../../text/outcomes.js';
import { outcomeRanks } from '../outcome-ranks.js';
import type { PageSuite } from '../page-data.js';
import { outcomeMark, suiteDetails } from './details.js';
import { element, section } from './dom.js';
import { filterBar } from './filters.js';
import { type Column, pagedTable } from './paged-table.js';

const ranks = ['bad', 'odd', 'good'];

/** Every suite: searched, filtered, sorted. */
export function suitesSection(run: Run): HTMLElement {
  const table = pagedTable<PageSuite>({
    caption: 'Every suite',
    noun: 'suite',
    columns: columnsOf(run),
    details: (suite) => suiteDetails(run, suite),
    // What failed comes first.
    sortedBy: { column: 1, descending: false },
  });
  table.show(run.suites);
  return section('suites', 'Suites', filterBar(run, table.show), table.root);
}

function columnsOf(run: Run): readonly Column<PageSuite>[] {
  const last = ({ attempts }: PageSuite) => attempts.at(-1);
  const devices = (suite: PageSuite) => typesOf(run, last(suite)).join(' + ');
  const expected = (suite: PageSuite) => last(suite)?.expectedMs;
  return [
    { name: 'Suite', cell: ({ id }) => id, key: ({ id }) => id },
    {
      name: 'Outcome',
      cell: outcomeMark,
      key: ({ outcome }) => `${ranks.indexOf(outcomeRanks[outcome])} ${outcomeText[outcome]}`,
    },
    { name: 'Device', cell: devices, key: (suite) => devices(suite) || undefined },
    durations('Time', (suite) => last(suite)?.heldMs),
    { ...durations('Expected', expected), wide: true },
    { ...durations('Waited', ({ waitedMs }) => waitedMs), wide: true },
    {
      name: 'Memory',
      kind: 'number',
      wide: true,
      cell: (suite) => textOf(last(suite)?.peakBytes, formatBytes),
      key: (suite) => last(suite)?.peakBytes,
    },
    {
      name: 'Attempts',
      kind: 'number',
      wide: true,
      cell: ({ attempts }) => String(attempts.length),
      key: ({ attempts }) => attempts.length,
    },
    {
      name: 'Workload',
      wide: true,
      cell: (suite) => workloadOf(run, suite),
      key: (suite) => workloadOf(run, suite),
    },
  ];
}

function durations(name: string, msOf: (suite: PageSuite) => number | undefined): Column<PageSuite> {
  return { name, kind: 'number', cell: (suite) => textOf(msOf(suite), formatDuration), key: msOf };
}

function textOf(amount: number | undefined, format: (amount: number) => string): string {
  return amount === undefined ? '' : format(amount);
}

/** More columns are more than a reader can compare. */
const mostDevices = 24;

/** Which device took how long for what; undefined where all suites ran on one device. */
export function matrixSection(run: Run): HTMLElement | undefined {
  if (run.usedTypes.length < 2) return undefined;
  const types = run.usedTypes.slice(0, mostDevices);
  const left = run.usedTypes.length - types.length;
  const msOn = (suite: PageSuite, type: string) =>
    suite.attempts.findLast((attempt) => typesOf(run, attempt).includes(type))?.heldMs;
  const ran = run.suites.filter(({ attempts }) => attempts.length > 0);
  const mostMs = ran.reduce(
    (most, { attempts }) => attempts.reduce((ms, { heldMs }) => Math.max(ms, heldMs), most),
    1,
  );
  const table = pagedTable<PageSuite>({
    caption: 'Time of each suite on each device',
    noun: 'suite',
    columns: [
      { name: 'Suite', cell: ({ id }) => id, key: ({ id }) => id },
      ...types.map((type) => ({
        ...durations(type, (suite) => msOn(suite, type)),
        shade: (suite: PageSuite) => {
          const ms = msOn(suite, type);
          return ms === undefined ? undefined : Math.log1p(ms) / Math.log1p(mostMs);
        },
      })),
    ],
    sortedBy: { column: 1, descending: true },
  });
  table.show(ran);
  return section(
    'matrix',
    'Suites by device',
    element(
      'p',
      { class: 'hint' },
      `Time of the last attempt on each device; the darker, the longer.${left === 0 ? '' : ` ${left} more devices are left out.`}`,
    ),
    table.root,
  );
}
