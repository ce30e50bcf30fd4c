import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { RunEvent, Suite } from '../../../src/core/events.js';
import { defaultProfile } from '../../../src/core/workload/profile.js';
import { emptyHistory, type History } from '../../../src/record/history.js';
import { readHistory, writeHistory } from '../../../src/record/history-file.js';
import { mergeRecords } from '../../../src/shard/merge/records.js';
import { repeatableRun, withRepeatable } from '../../../src/shard/merge/repeatable.js';
import type { ShardRecord } from '../../../src/shard/merge/shard-record.js';
import { ciRunOf } from '../../../src/shard/plan/ci-run.js';
import { earlierAttempt, type SameShard } from '../../../src/shard/plan/earlier-attempt.js';
import { planRun } from '../../../src/shard/plan/plan.js';
import { planFileOf, readPlanFile } from '../../../src/shard/plan/plan-file.js';
import { temporaryDirectory } from '../../detect/temporary-host.js';

const suiteOf = (id: string): Suite => ({ id, fileBytes: 0, profile: defaultProfile });

function historyOf(durations: Readonly<Record<string, number>>): History {
  const suites = Object.entries(durations).map(([id, ms]) => {
    const devices = new Map([['cpu', { lastMs: ms, meanMs: ms, samples: 1 }]]);
    return [id, { devices, failedLast: false, missedRuns: 0 }] as const;
  });
  return { ...emptyHistory, suites: new Map(suites) };
}

const anySuites = fc.uniqueArray(
  fc.nat(500).map((n) => `test/s${n}.test.js`),
  { maxLength: 60 },
);
const anyTotal = fc.integer({ min: 1, max: 12 });

function countsOf(shards: readonly number[], total: number): readonly number[] {
  return Array.from({ length: total }, (_, index) => shards.filter((shard) => shard === index).length);
}

test('without a history, numbers differ by one at most, in whatever order the files are found', () => {
  fc.assert(
    fc.property(anySuites, anyTotal, (ids, total) => {
      const plan = planRun({ total, history: emptyHistory });
      const shards = plan.divide(ids.map(suiteOf));
      const counts = countsOf(shards, total);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      expect(plan.divide(ids.toReversed().map(suiteOf)).toReversed()).toEqual(shards);
    }),
    { numRuns: 40 },
  );
});

test('a file that one machine lacks: known suites stay where they are, of the others about two move', () => {
  fc.assert(
    fc.property(anySuites, anySuites, anyTotal, fc.nat(), (known, found, total, pick) => {
      if (found.length === 0) return;
      const history = historyOf(Object.fromEntries(known.map((id, at) => [id, 10 + at])));
      const lacking = found.filter((_, at) => at !== pick % found.length);
      const shardsOf = (ids: readonly string[]) => {
        const shards = planRun({ total, history }).divide(ids.map(suiteOf));
        return new Map(ids.map((id, at) => [id, shards[at]]));
      };
      const [all, fewer] = [shardsOf(found), shardsOf(lacking)];
      const moved = lacking.filter((id) => all.get(id) !== fewer.get(id));
      expect(moved.filter((id) => known.includes(id))).toEqual([]);
      expect(moved.length).toBeLessThanOrEqual(Math.max(2, total - 1));
    }),
    { numRuns: 40 },
  );
});

test('what lists that differ by a file lose or run twice, merging finds', () => {
  fc.assert(
    fc.property(
      anySuites,
      fc.integer({ min: 1, max: 5 }),
      fc.nat(),
      fc.nat(),
      (found, total, pick, machine) => {
        if (found.length === 0) return;
        const gone = found[pick % found.length];
        const records = Array.from({ length: total }, (_, index) => {
          const ids = index === machine % total ? found.filter((id) => id !== gone) : found;
          const shards = planRun({ total, history: emptyHistory }).divide(ids.map(suiteOf));
          return recordOf(index + 1, total, ids, (at) => shards[at] === index);
        });
        const runs = records.flatMap(
          ({ events }) => events.filter(({ type }) => type === 'suite-queued').length,
        );
        const ran = runs.reduce((sum, count) => sum + count, 0);
        const isWhole = ran === found.length || (ran === found.length - 1 && total === 1);
        const ids = records.flatMap(({ events }) =>
          events.flatMap((event) => (event.type === 'suite-queued' ? event.suite.id : [])),
        );
        if (isWhole && new Set(ids).size === ids.length) expect(mergeRecords(records).shardCount).toBe(total);
        else expect(() => mergeRecords(records)).toThrow(/ran on (no shard|shards)/);
      },
    ),
    { numRuns: 60 },
  );
});

