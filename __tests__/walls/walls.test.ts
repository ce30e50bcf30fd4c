import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rowOf, violationsOf } from './check.js';
import { mayImport } from './may-import.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const source = `${repository}src/`;

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.c?ts$/.test(path));

test('no file of src reaches over a wall', () => {
  const violations = files.flatMap((path) => violationsOf(path, readFileSync(source + path, 'utf8')));
  expect(violations).toEqual([]);
});

test('every row holds files, and imports rows above it', () => {
  const rows = Object.keys(mayImport);
  const known = new Set(files.map(rowOf));
  expect(rows.filter((row) => !known.has(row))).toEqual([]);
  for (const [row, imported] of Object.entries(mayImport)) {
    const later = rows.slice(rows.indexOf(row) + 1);
    expect([row, imported.filter((name) => later.includes(name))]).toEqual([row, []]);
  }
});

test('the architecture page shows the table', () => {
  const lines = Object.entries(mayImport).map(
    ([row, imported]) => `| ${row} | ${imported.filter((name) => name !== row).join(', ') || '–'} |`,
  );
  const table = ['| files of | may import |', '| --- | --- |', ...lines].join('\n');
  expect(readFileSync(`${repository}docs/architecture.md`, 'utf8')).toContain(table);
});

test.each([
  ['core/scheduler/scheduler.ts', 'const now = Date.now();'],
  ['core/scheduler/backlog.ts', 'const at = new Date();'],
  ['core/planner/search.ts', 'const chance = Math.random();'],
  ['core/estimate/estimate.ts', 'const at = performance.now();'],
  ['core/strategies/pull.ts', 'setTimeout(() => {}, 1);'],
  ['core/machine/heat.ts', 'const home = process.env.HOME;'],
  ['core/planner/start.ts', 'const weight = 2 ** 0.7;'],
  ['core/offline/deal.ts', 'const weight = Math.log(2);'],
  ['core/vocabulary/hash.ts', 'let weight = 2; weight **= 3;'],
  ['core/machine/machine.ts', "import { readFileSync } from 'node:fs';"],
  ['core/workload/parse.ts', "import * as v from 'valibot';"],
  ['core/vocabulary/units.ts', "import { profileOf } from '../workload/profile.js';"],
  ['core/planner/plan.ts', "import type { Slot } from '../events.js';"],
  ['core/scheduler/filters.ts', "import { strategies } from '../strategies/index.js';"],
  ['detect/nvidia/probe.ts', "import { execFile } from 'node:child_process';"],
  ['detect/detect.ts', "import { simulate } from '../simulate/simulate.js';"],
  ['report/formats/json.ts', "export { withHardware } from '../../index.js';"],
  ['jest/runner.ts', "const screen = await import('../cli/screen.js');"],
  ['cli/main.ts', "import { HardwareRunner } from '../jest/runner.js';"],
  ['record/read.ts', "const jest = require('jest');"],
  ['host/live.ts', "import { detectMachine } from '../detect/detect.js';"],
  ['simulate/simulate.ts', "import { liveHost } from '../host/live.js';"],
])('a wall stops %s: %s', (path, text) => {
  expect(violationsOf(path, text)).toHaveLength(1);
});
