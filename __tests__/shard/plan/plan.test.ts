import fc from 'fast-check';
import type { Suite } from '../../../src/core/events.js';
import type { Device, Machine } from '../../../src/core/machine/machine.js';
import { defaultProfile } from '../../../src/core/workload/profile.js';
import type { FleetMachine } from '../../../src/machine-file/fleets.js';
import { emptyHistory, type History, type SuiteHistory } from '../../../src/record/history.js';
import { planRun, type ShardRun } from '../../../src/shard/plan/plan.js';
import { device, GiB } from '../../core/cluster.js';

const gpu = (model: string): Device => device({ id: 'gpu0', class: 'gpu', model, backends: ['cuda'] });

function machine(name: string, workers: number, ...devices: readonly Device[]): FleetMachine {
  const facts = { name, platform: 'any', arch: 'any', cpuBudget: workers, memoryBudgetBytes: 8 * GiB };
  const described: Machine = { version: 1, machine: facts, devices: [device(), ...devices], problems: [] };
  return { machine: described, workers };
}

function historyOf(suites: Readonly<Record<string, { ms: number; gpu?: boolean; kind?: string }>>): History {
  return {
    ...emptyHistory,
    suites: new Map(
      Object.entries(suites).map(([id, { ms, gpu: needsGpu = false, kind }]): [string, SuiteHistory] => [
        id,
        {
          devices: new Map([[kind ?? (needsGpu ? 'gpu A' : 'cpu'), { lastMs: ms, meanMs: ms, samples: 3 }]]),
          failedLast: false,
          missedRuns: 0,
          ...(needsGpu && { needs: { hardware: [{ class: 'gpu', count: 1 }] } }),
        },
      ]),
    ),
  };
}

const suiteOf = (id: string, needsGpu = false): Suite => ({
  id,
  fileBytes: 0,
  profile: needsGpu ? { ...defaultProfile, hardware: [{ class: 'gpu', count: 1 }] } : defaultProfile,
});

