import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openRecord, recordsKept } from '../../src/record/file.js';
import { keptRecords } from '../../src/record/kept-records.js';
import { temporaryDirectory } from '../detect/temporary-host.js';

test('runs that were narrowed, sharded, started again by watch mode or killed do not push out whole ones', () => {
  const directory = temporaryDirectory();
  for (let day = 1; day <= 25; day++) write(directory, `2026-01-${two(day)}`, {});
  const others = [
    { filtered: true, narrowedBy: ['-t'] },
    { only: ['gpu'] },
    { index: 1, total: 2 },
    { rerun: true },
    { killed: true },
  ];
  for (let day = 1; day <= 25; day++) write(directory, `2026-02-${two(day)}`, others[day % 5] ?? {});

  openRecord(directory, new Date('2026-03-01T00:00:00Z')).close();

  const left = readdirSync(directory).sort();
  const days = (month: string) => left.filter((name) => name.startsWith(`run-2026-${month}`)).length;
  expect(days('01')).toBe(recordsKept);
  expect(left[0]).toBe('run-2026-01-06T00-00-00.000Z.jsonl');
  expect(days('02') + days('03')).toBe(recordsKept);
});

test('records of a folder, the newest first: packed ones too, the tenth copy after the second, no folders', () => {
  const directory = temporaryDirectory();
  const names = ['run-2026-01-02T00-00-00.000Z.jsonl.gz', 'run-2026-01-01T00-00-00.000Z-10.jsonl'];
  const older = ['run-2026-01-01T00-00-00.000Z-2.jsonl', 'run-2026-01-01T00-00-00.000Z.jsonl'];
  for (const name of [...names, ...older, 'history.jsonl']) writeFileSync(join(directory, name), '');
  mkdirSync(join(directory, 'run-2026-01-03T00-00-00.000Z.jsonl'));
  expect(keptRecords(directory).map(({ path }) => basename(path))).toEqual([...names, ...older]);
  expect(keptRecords(join(directory, 'none'))).toEqual([]);
});

test('a link is listed, and never deleted', () => {
  const directory = temporaryDirectory();
  write(directory, '2025-01-01', {});
  symlinkSync('elsewhere', join(directory, 'run-2025-01-02T00-00-00.000Z.jsonl'));
  for (let day = 1; day <= 25; day++) write(directory, `2026-01-${two(day)}`, {});
  openRecord(directory, new Date('2026-03-01T00:00:00Z')).close();
  expect(keptRecords(directory).at(-1)?.path).toMatch(/2025-01-02/);
});

function write(directory: string, day: string, { killed = false, ...facts }: Record<string, unknown>): void {
  const started = { atMs: 0, type: 'run-started', version: 1, filtered: false, coverage: false, ...facts };
  const lines = [started, ...(killed ? [] : [{ atMs: 1, type: 'run-ended' }])];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(join(directory, `run-${day}T00-00-00.000Z.jsonl`), text);
}

function two(day: number): string {
  return String(day).padStart(2, '0');
}
