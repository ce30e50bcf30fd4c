import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import {
  type DeviceHistory,
  emptyHistory,
  type History,
  mergeHistories,
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
  const device: DeviceHistory = { lastMs: 1200, meanMs: 1100, samples: 3, peakMemoryBytes: 180_000_000 };
  writeHistory(path, {
    project: 'shop',
    learnedRuns: ['2026-03-02T08:15:00.000Z'],
    reversion: { towardsMean: -3, ofMean: 40 },
    watts: new Map([['cpu', 41.5]]),
    suites: new Map([
      ['ä.test.js', suiteOf({ failedLast: true })],
      [
        'b.test.js',
        suiteOf({
          devices: new Map([
            ['local/gpu0', { lastMs: 9, meanMs: 9, samples: 1 } as DeviceHistory],
            ['local/cpu', device],
          ]),
        }),
      ],
      [
        'B.test.js',
        suiteOf({
          devices: new Map([['local/cpu', device]]),
          missedRuns: 2,
          needs: { minMemoryBytes: 5, hardware: [{ class: 'gpu', count: 2 }] },
        }),
      ],
    ]),
  });
  expect(readFileSync(path, 'utf8').split('\n')).toEqual([
    '{"version":2,"project":"shop","runs":["2026-03-02T08:15:00.000Z"],"reversion":[-3,40],"watts":{"cpu":41.5},"kinds":["local/cpu","local/gpu0"],"needs":[{"hardware":[{"class":"gpu","count":2}],"minMemoryBytes":5}]}',
    '["B.test.js",[[0,1200,1100,3,180000000]],0,2,1]',
    '["b.test.js",[[0,1200,1100,3,180000000],[1,9,9,1]]]',
    '["ä.test.js",[],1]',
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
  const device: DeviceHistory = {
    lastMs: 123_456,
    meanMs: 123_457,
    samples: 1234,
    peakMemoryBytes: 12_345_678_901,
  };
  const ids = Array.from({ length: 10_000 }, (_, index) => `src/components/module-${index}.test.ts`);
  const suites = new Map(
    ids.map((id) => [
      id,
      suiteOf({
        devices: new Map([['cpu Some Maker Some Model of 64 Cores @ 2.2 GHz', device]]),
        failedLast: true,
        missedRuns: 9,
      }),
    ]),
  );
  writeHistory(path, { ...emptyHistory, suites });
  const idBytes = ids.reduce((sum, id) => sum + id.length, 0);
  expect((readFileSync(path).length - idBytes) / ids.length).toBeLessThanOrEqual(60);
  expect(observationsOf(readHistory(path).history)).toHaveLength(10_000);
});

test('a history that is not there yet is empty, and nothing to complain about', () => {
  expect(readHistory(path)).toEqual({ state: 'missing', history: emptyHistory });
});

const header = '{"version":2,"runs":[],"reversion":[0,0],"kinds":["cpu"],"needs":[]}';
test.each<[what: string, text: string, place: string]>([
  ['an empty file', '', ':1: not the first line of a history'],
  [
    'a record',
    readFileSync('fixtures/records/cpu-only.jsonl', 'utf8'),
    ':1: the history is of an older version',
  ],
  ['no version', '{"runs":[]}\n', ':1: not the first line'],
  ['runs that are no texts', header.replace('"runs":[]', '"runs":[1]'), ':1: no list of runs'],
  ['no kinds', header.replace('"kinds"', '"sorts"'), ':1: no list of kinds'],
  ['half a reversion', header.replace('[0,0]', '[0]'), ':1: `reversion` is not two integers'],
  ['watts of nothing', header.replace('"kinds"', '"watts":{"cpu":0},"kinds"'), ':1: `watts` is not'],
  ['needs of nothing', header.replace('"needs":[]', '"needs":[{"hardware":[]}]'), ':1: `needs` is not'],
  [
    'needs that no plan can use',
    header.replace('"needs":[]', '"needs":[{"minMemoryBytes":"much"}]'),
    ':1: `needs` is not',
  ],
  ['a run of no shards', header.replace('"kinds"', '"repeatable":{},"kinds"'), ':1: `repeatable` is not'],
  ['a number beyond the needs', `${header}\n["a",[],0,0,1]\n`, ':2: not a suite'],
  ['a conflict of git', `${header}\n<<<<<<< HEAD\n["a",[]]\n`, ':2: not a suite'],
  ['a line that breaks off', `${header}\n["a",[]]\n["b",[[0,1`, ':3: not a suite'],
  ['a negative duration', `${header}\n["a",[[0,-1,1,1]]]\n`, ':2: not a suite'],
  ['a duration of nothing', `${header}\n["a",[[0,0,1,1]]]\n`, ':2: not a suite'],
  ['half a byte', `${header}\n["a",[[0,1,1,1,0.5]]]\n`, ':2: not a suite'],
  ['a kind that is not listed', `${header}\n["a",[[1,1,1,1]]]\n`, ':2: not a suite'],
  ['a kind that stands twice', `${header}\n["a",[[0,1,1,1],[0,1,1,1]]]\n`, ':2: not a suite'],
  ['an object for the devices', `${header}\n["a",{}]\n`, ':2: not a suite'],
  ['a text for the flag', `${header}\n["a",[],"yes"]\n`, ':2: not a suite'],
  ['a suite that stands twice', `${header}\n["a",[]]\n["a",[]]\n`, ':3: a stands twice'],
])('%s is damage: empty, with a reason in one line', (_what, text, place) => {
  writeFileSync(path, text);
  const { history, state, problem } = readHistory(path);
  expect({ history, state }).toEqual({ history: emptyHistory, state: 'damaged' });
  expect(problem).toContain(`${path}${place}`);
  expect(problem).not.toContain('\n');
});

test('words of a later version among the needs are none', () => {
  writeFileSync(
    path,
    `${header.replace('"needs":[]', '"needs":[{"backends":["later"],"mood":1}]')}\n["a",[],0,0,1]\n`,
  );
  expect(readHistory(path).history.suites.get('a')?.needs).toEqual({ backends: ['later'], mood: 1 });
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
    const newer = '{"version":3,"shape":"unknown"}\n';
    writeFileSync(path, newer);
    expect(updateHistory(path, events)).toMatch(/version 3, this package reads 2; upgrade/);
    expect(readFileSync(path, 'utf8')).toBe(newer);
  });

  test('one of another project is left as it is, with the reason', () => {
    expect(updateHistory(path, events, 'shop')).toBeUndefined();
    const shops = readFileSync(path, 'utf8');
    expect(updateHistory(path, events, 'bank')).toMatch(/another project \(shop, not bank\)/);
    expect(readFileSync(path, 'utf8')).toBe(shops);
    expect(readHistory(path, 'bank')).toMatchObject({ state: 'foreign', history: emptyHistory });
    expect(readHistory(path, 'shop').history.suites.size).toBe(5);
    expect(readHistory(path).history.suites.size).toBe(5);
  });

  test('one of another project is left as it is even where it is damaged', () => {
    const damaged = `${header.replace('"runs"', '"project":"shop","runs"')}\noops\n`;
    writeFileSync(path, damaged);
    expect(updateHistory(path, events, 'bank')).toMatch(/another project \(shop, not bank\)/);
    expect(readFileSync(path, 'utf8')).toBe(damaged);
  });

  test('where it cannot be written, the reason comes back and the run is none the worse', () => {
    writeFileSync(join(directory, 'file'), '');
    const below = join(directory, 'file', 'history.jsonl');
    expect(updateHistory(below, events)).toContain(`${below}: The history cannot be written.`);
    expect(() => writeHistory(below, emptyHistory)).toThrow(UsageError);
  });
});

