import fc from 'fast-check';
import type { RunEvent, RunStarted, SuiteStatus } from '../../src/core/events.js';
import { defaultProfile } from '../../src/core/workload/profile.js';
import { emptyHistory, type History, historyUnder, observationsOf } from '../../src/record/history.js';
import { forgottenAfterRuns, learn, runsRemembered, unlearnedText } from '../../src/record/learn.js';
import { readRecord } from '../../src/record/read.js';

test('a run of some classes alone does not change what a known suite needs', () => {
  const need = (deviceClass: 'gpu' | 'cpu') => ({ class: deviceClass, count: 1 });
  const queued = (classes: readonly ('gpu' | 'cpu')[]): RunEvent => ({
    atMs: 0,
    type: 'suite-queued',
    suite: {
      id: 'a.test.js',
      fileBytes: 1,
      profile: { ...defaultProfile, hardware: classes.map((each) => need(each)) },
    },
  });
  const whole = learn(emptyHistory, [...runOf(1, []), queued(['gpu', 'cpu']), ...runOf(1, [{}]).slice(1)]);
  const narrow = { only: ['gpu' as const], filtered: true };
  const after = learn(whole, [...runOf(2, [], narrow), queued(['gpu']), ...runOf(2, [{}], narrow).slice(1)]);
  expect(after.suites.get('a.test.js')?.needs?.hardware).toEqual([need('gpu'), need('cpu')]);
});

