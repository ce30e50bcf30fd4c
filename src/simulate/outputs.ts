import { printableJson } from '../core/vocabulary/printable.js';
import { formatDuration } from '../core/vocabulary/units.js';
import { simulatedPage } from '../report/formats/html/html.js';
import { plainPage } from '../report/formats/html/plain-page.js';
import type { DrawnResult } from './case.js';
import { simulatedRun } from './drawn-run.js';
import { pngOf, svgOf } from './pictures.js';
import type { SimulationResult } from './result.js';

/** Every kind of file for results, by the extension of its name. */
export const outputFormats = {
  json: (drawn) => jsonOf(resultsOf(drawn)),
  csv: (drawn) => csvOf(resultsOf(drawn)),
  svg: (drawn, title) => svgOf(drawn, title),
  png: async (drawn, title) => pngOf(svgOf(drawn, title)),
  html: (drawn, title) => htmlOf(drawn, title),
} as const satisfies Record<
  string,
  (drawn: readonly DrawnResult[], title: string) => string | Promise<string | Uint8Array>
>;

function resultsOf(drawn: readonly DrawnResult[]): readonly SimulationResult[] {
  return drawn.map(({ result }) => result);
}

/** One result as it is, several as `{ version, simulated, results }`. */
export function jsonOf(results: readonly SimulationResult[]): string {
  const [only] = results;
  const value = results.length === 1 ? only : { version: 1, simulated: true, results };
  return `${printableJson(value)}\n`;
}

/** The compared figures, one column each. Titles are those of CSV and JSON. */
const columns: readonly {
  readonly title: string;
  readonly of: (result: SimulationResult) => number | string;
  readonly text: (result: SimulationResult) => string;
}[] = [
  { title: 'strategy', of: ({ strategy }) => strategy, text: ({ strategy }) => strategy },
  {
    title: 'makespanMs',
    of: ({ makespanMs }) => makespanMs,
    text: ({ makespanMs }) => formatDuration(makespanMs),
  },
  { title: 'ratio', of: ({ ratio }) => ratio, text: ({ ratio }) => ratio.toFixed(3) },
  {
    title: 'utilisation',
    of: ({ utilisation }) => utilisation,
    text: ({ utilisation }) => `${Math.round(utilisation * 100)} %`,
  },
  { title: 'waitP50Ms', of: ({ waitMs }) => waitMs.p50, text: ({ waitMs }) => formatDuration(waitMs.p50) },
  { title: 'waitP95Ms', of: ({ waitMs }) => waitMs.p95, text: ({ waitMs }) => formatDuration(waitMs.p95) },
  {
    title: 'energyJoules',
    of: ({ energyJoules }) => energyJoules,
    text: ({ energyJoules }) => `${(energyJoules / 1000).toFixed(1)} kJ`,
  },
  { title: 'moves', of: ({ moves }) => moves, text: ({ moves }) => String(moves) },
  {
    title: 'planCpuMs',
    of: ({ planCpuMs }) => planCpuMs,
    text: ({ planCpuMs }) => `${planCpuMs.toFixed(1)} ms`,
  },
];

/** Titles and cells for a table. */
export function rowsOf(results: readonly SimulationResult[]): {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
} {
  return {
    titles: [
      'strategy',
      'total time',
      'x best possible',
      'busy',
      'half started by',
      '95 % started by',
      'energy',
      'repeats',
      'decided in',
    ],
    rows: results.map((result) => columns.map(({ text }) => text(result))),
  };
}

/** One line for each strategy. Attempts are in the JSON output only. */
function csvOf(results: readonly SimulationResult[]): string {
  const lines = [
    columns.map(({ title }) => title).join(','),
    ...results.map((result) => columns.map(({ of }) => of(result)).join(',')),
  ];
  return `${lines.join('\n')}\n`;
}

/** Of one result the page that a report of such a run would be; of several a table and bars. */
function htmlOf(drawn: readonly DrawnResult[], title: string): string {
  const [only] = drawn;
  if (drawn.length === 1 && only !== undefined) return simulatedPage(simulatedRun(only), title);
  const { titles, rows } = rowsOf(resultsOf(drawn));
  const notice =
    'Simulated: no suite ran. Energy is the rated watts of a device, else the typical ones of its class, × time.';
  return plainPage(title, notice, { titles, rows }, svgOf(drawn, title));
}