test('histories that began as one are united: what was learned last counts, whichever comes first', () => {
  const device = (lastMs: number, samples: number): DeviceHistory => ({ lastMs, meanMs: lastMs, samples });
  const cpu = (lastMs: number, samples: number) => new Map([['cpu', device(lastMs, samples)]]);
  const base = {
    'a.test.js': suiteOf({ devices: cpu(10, 3) }),
    'b.test.js': suiteOf({ devices: cpu(20, 3) }),
  };
  const one: History = {
    ...emptyHistory,
    learnedRuns: ['0', '1 1/2'],
    suites: new Map(
      Object.entries({ ...base, 'a.test.js': suiteOf({ devices: cpu(11, 4), failedLast: true }) }),
    ),
  };
  const two: History = {
    ...emptyHistory,
    learnedRuns: ['0', '1 2/2'],
    suites: new Map(
      Object.entries({
        ...base,
        'b.test.js': suiteOf({ devices: new Map([...cpu(20, 3), ['gpu', device(5, 1)]]) }),
        'new.test.js': suiteOf({ devices: cpu(30, 1) }),
      }),
    ),
  };
  for (const merged of [mergeHistories(one, two), mergeHistories(two, one)]) {
    expect(merged.learnedRuns).toEqual(['0', '1 1/2', '1 2/2']);
    expect(Object.fromEntries(merged.suites)).toEqual({
      'a.test.js': one.suites.get('a.test.js'),
      'b.test.js': two.suites.get('b.test.js'),
      'new.test.js': two.suites.get('new.test.js'),
    });
  }
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
    { lastMs: count, meanMs: count, samples: count, peakMemoryBytes: count },
    { requiredKeys: ['lastMs', 'meanMs', 'samples'], noNullPrototype: true },
  );
  const mapOf = <T>(value: fc.Arbitrary<T>) =>
    fc.array(fc.tuple(name, value), { maxLength: 5 }).map((all) => new Map(all));
  const suite = fc.record(
    {
      devices: mapOf(device),
      failedLast: fc.boolean(),
      missedRuns: fc.nat(9),
      needs: fc.record(
        { workload: name, cpuThreads: fc.nat(9) },
        { requiredKeys: ['workload'], noNullPrototype: true },
      ),
    },
    { requiredKeys: ['devices', 'failedLast', 'missedRuns'], noNullPrototype: true },
  );
  return fc.record(
    {
      project: fc.string(),
      learnedRuns: fc.array(fc.string()),
      suites: mapOf(suite),
      reversion: fc.record(
        { towardsMean: fc.maxSafeInteger(), ofMean: fc.maxSafeNat() },
        { noNullPrototype: true },
      ),
      watts: mapOf(fc.double({ min: 0.1, max: 1e5, noNaN: true })),
    },
    { requiredKeys: ['learnedRuns', 'suites', 'reversion', 'watts'], noNullPrototype: true },
  );
}