describe('durations and memory', () => {
  test('come from passed attempts, by suite and kind of device', () => {
    const { events } = readRecord('fixtures/records/mixed.jsonl');
    const observed = observationsOf(learn(emptyHistory, events)).map(({ suiteId, deviceKind, ...rest }) => [
      suiteId,
      deviceKind,
      rest,
    ]);
    expect(observed).toEqual([
      [
        'test/nlp/embeddings.test.ts',
        'cpu AMD EPYC 7B13',
        { durationMs: 3480, peakMemoryBytes: 9_000_000_000, samples: 1 },
      ],
      [
        'test/vision/train.test.ts',
        'gpu NVIDIA GeForce RTX 4070',
        { durationMs: 4480, peakMemoryBytes: 900_000_000, samples: 1 },
      ],
      [
        'test/unit.test.ts',
        'cpu AMD EPYC 7B13',
        { durationMs: 590, peakMemoryBytes: 180_000_000, samples: 1 },
      ],
      [
        'test/edge/wake-word.test.ts',
        'cpu AMD EPYC 7B13',
        { durationMs: 980, peakMemoryBytes: 200_000_000, samples: 1 },
      ],
    ]);
  });

  test.each<SuiteStatus>(['failed', 'timed-out', 'lost', 'cancelled', 'skipped'])(
    'not from %s ones',
    (status) => {
      expect(observationsOf(learn(emptyHistory, runOf(1, [{ status }])))).toEqual([]);
    },
  );

  test('not from a run of a part', () => {
    expect(observationsOf(learn(emptyHistory, runOf(1, [{}], { filtered: true })))).toEqual([]);
  });

  test('under coverage apart, and expected so; what was measured one way alone by the factor between the two', () => {
    const plain = [
      { suiteId: 'a', durationMs: 100, peakMemoryBytes: 5000 },
      { suiteId: 'b', durationMs: 200 },
      { suiteId: 'plain', durationMs: 1000 },
    ];
    const covered = [
      { suiteId: 'a', durationMs: 300 },
      { suiteId: 'b', durationMs: 600 },
      { suiteId: 'covered', durationMs: 1500 },
    ];
    const history = learn(learn(emptyHistory, runOf(1, plain)), runOf(2, covered, { coverage: true }));
    const expected = (coverage: boolean) =>
      Object.fromEntries(
        observationsOf(historyUnder(coverage, history)).map(({ suiteId, durationMs }) => [
          suiteId,
          durationMs,
        ]),
      );
    expect(expected(false)).toEqual({ a: 100, b: 200, plain: 1000, covered: 500 });
    expect(expected(true)).toEqual({ a: 300, b: 600, plain: 3000, covered: 1500 });
    // One kind of device either way, and memory that was measured the other way is better than none.
    const under = observationsOf(historyUnder(true, history));
    expect(new Set(under.map(({ deviceKind }) => deviceKind)).size).toBe(1);
    expect(under[0]?.peakMemoryBytes).toBe(5000);
  });

  test('a project that always collects coverage is known, with and without', () => {
    const history = learn(emptyHistory, runOf(1, [{ durationMs: 70 }], { coverage: true }));
    for (const coverage of [true, false]) {
      expect(observationsOf(historyUnder(coverage, history))).toMatchObject([{ durationMs: 70 }]);
    }
  });

  test.each<[what: string, events: RunEvent[], text: RegExp | undefined]>([
    ['a whole run', runOf(1, [{}]), undefined],
    ['a run under coverage', runOf(1, [{}], { coverage: true }), undefined],
    ['a part', runOf(1, [{}], { filtered: true }), /no durations: only a part/],
    ['one that failed altogether', runOf(1, [{ status: 'failed' }]), /no suite passed/],
    [
      'one that was stopped',
      [
        ...runOf(1, [{}, { suiteId: 'b', status: 'cancelled' }]),
        { atMs: 9, type: 'run-cancelled', cause: 'bail' },
      ],
      /stopped \(bail\): the history learns only the 1 suite that had passed/,
    ],
    [
      'one that was stopped at once',
      [...runOf(1, []), { atMs: 9, type: 'run-cancelled', cause: 'interrupt' }],
      /learns nothing/,
    ],
  ])('%s says what it does not teach', (_what, events, text) => {
    if (text === undefined) expect(unlearnedText(events)).toBeUndefined();
    else expect(unlearnedText(events)).toMatch(text);
  });

  test('a shard teaches its part', () => {
    expect(observationsOf(learn(emptyHistory, runOf(1, [{}], { index: 1, total: 2 })))).toHaveLength(1);
  });

  test('an outlier of a hundredfold is believed in part, then fades', () => {
    const durations = [1000, 100_000, 1000, 1000, 1000, 1000].map((durationMs) => ({ durationMs }));
    const learned = durations.map((_, index) =>
      lastDuration(durations.slice(0, index + 1).map((ended) => [ended])),
    );
    expect(learned).toEqual([1000, 16_000, 2520, 1382, 1120, 1082]);
  });

  test('noise goes back to the mean, a change stays', () => {
    const runs = (ms: (suite: number, run: number) => number) =>
      Array.from({ length: 8 }, (_, run) =>
        Array.from({ length: 6 }, (_, n) => ({
          suiteId: `s${n}`,
          slotId: `gpu-box/cpu#${n + 1}`,
          durationMs: ms(n, run),
        })),
      );
    const noisy = learnAll(runs((n, run) => ((n + run) % 2 === 0 ? 1000 : 2000)));
    const noise = observationsOf(noisy).map(({ durationMs }) => durationMs);
    // Whatever came last, the middle is expected.
    for (const ms of noise) expect(ms > 1250 && ms < 1600).toBe(true);
    const changing = learnAll(runs((n, run) => Math.round(1000 * 1.3 ** (n % 2 === 0 ? run : -run))));
    const changed = observationsOf(changing).map(({ durationMs }) => durationMs);
    const last = [0, 1].map((odd) => Math.round(1000 * 1.3 ** (odd === 0 ? 7 : -7)));
    changed.forEach((ms, n) => {
      expect(ms).toBe(last[n % 2]);
    });
  });

  test('a memory peak is kept at once and sinks slowly', () => {
    const history = learnAll([[{ peakMemoryBytes: 1000 }], [{ peakMemoryBytes: 100 }], [{}]]);
    expect(observationsOf(history)[0]?.peakMemoryBytes).toBe(810);
    const higher = learn(history, runOf(9, [{ peakMemoryBytes: 5000 }]));
    expect(observationsOf(higher)[0]).toMatchObject({ peakMemoryBytes: 5000, samples: 4 });
  });

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 1e300])(
    'a duration of %d teaches nothing',
    (durationMs) => {
      expect(observationsOf(learn(emptyHistory, runOf(1, [{ durationMs }])))).toEqual([]);
    },
  );
});

describe('what failed last', () => {
  const failed = (history: History) => history.suites.get('a.test.js')?.failedLast ?? false;

  test.each<SuiteStatus>(['failed', 'timed-out', 'lost'])(
    '%s marks the suite, even in a filtered run',
    (status) => {
      expect(failed(learn(emptyHistory, runOf(1, [{ status }], { filtered: true })))).toBe(true);
    },
  );

  test('passing takes the mark away, also after a lost attempt of the same run', () => {
    const before = learn(emptyHistory, runOf(1, [{ status: 'failed' }]));
    expect(failed(learn(before, runOf(2, [{ status: 'lost' }, { status: 'passed', attempt: 2 }])))).toBe(
      false,
    );
  });

  test.each<Partial<Ended>>([
    { status: 'skipped' },
    { status: 'cancelled' },
    { status: 'passed', executedTests: 0 },
  ])('%o says nothing', (ended) => {
    const before = learn(emptyHistory, runOf(1, [{ status: 'failed' }]));
    expect(failed(learn(before, runOf(2, [ended])))).toBe(true);
  });
});