function recordOf(
  index: number,
  total: number,
  ids: readonly string[],
  isOwn: (at: number) => boolean,
): ShardRecord {
  const own = ids.filter((_, at) => isOwn(at));
  const elsewhere = ids.filter((_, at) => !isOwn(at));
  const events: RunEvent[] = [
    {
      atMs: 0,
      type: 'run-started',
      version: 1,
      startedAt: '2026-03-01T00:00:00.000Z',
      packageVersion: '0.1.0',
      strategy: 'adaptive',
      index,
      total,
      filtered: false,
      coverage: false,
      requireExecuted: [],
    },
    {
      atMs: 0,
      type: 'shard-planned',
      planId: 'p',
      inputs: {},
      index,
      total,
      predictedMs: [],
      boundMs: 0,
      elsewhere,
      own,
    },
    ...own.map((id): RunEvent => ({ atMs: 0, type: 'suite-queued', suite: suiteOf(id) })),
    { atMs: 1, type: 'run-ended' },
  ];
  return { path: `${index}.jsonl`, events };
}

test('what a run asked for is divided among itself: by time where it is known', () => {
  const ids = Array.from({ length: 40 }, (_, n) => `s${n}.test.js`);
  const history = historyOf(Object.fromEntries(ids.map((id, n) => [id, 1000 + n])));
  const asked = ids.slice(0, 4).map(suiteOf);
  const plan = planRun({ total: 4, history, narrowedTo: asked });
  expect(countsOf(plan.divide(asked), 4)).toEqual([1, 1, 1, 1]);
  const unknown = ['x', 'y'].map(suiteOf);
  const mixed = planRun({ total: 2, history, narrowedTo: unknown });
  expect(countsOf(mixed.divide(unknown), 2)).toEqual([1, 1]);
  // A shard of the whole run beside one of a part is found out.
  expect(plan.planId).not.toBe(planRun({ total: 4, history }).planId);
});

test('the suite that alone is the bound is known', () => {
  const plan = planRun({ total: 3, history: historyOf({ long: 9000, a: 100, b: 100 }) });
  expect(plan.longest()).toEqual({ id: 'long', durationMs: 9000 });
  expect(plan.boundMs).toBe(9000);
});

