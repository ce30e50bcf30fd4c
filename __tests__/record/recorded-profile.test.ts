import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pragmas } from '../../src/core/workload/pragmas.js';
import { defaultProfile, type WorkloadProfile } from '../../src/core/workload/profile.js';
import { readRecord } from '../../src/record/read.js';

const everything: Required<WorkloadProfile> = {
  workload: 'nlp',
  hardware: [{ class: 'gpu', count: 2 }],
  backends: ['cuda'],
  features: ['tensor-cores'],
  precisions: ['fp16'],
  operations: ['matmul'],
  minMemoryBytes: 1,
  preferredMemoryBytes: 2,
  hostMemoryBytes: 3,
  cpuThreads: 4,
  batchSizes: [1, 8],
  optimalBatchSize: 8,
  priority: 5,
  maxTimeMs: 1000,
  sensitivity: 'latency',
  softwareAdapter: true,
  exclusive: true,
  locks: ['db'],
  unsatisfiable: { action: 'wait', waitMs: 5 },
};

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'recorded-profile-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Reads a record whose first suite asks for this. */
function read(profile: object): unknown {
  const path = join(directory, 'run.jsonl');
  const lines = readFileSync('fixtures/records/cpu-only.jsonl', 'utf8').split('\n');
  const at = lines.findIndex((line) => line.includes('"suite-queued"'));
  const queued = JSON.parse(lines[at] ?? '');
  lines[at] = JSON.stringify({ ...queued, suite: { ...queued.suite, profile } });
  writeFileSync(path, lines.join('\n'));
  const event = readRecord(path).events.find(({ type }) => type === 'suite-queued');
  return event?.type === 'suite-queued' ? event.suite.profile : undefined;
}

test.each([
  ['the default', defaultProfile],
  ['all that can be said', everything],
])('%s is read as it was recorded', (_what, profile) => {
  expect(read(profile)).toEqual(profile);
});

test('a field of a later version does not matter', () => {
  expect(read({ ...everything, mood: 'good' })).toMatchObject(everything);
});

describe.each(Object.values(pragmas))('$field', ({ field, kind }) => {
  test('is refused, by its name, when it holds something else', () => {
    expect(() => read({ ...everything, [field]: null })).toThrow(`wrong at suite.profile.${field}`);
    if (kind === 'list') {
      expect(() => read({ ...everything, [field]: [null] })).toThrow(`wrong at suite.profile.${field}.0`);
    }
  });

  test('may be missing: then it is as if nobody had said anything about it', () => {
    const { [field]: _out, ...rest } = everything;
    expect(read(rest)).toEqual({ ...defaultProfile, ...rest });
  });
});

test.each([
  ['no alternative of the hardware', { hardware: [] }],
  ['half a device', { hardware: [{ class: 'gpu', count: 0.5 }] }],
  ['a word that nobody knows', { backends: ['cudo'] }],
  ['a size below nothing', { minMemoryBytes: -1 }],
  ['no CPU thread', { cpuThreads: 0 }],
  ['waiting without a time', { unsatisfiable: { action: 'wait' } }],
  ['something to do that nobody knows', { unsatisfiable: { action: 'pray' } }],
])('%s is refused', (_what, part) => {
  expect(() => read({ ...everything, ...part })).toThrow(/wrong at suite\.profile\./);
});