describe('forgetting', () => {
  const known = learn(emptyHistory, runOf(0, [{}]));
  const others = (run: Partial<RunStarted> = {}, opened = true) =>
    Array.from({ length: forgottenAfterRuns }, (_, index) =>
      runOf(index + 1, [{ suiteId: 'b.test.js' }], run).filter(({ type }) => opened || type !== 'run-opened'),
    );
  const knows = (history: History) => history.suites.has('a.test.js');

  test('a suite that whole runs lack is forgotten, not before', () => {
    expect(knows(others().slice(1).reduce(learn, known))).toBe(true);
    expect(knows(others().reduce(learn, known))).toBe(false);
  });

  test('runs that hold a part, or died while listing, forget nothing', () => {
    expect(knows(others({ filtered: true }).reduce(learn, known))).toBe(true);
    expect(knows(others({ index: 1, total: 4 }).reduce(learn, known))).toBe(true);
    expect(knows(others({}, false).reduce(learn, known))).toBe(true);
  });

  test('one run that lists it, selected or not, starts the count anew', () => {
    const seen: RunEvent = { atMs: 0, type: 'suite-not-selected', suiteId: 'a.test.js', reason: 'ONLY' };
    const [first = [], ...rest] = others();
    expect(knows([...rest, [...first, seen], ...others().slice(1)].reduce(learn, known))).toBe(true);
  });
});

describe('a run counts once', () => {
  test('learning it again gives the same history', () => {
    fc.assert(
      fc.property(fc.array(anyRun(), { minLength: 1, maxLength: 8 }), fc.nat(), (runs, pick) => {
        const history = runs.reduce(learn, emptyHistory);
        expect(learn(history, runs[pick % runs.length] ?? [])).toBe(history);
      }),
    );
  });

  test('runs and shards that start together are told apart', () => {
    const history = [1, 2].reduce(
      (before, index) => learn(before, runOf(1, [{}], { index, total: 2 })),
      emptyHistory,
    );
    expect(observationsOf(history)[0]?.samples).toBe(2);
  });

  test('the list of learned runs does not grow for ever', () => {
    const runs = Array.from({ length: runsRemembered + 5 }, (_, index) => runOf(index, [{}]));
    const { learnedRuns } = runs.reduce(learn, emptyHistory);
    expect(learnedRuns).toHaveLength(runsRemembered);
    expect(learnedRuns.at(-1)).toBe(startedAt(runsRemembered + 4));
  });

  test('events without a run teach nothing', () => {
    expect(learn(emptyHistory, runOf(1, [{}]).slice(1))).toBe(emptyHistory);
  });

  test('the history before is left as it was', () => {
    const before = learn(emptyHistory, runOf(1, [{}]));
    const copy = structuredClone(before);
    learn(before, runOf(2, [{ durationMs: 5 }, { suiteId: 'b.test.js', status: 'failed' }]));
    expect(before).toEqual(copy);
  });
});

type Ended = Omit<Extract<RunEvent, { type: 'suite-ended' }>, 'type' | 'atMs'>;

function startedAt(run: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, run)).toISOString();
}

function runOf(id: number, attempts: readonly Partial<Ended>[], run: Partial<RunStarted> = {}): RunEvent[] {
  const [, , slotUp] = readRecord('fixtures/records/cpu-only.jsonl').events;
  if (slotUp?.type !== 'slot-up') throw new Error('The fixture has changed.');
  return [
    {
      atMs: 0,
      type: 'run-started',
      version: 1,
      startedAt: startedAt(id),
      packageVersion: '0.1.0',
      strategy: 'pull',
      filtered: false,
      coverage: false,
      requireExecuted: [],
      ...run,
    },
    slotUp,
    { atMs: 1, type: 'run-opened' },
    ...attempts.map(
      (attempt): RunEvent => ({
        atMs: 2,
        type: 'suite-ended',
        suiteId: 'a.test.js',
        slotId: slotUp.slot.id,
        attempt: 1,
        status: 'passed',
        degraded: false,
        durationMs: 100,
        ...attempt,
      }),
    ),
  ];
}

function learnAll(runs: readonly (readonly Partial<Ended>[])[]): History {
  return runs.reduce((history, attempts, index) => learn(history, runOf(index, attempts)), emptyHistory);
}

function lastDuration(runs: readonly (readonly Partial<Ended>[])[]): number | undefined {
  return observationsOf(learnAll(runs))[0]?.durationMs;
}

function anyRun(): fc.Arbitrary<RunEvent[]> {
  const attempt = fc.record({
    suiteId: fc.constantFrom('a.test.js', 'b.test.js', 'c.test.js'),
    status: fc.constantFrom<SuiteStatus>('passed', 'failed', 'lost', 'skipped'),
    durationMs: fc.integer({ min: 0, max: 1e9 }),
    peakMemoryBytes: fc.integer({ min: 0, max: 1e12 }),
  });
  return fc
    .tuple(fc.nat(20), fc.array(attempt, { maxLength: 5 }), fc.boolean())
    .map(([id, attempts, filtered]) => runOf(id, attempts, { filtered }));
}