const anyRun = fc.record({
  fleet: fc.option(
    fc.array(
      fc.record({ workers: fc.integer({ min: 1, max: 4 }), gpu: fc.option(fc.constantFrom('A', 'B')) }),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
    { nil: undefined },
  ),
  total: fc.integer({ min: 1, max: 6 }),
  known: fc.uniqueArray(
    fc.record({ n: fc.nat(200), ms: fc.integer({ min: 1, max: 1_000_000 }), gpu: fc.boolean() }),
    { selector: ({ n }) => n, maxLength: 60 },
  ),
  unknown: fc.uniqueArray(fc.record({ n: fc.integer({ min: 201, max: 400 }), gpu: fc.boolean() }), {
    selector: ({ n }) => n,
    maxLength: 20,
  }),
});

type AnyRun = typeof anyRun extends fc.Arbitrary<infer Run> ? Run : never;

function inputOf({ fleet, total, known }: AnyRun): ShardRun {
  const machines = fleet?.map(({ workers, gpu: model }, index) =>
    machine(`m${index}`, workers, ...(model === null ? [] : [gpu(model)])),
  );
  const history = historyOf(
    Object.fromEntries(known.map(({ n, ms, gpu: needsGpu }) => [`s${n}`, { ms, gpu: needsGpu }])),
  );
  return { total: machines?.length ?? total, history, ...(machines && { fleet: machines }) };
}

const suitesOf = ({ known, unknown }: AnyRun) =>
  [...known, ...unknown].map(({ n, gpu: needsGpu }) => suiteOf(`s${n}`, needsGpu));

test('a suite that the newest whole run lacked holds no time for itself', () => {
  const history = historyOf({ gone: { ms: 9000 }, a: { ms: 3000 }, b: { ms: 3000 } });
  const gone = { ...(history.suites.get('gone') as SuiteHistory), missedRuns: 1 };
  const { predictedMs, knownSuites } = planRun({
    total: 2,
    history: { ...history, suites: new Map(history.suites).set('gone', gone) },
  });
  expect(predictedMs).toEqual([3000, 3000]);
  expect(knownSuites.map(({ id }) => id)).toEqual(['a', 'b']);
});

test('every suite goes to exactly one shard, which can run it if any can', () => {
  fc.assert(
    fc.property(anyRun, (run) => {
      const input = inputOf(run);
      const plan = planRun(input);
      const suites = suitesOf(run);
      const divided = plan.divide(suites);
      const answers = suites.flatMap((suite, at) =>
        [plan.shardOf(suite), divided[at] ?? Number.NaN].map((shard) => ({ suite, shard })),
      );
      for (const { suite, shard } of answers) {
        expect(Number.isInteger(shard) && shard >= 0 && shard < input.total).toBe(true);
        if (input.fleet === undefined || suite.profile.hardware[0]?.class !== 'gpu') continue;
        const withGpu = input.fleet.map(({ machine: { devices } }) =>
          devices.some((each) => each.class === 'gpu'),
        );
        if (withGpu.includes(true)) expect(withGpu[shard]).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});

test('the order of the history does not matter, and other suites do not either', () => {
  fc.assert(
    fc.property(anyRun, fc.integer(), (run, seed) => {
      const input = inputOf(run);
      const plan = planRun(input);
      const shuffled = [...input.history.suites].sort(
        ([a], [b]) => ((a.length * 31 + seed) % 7) - ((b.length * 17 + seed) % 7) || (a < b ? 1 : -1),
      );
      const other = planRun({ ...input, history: { ...input.history, suites: new Map(shuffled) } });
      expect(other.planId).toBe(plan.planId);
      const suites = suitesOf(run);
      const before = suites.map((suite) => plan.shardOf(suite));
      expect(suites.toReversed().map((suite) => other.shardOf(suite))).toEqual(before.toReversed());
    }),
    { numRuns: 30 },
  );
});

test('the plan changes its id with whatever it is made from', () => {
  const history = historyOf({ a: { ms: 100 }, b: { ms: 200, gpu: true } });
  const fleet = [machine('x', 2, gpu('A')), machine('y', 2)];
  const runs: ShardRun[] = [
    { total: 2, history, fleet },
    { total: 2, history },
    { total: 3, history },
    { total: 2, history, fleet: [machine('x', 2, gpu('B')), machine('y', 2)] },
    { total: 2, history, fleet: [machine('x', 3, gpu('A')), machine('y', 2)] },
    { total: 2, history, fleet: fleet.toReversed() },
    { total: 2, history: historyOf({ a: { ms: 101 }, b: { ms: 200, gpu: true } }), fleet },
    { total: 2, history: historyOf({ a: { ms: 100 }, b: { ms: 200 } }), fleet },
    { total: 2, history: historyOf({ a: { ms: 100 } }), fleet },
  ];
  const ids = runs.map((run) => planRun(run).planId);
  expect(new Set(ids).size).toBe(runs.length);
  expect(runs.map((run) => planRun(run).planId)).toEqual(ids);
  // What the machines are called is nobody's business.
  expect(
    planRun({ total: 2, history, fleet: [machine('other', 2, gpu('A')), machine('names', 2)] }).planId,
  ).toBe(ids[0]);
});

test('shards take equal time, not equal counts; twice the machine takes twice the work', () => {
  const suites = Object.fromEntries(
    Array.from({ length: 200 }, (_, n) => [`s${n}`, { ms: Math.round(100 * 1.03 ** n) }]),
  );
  const history = historyOf(suites);
  const work = (shard: number, plan: ReturnType<typeof planRun>) =>
    Object.entries(suites).reduce(
      (sum, [id, { ms }]) => sum + (plan.shardOf(suiteOf(id)) === shard ? ms : 0),
      0,
    );
  const equal = planRun({ total: 4, history });
  expect(Math.max(...equal.predictedMs) / equal.boundMs).toBeLessThan(1.01);
  expect(work(0, equal) / work(3, equal)).toBeCloseTo(1, 1);
  const unequal = planRun({ total: 2, history, fleet: [machine('big', 4), machine('small', 2)] });
  expect(Math.max(...unequal.predictedMs) / unequal.boundMs).toBeLessThan(1.02);
  expect(work(0, unequal) / work(1, unequal)).toBeCloseTo(2, 1);
});

test('without a fleet the kind of CPU that a shard happens to have is nothing', () => {
  const on = (kind: string) =>
    planRun({ total: 3, history: historyOf({ a: { ms: 5, kind }, b: { ms: 9, kind } }) });
  const suites = ['a', 'b', 'new'].map((id) => suiteOf(id, true));
  expect(suites.map((suite) => on('cpu X').shardOf(suite))).toEqual(
    suites.map((suite) => on('cpu Y').shardOf(suite)),
  );
});

test('a suite that asks for something else by now goes where it can run', () => {
  const history = historyOf({ a: { ms: 100 } });
  const fleet = [machine('plain', 2), machine('with-gpu', 1, gpu('A'))];
  const plan = planRun({ total: 2, history, fleet });
  expect(plan.shardOf(suiteOf('a', true))).toBe(1);
});

test('one shard more moves few of the suites that nobody knows', () => {
  const suites = Array.from({ length: 1000 }, (_, n) => suiteOf(`new/s${n}.test.js`));
  const [four, five] = [4, 5].map((total) => planRun({ total, history: emptyHistory }));
  const counts = [0, 0, 0, 0];
  let moved = 0;
  for (const suite of suites) {
    const shard = four?.shardOf(suite) ?? 0;
    counts[shard] = (counts[shard] ?? 0) + 1;
    if (five?.shardOf(suite) !== shard) moved++;
  }
  for (const count of counts) expect(Math.abs(count - 250)).toBeLessThan(60);
  expect(moved).toBeGreaterThan(130);
  expect(moved).toBeLessThan(270);
});
