import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { temporaryDirectory } from '../detect/temporary-host.js';
import { run as runCommand } from './run.js';

const run = (...argv: string[]) => runCommand(['report', '--history', ...argv]);
const failing = readFileSync('fixtures/records/cpu-only.jsonl', 'utf8');
const passing = failing.replace('"status":"failed"', '"status":"passed"');
const narrowed = passing.replace('"filtered":false', '"filtered":true,"narrowedBy":["paths"]');

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
});

test('what failed and passed with the same commit is flaky, by device; runs of a part are not in the times', async () => {
  put(1, passing);
  put(2, failing);
  put(3, narrowed);
  put(4, 'damaged');
  const { code, out } = await run(folder);
  expect(code).toBe(0);
  expect(out).toContain(
    '2 whole runs, 1 flaky suite; 1 run of a part (-t, paths, watch mode …): not in the times; 1 record not read',
  );
  expect(out).toMatch(/^ {2}src\/tax\.test\.ts +cpu AMD EPYC 7B13 +1 of 3 runs +2026-01-02$/m);
  expect(out.match(/^ {2}2026-01-.*1\.6 s/gm)).toHaveLength(2);
  const markdown = await run(folder, '--format', 'markdown');
  expect(markdown.out).toContain(
    '- **flaky** `src/tax.test.ts`: failed in 1 of 3 runs on `cpu AMD EPYC 7B13`',
  );
});

test('reports of one run tell of the runs before it in its folder, not of later ones', async () => {
  const report = async (day: number, format: string) =>
    (await runCommand(['report', join(folder, name(day)), '--format', format])).out;
  put(1, passing);
  put(2, failing);
  put(3, passing);
  expect(await report(2, 'agent')).toContain(
    '; flaky: failed in 1 of 2 runs on `cpu AMD EPYC 7B13`, though it passed with the same sources',
  );
  expect(await report(3, 'markdown')).toMatch(/### Last runs\n\n3 whole runs, 1 flaky suite\n/);
  expect(await report(2, 'markdown')).toMatch(/### Last runs\n\n2 whole runs, 1 flaky suite\n/);
  expect(await report(1, 'markdown')).not.toContain('### Last runs');
  expect(await report(3, 'html')).toContain('"about":"3 whole runs, 1 flaky suite"');
});

test('a commit with changed files proves nothing', async () => {
  put(1, passing.replace('"commit":', '"uncommitted":true,"commit":'));
  put(2, failing);
  expect((await run(folder)).out).toContain('2 whole runs, 0 flaky suites');
});

test('a suite that grows, as JSON by its schema', async () => {
  for (let day = 1; day <= 8; day++) {
    const longer = passing.replaceAll('"atMs":1603', `"atMs":${1600 + day * 300}`);
    put(day, longer);
  }
  const { out } = await run(folder, '--format', 'json');
  const history = JSON.parse(out);
  expect(history.growing).toEqual([
    { suiteId: 'src/checkout.test.ts', deviceKind: 'cpu AMD EPYC 7B13', fromMs: 2197, toMs: 3697, runs: 8 },
  ]);
  const schema = JSON.parse(readFileSync('docs/schemas/history.schema.json', 'utf8'));
  const isValid = new Ajv.default({ strict: false }).compile(schema);
  expect(isValid(history) || isValid.errors).toBe(true);
});

test('names by an attacker are shown and not obeyed', async () => {
  const hostile = JSON.stringify('\u001b[31m<b>\u202e::error::x` |').slice(1, -1);
  put(
    1,
    passing.replaceAll('src/tax.test.ts', () => hostile),
  );
  put(
    2,
    failing.replaceAll('src/tax.test.ts', () => hostile),
  );
  for (const format of ['terminal', 'markdown', 'json']) {
    const { out } = await run(folder, '--format', format);
    expect(out).toContain('error');
    expect(out.match(/[^\P{Cc}\n]|[\u202e]/u)).toBeNull();
    expect(out.match(/^\s*::/m)).toBeNull();
  }
});

test('no record, another format, and flags that belong to one run', async () => {
  expect((await run(folder)).err).toContain('the folder holds no record');
  put(1, passing);
  expect((await run(folder, '--format', 'junit')).err).toContain('there is no format `junit`');
  expect((await run(folder, '--last-full')).err).toContain('cannot be given together');
});

function put(day: number, text: string): void {
  writeFileSync(join(folder, name(day)), text.replace(/2026-03-02T08/, `2026-01-0${day}T08`));
}

function name(day: number): string {
  return `run-2026-01-0${day}T08-00-00.000Z.jsonl`;
}
