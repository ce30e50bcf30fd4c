import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { UsageError } from '../../src/core/usage-error.js';
import {
  type DeviceHistory,
  emptyHistory,
  type History,
  observationsOf,
  type SuiteHistory,
} from '../../src/record/history.js';
import { readHistory, updateHistory, writeHistory } from '../../src/record/history-file.js';
import { readRecord } from '../../src/record/read.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'history-'));
  path = join(directory, 'history.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true }));

test('the format: a header, then a line a suite by code unit, zeros at the end left out', () => {
  const device: DeviceHistory = { durationMs: 1200, samples: 3, peakMemoryBytes: 180_000_000 };
  writeHistory(path, {
    learnedRuns: ['2026-03-02T08:15:00.000Z'],
    suites: new Map([
      ['ä.test.js', suiteOf({ failedLast: true })],
      [
        'b.test.js',
        suiteOf({
          devices: new Map([
            ['local/gpu0', { durationMs: 9, samples: 1 } as DeviceHistory],
            ['local/cpu', device],
          ]),
        }),
      ],
      ['B.test.js', suiteOf({ devices: new Map([['local/cpu', device]]), missedRuns: 2 })],
    ]),
  });
  expect(readFileSync(path, 'utf8').split('\n')).toEqual([
    '{"version":1,"runs":["2026-03-02T08:15:00.000Z"]}',
    '["B.test.js",{"local/cpu":[1200,3,180000000]},0,2]',
    '["b.test.js",{"local/cpu":[1200,3,180000000],"local/gpu0":[9,1]}]',
    '["ä.test.js",{},1]',
    '',
  ]);
});

test('what is written is read, and written again gives the same bytes', () => {
  fc.assert(
    fc.property(anyHistory(), (history) => {
      writeHistory(path, history);
      const bytes = readFileSync(path, 'utf8');
      const read = readHistory(path);
      expect(read).toEqual({ state: 'read', history });
      writeHistory(path, read.history);
      expect(readFileSync(path, 'utf8')).toBe(bytes);
    }),
  );
});

test('10,000 suites take at most 60 bytes each, paths not counted, and are all read', () => {
  const device: DeviceHistory = { durationMs: 123_456, samples: 1234, peakMemoryBytes: 12_345_678_901 };
  const ids = Array.from({ length: 10_000 }, (_, index) => `src/components/module-${index}.test.ts`);
  const suites = new Map(
    ids.map((id) => [
      id,
      suiteOf({ devices: new Map([['gpu-box/cpu', device]]), failedLast: true, missedRuns: 9 }),
    ]),
  );
  writeHistory(path, { learnedRuns: [], suites });
  const idBytes = ids.reduce((sum, id) => sum + id.length, 0);
  expect((readFileSync(path).length - idBytes) / ids.length).toBeLessThanOrEqual(60);
  expect(observationsOf(readHistory(path).history)).toHaveLength(10_000);
});

test('a history that is not there yet is empty, and nothing to complain about', () => {
  expect(readHistory(path)).toEqual({ state: 'missing', history: emptyHistory });
});

const header = '{"version":1,"runs":[]}';
test.each<[what: string, text: string, place: string]>([
  ['an empty file', '', ':1: not the first line of a history'],
  ['a record', readFileSync('fixtures/records/cpu-only.jsonl', 'utf8'), ':1: no list of runs'],
  ['no version', '{"runs":[]}\n', ':1: not the first line'],
  ['runs that are no texts', '{"version":1,"runs":[1]}\n', ':1: no list of runs'],
  ['a conflict of git', `${header}\n<<<<<<< HEAD\n["a",{}]\n`, ':2: not a suite'],
  ['a line that breaks off', `${header}\n["a",{}]\n["b",{"local/cp`, ':3: not a suite'],
  ['a negative duration', `${header}\n["a",{"local/cpu":[-1,1]}]\n`, ':2: not a suite'],
  ['a duration of nothing', `${header}\n["a",{"local/cpu":[0,1]}]\n`, ':2: not a suite'],
  ['half a byte', `${header}\n["a",{"local/cpu":[1,1,0.5]}]\n`, ':2: not a suite'],
  ['a list for the devices', `${header}\n["a",[[1,1]]]\n`, ':2: not a suite'],
  ['a text for the flag', `${header}\n["a",{},"yes"]\n`, ':2: not a suite'],
  ['a suite that stands twice', `${header}\n["a",{}]\n["a",{}]\n`, ':3: a stands twice'],
])('%s is damage: empty, with a reason in one line', (_what, text, place) => {
  writeFileSync(path, text);
  const { history, state, problem } = readHistory(path);
  expect({ history, state }).toEqual({ history: emptyHistory, state: 'damaged' });
  expect(problem).toContain(`${path}${place}`);
  expect(problem).not.toContain('\n');
});

test('a directory in its place is damage too', () => {
  expect(readHistory(directory)).toMatchObject({ state: 'damaged', history: emptyHistory });
});

test('no text at all makes reading throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().map((json) => `${header}\n${json}\n`),
      ),
      (text) => {
        writeFileSync(path, text);
        expect(['read', 'damaged', 'newer']).toContain(readHistory(path).state);
      },
    ),
  );
});

