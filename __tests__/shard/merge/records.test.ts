import type { Happening, RunEvent } from '../../../src/core/events.js';
import { slotsOf } from '../../../src/core/machine/machine.js';
import { defaultProfile } from '../../../src/core/workload/profile.js';
import { summarise } from '../../../src/report/summary/summary.js';
import { mergeRecords } from '../../../src/shard/merge/records.js';
import { mergeJestResults, mergeJUnit } from '../../../src/shard/merge/results.js';
import type { ShardRecord } from '../../../src/shard/merge/shard-record.js';
import { device, GiB } from '../../core/cluster.js';

interface ShardShape {
  readonly total?: number;
  readonly planId?: string;
  readonly commit?: string;
  readonly own?: readonly string[];
  readonly elsewhere?: readonly string[];
  readonly inputs?: Readonly<Record<string, string>>;
  readonly ends?: boolean;
  readonly requireExecuted?: readonly 'gpu'[];
  readonly failOn?: readonly 'skipped'[];
  /** Ms at which its first suite starts. */
  readonly ms?: number;
  readonly day?: number;
  readonly platform?: string;
  /** Of its machine. */
  readonly name?: string;
  /** Run and attempt of the CI service. */
  readonly ci?: readonly [run: string, attempt: string];
  /** A suite that its machine could not run, which its policy accepts. */
  readonly skipped?: string;
}

function shard(index: number, shape: ShardShape = {}): ShardRecord {
  const {
    total = 2,
    planId = 'p',
    own = [`${index}.test.js`],
    elsewhere = [],
    commit = 'c',
    ends = true,
  } = shape;
  const facts = {
    name: shape.name ?? 'local',
    platform: shape.platform ?? 'linux',
    arch: 'x64',
    cpuBudget: 1,
    memoryBudgetBytes: GiB,
  };
  const machine = { version: 1 as const, machine: facts, devices: [device()], problems: [] };
  const [slot] = slotsOf(machine, 1);
  if (slot === undefined) throw new Error('no slot');
  const events: RunEvent[] = [
    {
      atMs: 0,
      type: 'run-started',
      version: 1,
      startedAt: `2026-03-0${shape.day ?? index}T00:00:00.000Z`,
      packageVersion: '0.1.0',
      strategy: 'adaptive',
      commit,
      index,
      total,
      filtered: false,
      coverage: false,
      requireExecuted: shape.requireExecuted ?? [],
      ...(shape.failOn && { failOn: shape.failOn }),
    },
    {
      atMs: 0,
      type: 'shard-planned',
      planId,
      inputs: shape.inputs ?? { history: 'h', fleet: 'f' },
      index,
      total,
      predictedMs: [1, 1],
      boundMs: 1,
      elsewhere,
      ...(shape.ci && { ciRun: shape.ci[0], ciAttempt: shape.ci[1] }),
    },
    ...own.map(
      (id): RunEvent => ({
        atMs: 1,
        type: 'suite-queued',
        suite: { id, fileBytes: 1, profile: defaultProfile },
      }),
    ),
    { atMs: 2, type: 'machine-known', machine },
    { atMs: 2, type: 'slot-up', slot },
    { atMs: 3, type: 'run-opened' },
    ...own.flatMap((suiteId, at): RunEvent[] => [
      {
        atMs: (shape.ms ?? 10) + at,
        type: 'suite-started',
        attempt: 1,
        placement: {
          suiteId,
          slotId: slot.id,
          claim: {
            deviceIds: ['cpu'],
            cpuThreads: 1,
            hostMemoryBytes: 0,
            deviceMemoryBytes: 0,
            locks: [],
            exclusive: false,
          },
          estimate: { durationMs: 1, hostMemoryBytes: 0, basis: 'default', samples: 0, spread: 1 },
          degraded: false,
        },
      },
      {
        atMs: 11 + at,
        type: 'suite-ended',
        suiteId,
        slotId: slot.id,
        attempt: 1,
        status: 'passed',
        degraded: false,
        durationMs: 1,
        executedTests: 1,
      },
    ]),
    ...(shape.skipped === undefined
      ? []
      : [
          {
            atMs: 50,
            type: 'suite-unplaceable',
            suiteId: shape.skipped,
            action: 'skip',
            rejections: [],
          } as const,
        ]),
    ...(ends ? [{ atMs: 99, type: 'run-ended' } as const] : []),
  ];
  return { path: `shard-${index}.jsonl`, events };
}