describe('a plan file', () => {
  const run = planRun({ total: 2, history: historyOf({ a: 5, b: 7 }) });
  const file = planFileOf(run, [['a'], ['b', 'c']]);
  const write = (content: unknown) => {
    const path = join(temporaryDirectory(), 'plan.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };

  test('is read as it was written', () => {
    expect(readPlanFile(write(file), 2, undefined)).toEqual(file);
  });

  test.each<[what: string, content: unknown, message: string]>([
    ['another version', { ...file, version: 2 }, '`version` is wrong'],
    ['no suites', { ...file, shards: undefined }, 'found:    nothing'],
    ['half of one', '{"version":1,', 'plan.json:1: this is not JSON'],
    ['one that was changed', { ...file, shards: [['a', 'b'], ['c']] }, 'changed after it was written'],
    ['one with a suite twice', { ...file, shards: [['a'], ['a']] }, 'is in the plan twice'],
    [
      'one for other machines',
      planFileOf({ ...run, inputs: { ...run.inputs, fleet: 'x' } }, file.shards),
      'other machines',
    ],
  ])('%s is refused, with a remedy', (_what, content, message) => {
    const path = write(content);
    expect(() => readPlanFile(path, 2, undefined)).toThrow(message);
  });

  test('one for more shards, and one that is not there, say how to make one', () => {
    expect(() => readPlanFile(write(file), 3, undefined)).toThrow(
      /another number of shards[\s\S]*plan --shards N/,
    );
    expect(() => readPlanFile('/nowhere/plan.json', 2, undefined)).toThrow(
      /cannot be read[\s\S]*plan --shards N/,
    );
  });
});

describe('an earlier attempt', () => {
  const asked: SameShard = {
    index: 1,
    total: 2,
    commit: 'c',
    ciRun: 'run 1',
    planId: undefined,
    suites: undefined,
  };
  const linesOf = (change: object = {}) =>
    [
      { type: 'run-started', commit: 'c' },
      {
        type: 'shard-planned',
        planId: 'p',
        inputs: {},
        index: 1,
        total: 2,
        elsewhere: ['b'],
        own: ['a'],
        ciRun: 'run 1',
        ...change,
      },
    ]
      .map((event) => JSON.stringify(event))
      .join('\n');
  const folderOf = (...records: readonly string[]) => {
    const folder = temporaryDirectory();
    mkdirSync(folder, { recursive: true });
    records.forEach((text, at) => {
      writeFileSync(join(folder, `run-${at}.jsonl`), text);
    });
    return folder;
  };

  test('of the same run of the CI service is found, past damaged and other records', () => {
    const folder = folderOf(
      linesOf(),
      linesOf({ ciRun: 'run 2' }),
      linesOf({ index: 2 }),
      '{"type":"run-sta',
    );
    expect(earlierAttempt(folder, asked)).toMatchObject({ planId: 'p', own: ['a'] });
    expect(earlierAttempt(folder, { ...asked, ciRun: 'run 3' })).toBeUndefined();
    expect(earlierAttempt(folder, { ...asked, commit: 'd' })).toBeUndefined();
    expect(earlierAttempt(folder, { ...asked, total: 3 })).toBeUndefined();
    expect(earlierAttempt(folder, { ...asked, suites: 'a part' })).toBeUndefined();
  });

  test('where nobody says which run this is, by the plan that is asked for, else none', () => {
    const folder = folderOf(linesOf());
    expect(earlierAttempt(folder, { ...asked, ciRun: undefined })).toBeUndefined();
    expect(earlierAttempt(folder, { ...asked, ciRun: undefined, planId: 'p' })).toBeDefined();
    expect(earlierAttempt(folder, { ...asked, planId: 'q' })).toBeUndefined();
    expect(earlierAttempt(join(folder, 'none'), asked)).toBeUndefined();
  });

  test('the run of a CI service is the same in each attempt', () => {
    expect(ciRunOf({ GITHUB_RUN_ID: '4711', GITHUB_RUN_ATTEMPT: '2' })).toEqual({
      run: 'GITHUB_RUN_ID 4711',
      attempt: '2',
    });
    expect(ciRunOf({ CI_PIPELINE_ID: '9' })).toEqual({ run: 'CI_PIPELINE_ID 9' });
    expect(ciRunOf({ GITHUB_RUN_ID: '' })).toBeUndefined();
  });
});

describe('what a history keeps of a merged run', () => {
  const records = ['a', 'b'].map((id, at) =>
    recordOf(at + 1, 2, ['a', 'b'], (place) => ['a', 'b'][place] === id),
  );
  const { division } = mergeRecords(records);
  if (division === undefined) throw new Error('Nobody has divided.');

  test('is how it was divided, for a job that is run again; read as it was written', () => {
    const history = withRepeatable(historyOf({ a: 5, old: 6 }), repeatableRun(division, true));
    expect(history.repeatable).toEqual({ planId: 'p', inputs: {}, total: 2 });
    expect([...history.suites].map(([id, { shard }]) => [id, shard])).toEqual([
      ['a', 0],
      ['old', undefined],
      ['b', 1],
    ]);
    const path = join(temporaryDirectory(), 'history.jsonl');
    writeHistory(path, history);
    const { history: read } = readHistory(path);
    expect(read.repeatable).toEqual(history.repeatable);
    expect(new Map(read.suites)).toEqual(new Map(history.suites));
    // The next run that is merged takes its place.
    const after = withRepeatable(read, undefined);
    expect(after.repeatable).toBeUndefined();
    expect([...after.suites.values()].every(({ shard }) => shard === undefined)).toBe(true);
  });

  test('is nothing of a run that passed, where nobody says which run a job belongs to, and of a part', () => {
    expect(repeatableRun(division, false)).toBeUndefined();
    const planned = { ...division.planned, ciRun: 'run 1' };
    expect(repeatableRun({ ...division, planned, commit: 'c' }, false)?.run).toMatchObject({
      ciRun: 'run 1',
      commit: 'c',
    });
    const part = { ...division.planned, inputs: { suites: 'a part' } };
    expect(repeatableRun({ ...division, planned: part }, true)).toBeUndefined();
  });
});
