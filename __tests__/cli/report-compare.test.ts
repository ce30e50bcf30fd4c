import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import { temporaryDirectory } from '../detect/temporary-host.js';
import { run as runCommand } from './run.js';

const run = (...argv: string[]) => runCommand(['report', '--compare', ...argv]);
const failing = readFileSync('fixtures/records/cpu-only.jsonl', 'utf8');
const passing = failing.replace('"status":"failed"', '"status":"passed"');

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
});

test('two equal runs: nothing differs', async () => {
  const { code, out } = await run(put(1, passing), put(2, passing), '--exit-code');
  expect(code).toBe(0);
  expect(out).toMatch(/^Passed: 3 suites \(as before\)\nTotal time 1\.6 s, was 1\.6 s \(±0 %\)\n/);
  expect(out).toContain('Nothing else differs beyond what usually varies.');
});

test('what fails now, with its device and cause; the exit code says why', async () => {
  const [before, after] = [put(1, passing), put(2, failing)];
  const { code, out } = await run(before, after, '--exit-code');
  expect(code).toBe(1);
  expect(out).toMatch(/^Failed: 1 of 3 suites \(was Passed: 3 suites\)\n/);
  expect(out).toContain(
    'Failing now\n  src/tax.test.ts: failed on local/cpu, was passed; tax › rounds half up',
  );
  expect(await run(before, after)).toMatchObject({ code: 0 });
  const back = await run(after, before, '--exit-code');
  expect(back.code).toBe(0);
  expect(back.out).toContain('Passing now\n  src/tax.test.ts: passed on local/cpu, was failed');
});

test('machines and settings that differ', async () => {
  const other = passing
    .replaceAll('"cpuBudget":2', '"cpuBudget":1.5')
    .replaceAll('"memoryBudgetBytes":17179869184', '"memoryBudgetBytes":8589934592')
    .replace('"commit":"4f1c2ab"', '"commit":"5d5d5d5","uncommitted":true');
  const { out } = await run(put(1, passing), put(2, other));
  expect(out).toContain('  commit: 5d5d5d5 with uncommitted changes, was 4f1c2ab');
  expect(out).toContain('  CPU budget: 1.5 threads, was 2 threads');
  expect(out).toContain('  memory budget: 8 GiB, was 16 GiB');
});

test('another kind of device: its suites are not slower, they moved', async () => {
  const other = slower(passing, 4).replaceAll('AMD EPYC 7B13', 'Intel Xeon');
  const { code, out } = await run(put(1, passing), put(2, other), '--format', 'json', '--exit-code');
  const comparison = JSON.parse(out);
  expect(comparison.slower).toEqual([]);
  expect(comparison.moved).toHaveLength(3);
  expect(comparison.moved[0]).toMatchObject({ before: 'cpu AMD EPYC 7B13', after: 'cpu Intel Xeon' });
  expect(comparison.machines).toContainEqual({ what: 'cpu', before: 'AMD EPYC 7B13', after: 'Intel Xeon' });
  expect(code).toBe(5);
  const schema = JSON.parse(readFileSync('docs/schemas/comparison.schema.json', 'utf8'));
  const isValid = new Ajv.default({ strict: false }).compile(schema);
  expect(isValid(comparison) || isValid.errors).toBe(true);
});

test('slower is what exceeds how a suite varied in the records beside it', async () => {
  const later = put(9, slower(passing, 1.5));
  const alone = JSON.parse((await run(put(8, passing), later, '--format', 'json')).out);
  expect(alone.slower).toEqual([]);
  for (let day = 1; day < 8; day++) put(day, slower(passing, 1 + day / 100));
  const { code, out } = await run(join(folder, name(8)), later, '--format', 'json', '--exit-code');
  const suites = JSON.parse(out).slower.map(({ suiteId }: { suiteId: string }) => suiteId);
  expect(suites).toEqual(['src/checkout.test.ts', 'src/cart.test.ts', 'src/tax.test.ts']);
  expect(code).toBe(5);
});

test('suites that a narrowed run was not asked for are not gone', async () => {
  const without = passing
    .split('\n')
    .filter((line) => !line.includes('checkout'))
    .join('\n');
  const narrowed = without.replace('"filtered":false', '"filtered":true,"narrowedBy":["paths"]');
  expect((await run(put(1, passing), put(2, without))).out).toContain('Suites that are gone\n  src/checkout');
  expect((await run(put(2, without), put(3, passing))).out).toContain('New suites\n  src/checkout');
  const { out } = await run(put(1, passing), put(2, narrowed));
  expect(out).toContain('left out by: paths, had none');
  expect(out).toContain('1 suite of only one run');
  expect(out).not.toContain('gone');
});

test('a folder: its last two whole runs; one record is too few', async () => {
  put(1, passing);
  expect((await run(folder)).err).toContain('does not hold two whole runs');
  put(2, failing);
  put(3, passing.replace('"filtered":false', '"filtered":true'));
  const { out } = await run(folder);
  expect(out).toMatch(/^Failed: 1 of 3 suites \(was Passed/);
  expect((await run(join(folder, name(1)))).err).toContain('takes two runs');
  expect((await run(folder, folder, folder)).code).toBe(2);
});

test('names by an attacker are shown and not obeyed', async () => {
  const hostile = JSON.stringify('\u001b[31m<b>\u202e::error::x').slice(1, -1);
  const named = (text: string) => text.replaceAll('src/tax.test.ts', () => hostile);
  for (const format of ['terminal', 'json']) {
    const { out } = await run(put(1, named(passing)), put(2, named(failing)), '--format', format);
    expect(out).toContain('error');
    expect(out.match(/[^\P{Cc}\n]|[\u202e]/u)).toBeNull();
    expect(out.match(/^\s*::/m)).toBeNull();
  }
});

function name(day: number): string {
  return `run-2026-01-0${day}T08-00-00.000Z.jsonl`;
}

function put(day: number, text: string): string {
  const path = join(folder, name(day));
  writeFileSync(path, text.replace(/2026-03-02T08/, `2026-01-0${day}T08`));
  return path;
}

function slower(text: string, factor: number): string {
  return text.replace(/"atMs":(\d+)/g, (_all, ms) => `"atMs":${Math.round(Number(ms) * factor)}`);
}