describe('records', () => {
  test('become one run, its machines told apart', () => {
    const { events, notes } = mergeRecords([
      shard(2, { elsewhere: ['1.test.js'] }),
      shard(1, { elsewhere: ['2.test.js'] }),
    ]);
    expect(notes).toEqual([]);
    const summary = summarise(events);
    expect(summary).toMatchObject({ state: 'complete', startedAt: '2026-03-01T00:00:00.000Z' });
    expect(summary).not.toHaveProperty('shard');
    expect(summary.machines.map(({ name }) => name)).toEqual(['shard-1', 'shard-2']);
    expect(summary.suites.map(({ id, attempts }) => [id, attempts[0]?.slotId])).toEqual([
      ['1.test.js', 'shard-1/cpu#1'],
      ['2.test.js', 'shard-2/cpu#1'],
    ]);
    expect(events.map(({ atMs }) => atMs)).toEqual(events.map(({ atMs }) => atMs).sort((a, b) => a - b));
  });

  test('what is told of a machine keeps its new name', () => {
    const told = (event: Happening): ShardRecord => {
      const { path, events } = shard(2, { name: 'gpu-box' });
      return { path, events: events.toSpliced(-1, 0, { atMs: 20, ...event } as RunEvent) };
    };
    const machine = 'gpu-box';
    const happenings: readonly Happening[] = [
      { type: 'device-heat', machine, deviceId: 'cpu', hot: true, source: 'kernel sensor' },
      { type: 'device-memory', machine, deviceId: 'cpu', takenBytes: 1 },
      { type: 'device-turns', machine, deviceId: 'cpu', free: 0, share: 1 },
      { type: 'link-measured', machine, leadMs: 100 },
      { type: 'machine-awaited', machine, address: 'ssh://gpu-box' },
      { type: 'machine-settled', machine },
    ];
    for (const happening of happenings) {
      const { events } = mergeRecords([shard(1, { name: machine }), told(happening)]);
      expect(events).toContainEqual({ ...happening, machine: 'gpu-box-2', atMs: expect.any(Number) });
    }
  });

  test('machines of one name stay two, whatever it is', () => {
    const { events } = mergeRecords([shard(1, { name: 'gpu-box' }), shard(2, { name: 'gpu-box' })]);
    const slotIds = events.flatMap((event) => (event.type === 'slot-up' ? [event.slot.id] : []));
    expect(slotIds).toEqual(['gpu-box/cpu#1', 'gpu-box-2/cpu#1']);
    const ran = summarise(events).suites.map(({ attempts }) => attempts.map(({ slotId }) => slotId));
    expect(ran).toEqual([['gpu-box/cpu#1'], ['gpu-box-2/cpu#1']]);
    expect(
      events.flatMap((event) => (event.type === 'machine-known' ? [event.machine.machine.name] : [])),
    ).toEqual(['gpu-box', 'gpu-box-2']);
  });

  test('those of one shard are put together: projects of different options run one after another', () => {
    const later = (part: ShardRecord): ShardRecord => ({
      path: 'shard-1-2.jsonl',
      events: part.events.map((event) =>
        event.type === 'run-started' ? { ...event, startedAt: '2026-03-01T00:00:01.000Z' } : event,
      ),
    });
    const { events, shardCount, notes } = mergeRecords([
      shard(2, { elsewhere: ['1.test.js', 'a/1.test.js'] }),
      later(shard(1, { own: ['a/1.test.js'], elsewhere: ['2.test.js'] })),
      shard(1, { elsewhere: ['2.test.js'] }),
    ]);
    const { suites, machines } = summarise(events);
    expect([shardCount, notes]).toEqual([2, []]);
    expect(suites.map(({ id }) => id)).toEqual(['1.test.js', 'a/1.test.js', '2.test.js']);
    expect(machines.map(({ name }) => name)).toEqual(['shard-1', 'shard-2']);
    const starts = events.flatMap((event) =>
      event.type === 'suite-started' ? [[event.placement.slotId, event.atMs]] : [],
    );
    expect(starts).toEqual([
      ['shard-1/cpu#1', 10],
      ['shard-2/cpu#1', 10],
      ['shard-1/cpu#1', 1010],
    ]);
  });

  test('what must be executed is asked of all shards together', () => {
    const both = [1, 2].map((index) => shard(index, { requireExecuted: ['gpu'] }));
    expect(summarise(mergeRecords(both).events).unmetRequirements).toEqual(['gpu']);
  });

  test('what one shard refuses, the run refuses', () => {
    const refusing = [shard(1, { skipped: 'gpu.test.js' }), shard(2, { failOn: ['skipped'] })];
    expect(summarise(mergeRecords(refusing).events).refused).toEqual([
      { state: 'skipped', suiteIds: ['gpu.test.js'] },
    ]);
  });

  test('a suite that some shards did not see is named', () => {
    const { notes } = mergeRecords([shard(1), shard(2, { elsewhere: ['1.test.js'] })]);
    expect(notes).toEqual(['shard 1 does not have the files of 1 suites that others ran: 2.test.js']);
  });

  test.each<[string, readonly ShardRecord[], string]>([
    ['nothing', [], 'there are no records of shards'],
    ['a shard too few', [shard(1)], 'shard 2 of 2 is missing'],
    [
      'one twice at once',
      [shard(1), shard(1, { own: ['1.test.js'], ms: 7 }), shard(2)],
      'there are 2 records of shard 1 of 2',
    ],
    [
      'one again on another system',
      [shard(1), shard(1, { day: 5, platform: 'darwin' }), shard(2)],
      'there are 2 records of shard 1 of 2',
    ],
    [
      'one twice in one attempt of a CI run',
      [shard(1, { ci: ['run 4711', '1'] }), shard(1, { day: 5, ci: ['run 4711', '1'] }), shard(2)],
      'there are 2 records of shard 1 of 2',
    ],
    [
      'an attempt of another plan',
      [shard(1), shard(1, { day: 5, planId: 'q' }), shard(2)],
      'the shard followed another plan',
    ],
    ['an attempt that was killed', [shard(1), shard(1, { day: 5, ends: false }), shard(2)], 'did not end'],
    [
      'one twice in part',
      [shard(1, { own: ['1.test.js', 'a.test.js'] }), shard(1, { own: ['a.test.js'] }), shard(2)],
      'there are 2 records of shard 1 of 2',
    ],
    [
      'a part that was cut off',
      [shard(1), shard(1, { own: ['a.test.js'], ends: false }), shard(2)],
      'shard 1 of 2 did not end',
    ],
    [
      'another plan',
      [shard(1), shard(2, { planId: 'q', inputs: { history: 'i', fleet: 'f' } })],
      'history i, not h',
    ],
    ['another commit', [shard(1), shard(2, { commit: 'd' })], 'the shard is of another commit'],
    ['another division', [shard(1), shard(2, { total: 3 })], 'with another number of shards'],
    ['one that was killed', [shard(1), shard(2, { ends: false })], 'did not end'],
    [
      'a suite nobody ran',
      [shard(1, { elsewhere: ['lost.test.js'] }), shard(2)],
      'lost.test.js ran on no shard',
    ],
    ['one that two ran', [shard(1, { own: ['2.test.js'] }), shard(2)], '2.test.js ran on shards 1, 2'],
  ])('%s is refused', (_what, records, message) => {
    expect(() => mergeRecords(records)).toThrow(message);
  });
});

