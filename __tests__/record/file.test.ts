import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { RunEvent } from '../../src/core/events.js';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { openRecord, recordsKept } from '../../src/record/file.js';

const startedAt = new Date('2026-03-02T08:15:00.042Z');
const runStarted: RunEvent = {
  atMs: 0,
  type: 'run-started',
  version: 1,
  startedAt: startedAt.toISOString(),
  packageVersion: '0.1.0',
  strategy: 'pull',
  filtered: false,
  coverage: false,
  requireExecuted: [],
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'record-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('an event is in the file when write returns, before anything is closed', () => {
  const record = openRecord(directory, startedAt);
  record.write(runStarted);
  record.write({ atMs: 5, type: 'run-opened' });
  expect(readFileSync(record.path, 'utf8')).toBe(
    `${JSON.stringify(runStarted)}\n{"atMs":5,"type":"run-opened"}\n`,
  );
  expect(record.problem).toBeUndefined();
  record.close();
  record.close();
});

test('the name is the time in UTC without colons; runs of one millisecond get files of their own', () => {
  const records = Array.from({ length: 3 }, () => openRecord(directory, startedAt));
  expect(records.map(({ path }) => basename(path))).toEqual([
    'run-2026-03-02T08-15-00.042Z.jsonl',
    'run-2026-03-02T08-15-00.042Z-2.jsonl',
    'run-2026-03-02T08-15-00.042Z-3.jsonl',
  ]);
  for (const record of records) record.close();
});

test('the newest records are kept, everything of another name stays', () => {
  const names = Array.from({ length: 30 }, (_, day) => nameOf(day + 1));
  const others = ['history.jsonl', 'run-mine.jsonl', `${nameOf(1)}.bak`, 'run-2026-01-01T00-00-00.000Z.json'];
  for (const name of [...names, ...others]) writeFileSync(join(directory, name), '');
  mkdirSync(join(directory, 'run-2026-01-01T00-00-00.000Z.jsonl'));

  const record = openRecord(directory, startedAt);
  record.close();

  const left = readdirSync(directory);
  expect(left).toEqual(expect.arrayContaining([...others, 'run-2026-01-01T00-00-00.000Z.jsonl']));
  expect(left.filter((name) => names.includes(name))).toEqual(names.slice(30 - (recordsKept - 1)));
  expect(left).toContain(basename(record.path));
});

test('of one millisecond the later copies are the newer ones', () => {
  for (let copy = 2; copy <= 25; copy++)
    writeFileSync(join(directory, `run-2026-03-01T00-00-00.000Z-${copy}.jsonl`), '');
  openRecord(directory, startedAt).close();
  const left = readdirSync(directory);
  expect(left).toHaveLength(recordsKept);
  expect(left).toContain('run-2026-03-01T00-00-00.000Z-25.jsonl');
  expect(left).not.toContain('run-2026-03-01T00-00-00.000Z-6.jsonl');
});

test('a clock that was set back does not cost the run its own record', () => {
  for (let day = 1; day <= 25; day++) writeFileSync(join(directory, nameOf(day)), '');
  const record = openRecord(directory, new Date('1999-01-01T00:00:00Z'));
  record.close();
  expect(readdirSync(directory)).toContain(basename(record.path));
  expect(readdirSync(directory)).toHaveLength(recordsKept);
});

test('a directory that cannot take the file: says which and what to do', () => {
  expect(() => openRecord(join(directory, 'missing'), startedAt)).toThrow(UsageError);
  expect(() => openRecord(join(directory, 'missing'), startedAt)).toThrow('option `outputDirectory`');
});

test('a record that would not be one is refused', () => {
  const record = openRecord(directory, startedAt);
  expect(() => record.write({ atMs: 0, type: 'tick' })).toThrow('tick before run-started');
  record.write(runStarted);
  expect(() => record.write(runStarted)).toThrow('a second run-started');
  record.close();
  expect(() => record.write({ atMs: 0, type: 'tick' })).toThrow('after the record was closed');
});

function nameOf(day: number): string {
  return `run-2026-02-${String(day).padStart(2, '0')}T00-00-00.000Z.jsonl`;
}
