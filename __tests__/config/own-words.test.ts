import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseOptions } from '../../src/config/options.js';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { parseMachine } from '../../src/machine-file/read.js';
import { readRecord } from '../../src/record/read.js';
import { parseScenario } from '../../src/simulate/scenario/read.js';
import { temporaryDirectory } from '../detect/temporary-host.js';

const file = join(temporaryDirectory(), 'run.jsonl');
const started = {
  atMs: 0,
  type: 'run-started',
  version: 1,
  startedAt: '2026-03-01T00:00:00.000Z',
  packageVersion: '0.1.0',
  strategy: 'pull',
  filtered: false,
  coverage: false,
  requireExecuted: ['gpu'],
  failOn: ['flaky'],
};
const ended = {
  ...{ atMs: 1, type: 'suite-ended', suiteId: 'a', slotId: 's', attempt: 1, status: 'passed' },
  ...{ degraded: false, durationMs: 1, executedTests: 1, energyJoules: { cpu: 1 } },
};
const device = {
  ...{ id: 'gpu0', class: 'gpu', vendor: 'nvidia', memoryBytes: '8GiB', backends: ['cuda'], usable: true },
  ...{ shares: 2, ratedWatts: 3, performance: { 'matmul/fp32': { value: 1, unit: 'GFLOPS' } } },
};

/** Whatever a user hands us, with something right of it and what reads it. */
const inputs: Readonly<Record<string, readonly [right: unknown, read: (value: unknown) => void]>> = {
  options: [
    {
      ...{ strategy: 'pull', unsatisfiable: 'skip', requireExecuted: ['gpu'], failOn: ['flaky'] },
      ...{ machine: { devices: [] }, shards: ['a.json'], history: false, claims: false, heat: true },
      ...{ workloads: { a: { hardware: ['gpu'] } }, profiles: { '**': { cpu: 1 } }, ignorePragmas: ['cpu'] },
    },
    (value) => parseOptions(value, 'options'),
  ],
  'machine file': [
    { machine: { name: 'box', cpuBudget: 4, memoryBudgetBytes: '8GiB' }, devices: [device] },
    (value) => parseMachine(value, 'machine.json'),
  ],
  scenario: [
    {
      version: 1,
      slots: [{ type: 'a', count: 1, class: 'gpu' }],
      machines: [{ name: 'm', workers: 1 }],
      suites: [{ id: 's', durationMs: { a: 1 }, actualMs: { a: 2 }, locks: ['l'], priority: 1 }],
      seed: 1,
    },
    (value) => void parseScenario(JSON.stringify(value), 'scenario.json'),
  ],
  record: [
    [started, ended],
    (value) => {
      writeFileSync(file, `${(value as unknown[]).map((line) => JSON.stringify(line)).join('\n')}\n`);
      readRecord(file);
    },
  ],
};

type Path = readonly (string | number)[];

/** Every place in a value. */
function* placesOf(value: unknown, path: Path = []): Iterable<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield* placesOf(inner, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

/** @param put Undefined takes the place away. */
function changed(value: unknown, [key, ...rest]: Path, put: unknown): unknown {
  if (key === undefined) return put;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  const inner = changed(copy[key], rest, put);
  if (inner === undefined && !Array.isArray(copy)) delete copy[key];
  else copy[key] = inner ?? null;
  return copy;
}

const wrong = [undefined, null, true, -1, 0.5, Number.MAX_VALUE, '', 'gpi', [], ['gpi', 7], {}, { gpi: 7 }];

describe.each(Object.keys(inputs))('a mistake anywhere in a %s is told in our words', (name) => {
  const [right, read] = inputs[name] as (typeof inputs)[string];

  test('the right one has none', () => {
    expect(() => read(right)).not.toThrow();
  });

  test('each wrong one', () => {
    const places = [...placesOf(right)].filter((path) => name !== 'record' || path.length > 1);
    let told = 0;
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.constantFrom(...wrong), (path, put) => {
        try {
          read(changed(right, path, put));
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect((error as UsageError).message).not.toMatch(
            /Invalid|received|undefined|\bObject\b|\bArray\b|[<>]=|\("| \| |expected: *\n|expected: *$/,
          );
          told += 1;
        }
      }),
      { numRuns: 600 },
    );
    expect(told).toBeGreaterThan(100);
  });
});