describe('a shard that was run again', () => {
  test('an artefact that holds copies of all jobs and attempts is left aside', () => {
    const at = (path: string, record: ShardRecord) => ({ ...record, path });
    const records = ['all', 'own'].flatMap((folder) => [
      at(`${folder}${folder === 'own' ? '-1-1' : ''}/1.jsonl`, shard(1, { own: ['a'] })),
      at(`${folder}${folder === 'own' ? '-2-1' : ''}/2.jsonl`, shard(2)),
    ]);
    const { leftOut } = mergeRecords([...records, at('own-1-2/1.jsonl', shard(1, { day: 5, own: ['a'] }))]);
    expect([...leftOut].sort()).toEqual(['all/1.jsonl', 'all/2.jsonl', 'own-1-1/1.jsonl']);
  });

  const seeing = (index: number, shape: ShardShape = {}) =>
    shard(index, { elsewhere: [`${3 - index}.test.js`], ...shape });

  test('its newest attempt counts, and the note says which', () => {
    const first = seeing(1, { ci: ['run 4711', '1'], failOn: ['skipped'] });
    const again = { ...seeing(1, { day: 5, ci: ['run 4711', '2'] }), path: 'again.jsonl' };
    const { events, notes, leftOut } = mergeRecords([again, seeing(2, { ci: ['run 4711', '1'] }), first]);
    expect(events.filter(({ type }) => type === 'suite-ended')).toHaveLength(2);
    expect(leftOut).toEqual([first.path]);
    expect(notes).toEqual([
      `shard 1 was run 2 times; the newest attempt counts (again.jsonl), not ${first.path}`,
    ]);
  });

  test('all shards run again under another plan leave the first ones behind', () => {
    const again = [1, 2].map((index) => shard(index, { day: index + 4, planId: 'q' }));
    expect(mergeRecords([shard(1), shard(2), ...again]).leftOut).toHaveLength(2);
  });

  test('a copy of a record is no attempt', () => {
    const { notes, shardCount, leftOut } = mergeRecords([
      seeing(1),
      { ...seeing(1), path: 'copy.jsonl' },
      seeing(2),
    ]);
    expect({ notes, shardCount }).toEqual({ notes: [], shardCount: 2 });
    expect(leftOut).toEqual(['copy.jsonl']);
  });
});