describe('updating', () => {
  const { events } = readRecord('fixtures/records/mixed.jsonl');

  test('learns a run into a file that is new, in a directory that is new, and leaves nothing else there', () => {
    const deep = join(directory, 'ci', 'history.jsonl');
    expect(updateHistory(deep, events)).toBeUndefined();
    expect(readHistory(deep).history.suites.size).toBe(5);
    expect(readdirSync(join(directory, 'ci'))).toEqual(['history.jsonl']);
  });

  test('keeps what another run wrote meanwhile, and learns the same run once', () => {
    updateHistory(path, readRecord('fixtures/records/cpu-only.jsonl').events);
    updateHistory(path, events);
    const bytes = readFileSync(path, 'utf8');
    updateHistory(path, events);
    expect(readFileSync(path, 'utf8')).toBe(bytes);
    expect([...readHistory(path).history.suites.keys()]).toEqual(
      expect.arrayContaining(['src/cart.test.ts', 'test/unit.test.ts']),
    );
  });

  test('a damaged history starts anew', () => {
    writeFileSync(path, 'oops');
    expect(updateHistory(path, events)).toBeUndefined();
    expect(readHistory(path).state).toBe('read');
  });

  test('one of a later version is left as it is, with the reason', () => {
    const newer = '{"version":2,"shape":"unknown"}\n';
    writeFileSync(path, newer);
    expect(updateHistory(path, events)).toMatch(/version 2, this package reads 1; upgrade/);
    expect(readFileSync(path, 'utf8')).toBe(newer);
  });

  test('where it cannot be written, the reason comes back and the run is none the worse', () => {
    writeFileSync(join(directory, 'file'), '');
    const below = join(directory, 'file', 'history.jsonl');
    expect(updateHistory(below, events)).toContain(`${below}: The history cannot be written.`);
    expect(() => writeHistory(below, emptyHistory)).toThrow(UsageError);
  });
});

function suiteOf(part: Partial<SuiteHistory>): SuiteHistory {
  return { devices: new Map(), failedLast: false, missedRuns: 0, ...part };
}

function anyHistory(): fc.Arbitrary<History> {
  const name = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', '1', '10', 'constructor'),
  );
  const count = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  const device = fc.record(
    { durationMs: count, samples: count, peakMemoryBytes: count },
    { requiredKeys: ['durationMs', 'samples'], noNullPrototype: true },
  );
  const mapOf = <T>(value: fc.Arbitrary<T>) =>
    fc.array(fc.tuple(name, value), { maxLength: 5 }).map((all) => new Map(all));
  const suite = fc.record(
    { devices: mapOf(device), failedLast: fc.boolean(), missedRuns: fc.nat(9) },
    { noNullPrototype: true },
  );
  return fc.record({ learnedRuns: fc.array(fc.string()), suites: mapOf(suite) }, { noNullPrototype: true });
}
