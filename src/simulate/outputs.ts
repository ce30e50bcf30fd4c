import { printableJson } from '../core/vocabulary/printable.js';
import { formatDuration } from '../core/vocabulary/units.js';
import { pngOf, svgOf } from './pictures.js';
import type { SimulationResult } from './result.js';

/** Every kind of file for results, by the extension of its name. */
export const outputFormats = {
  json: (results) => jsonOf(results),
  csv: (results) => csvOf(results),
  svg: (results, title) => svgOf(results, title),
  png: async (results, title) => pngOf(await svgOf(results, title)),
  html: (results, title) => htmlOf(results, title),
} as const satisfies Record<
  string,
  (results: readonly SimulationResult[], title: string) => string | Promise<string | Uint8Array>
>;

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

async function htmlOf(results: readonly SimulationResult[], title: string): Promise<string> {
  const { titles, rows } = rowsOf(results);
  const line = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<!doctype html>
<meta charset="utf-8">
<title>${escaped(title)}</title>
<style>body{font:14px system-ui;margin:2em}td,th{padding:.3em .8em;text-align:right}td:first-child,th:first-child{text-align:left}</style>
<h1>${escaped(title)}</h1>
<p>Simulated: no suite ran. Energy is the rated watts of a device, else the typical ones of its class, × time.</p>
<table>
${line('th', titles)}
${rows.map((cells) => line('td', cells)).join('\n')}
</table>
${await svgOf(results, title)}
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