test("results of Jest's --json", () => {
  const result = (n: number, success: boolean) => ({
    numTotalTests: n,
    numFailedTests: success ? 0 : 1,
    success,
    wasInterrupted: false,
    startTime: 100 * n,
    snapshot: { added: n, failure: false, uncheckedKeysByFile: [{ filePath: `${n}` }] },
    testResults: [{ name: `${n}` }],
    coverageMap: {},
  });
  expect(mergeJestResults([result(2, true), result(1, false)])).toEqual({
    numTotalTests: 3,
    numFailedTests: 1,
    success: false,
    wasInterrupted: false,
    startTime: 100,
    snapshot: { added: 3, failure: false, uncheckedKeysByFile: [{ filePath: '2' }, { filePath: '1' }] },
    testResults: [{ name: '2' }, { name: '1' }],
  });
});

test('JUnit files: suites as they stand, sums over the outermost', () => {
  const one = `<?xml version="1.0"?>
<testsuites name="jest" tests="3" failures="1">
  <testsuite name="a" tests="2" failures="1" time="1.5"><testcase name="&lt;x&gt;"><failure><![CDATA[<testsuite tests="9">]]></failure></testcase></testsuite>
  <testsuite name="b" tests="1" failures="0" time="0.25"/>
</testsuites>`;
  const two = `<testsuite name="c" tests="4" skipped="2" time="1"><testsuite name="inner" tests="4"></testsuite></testsuite>`;
  const merged = mergeJUnit([one, two, '<testsuites></testsuites>', '<testsuite name="d" tests="1"/>']);
  expect(merged).toContain('<testsuites tests="8" failures="1" errors="0" skipped="2" time="2.75">');
  for (const name of ['a', 'b', 'c', 'd', 'inner'])
    expect(merged.split(`<testsuite name="${name}"`)).toHaveLength(2);
  expect(merged).toContain('<![CDATA[<testsuite tests="9">]]>');
  expect(merged.match(/<\/testsuites>/g)).toHaveLength(1);
});

test('JUnit files: attributes in either quotes, with `>` in them, thousands apart, and comments', () => {
  const dotnet = `<testsuites><!-- <testsuite tests="9"> -->
<testsuite name='a > b "c"' tests='3' time='1,234.5' errors = '1'></testsuite></testsuites>`;
  const lone = `<testsuite data-tests="7" tests='2' name='x/y'/>`;
  expect(mergeJUnit([dotnet, lone])).toContain(
    '<testsuites tests="5" failures="0" errors="1" skipped="0" time="1234.5">',
  );
});

test('shards of very many events', () => {
  const ticks = Array.from({ length: 150_000 }, (_, at): RunEvent => ({ type: 'tick', atMs: at }));
  const long = shard(1, { elsewhere: ['2.test.js'] });
  const events = [...long.events.slice(0, -1), ...ticks, ...long.events.slice(-1)];
  const merged = mergeRecords([{ ...long, events }, shard(2, { elsewhere: ['1.test.js'] })]);
  expect(merged.events.at(-1)).toEqual({ type: 'run-ended', atMs: 149_999 });
});
