import { lowerBoundMs, type PlanInstance, type PlanSuite, plan } from '../../../src/core/planner/plan.js';
import { randomFrom } from '../../../src/core/vocabulary/random.js';
import { runCase } from '../../../src/simulate/case.js';
import { normalFrom } from '../../../src/simulate/normal.js';
import { caseOf } from '../../../src/simulate/scenario/case.js';
import { parseScenario } from '../../../src/simulate/scenario/read.js';
import { checkPlan } from './exhaustive.js';

/** Unequal machines, each of one pool; a fifth of the durations missing. */
function fleet(suiteCount: number, slots: readonly number[], seed = 1): PlanInstance {
  const random = randomFrom(seed);
  const speeds = slots.map(() => Math.exp((random() - 0.5) * 2));
  return {
    machines: slots.map((count, index) => ({
      name: `m${index}`,
      workers: count,
      cpuThreads: count,
      memoryBytes: 2 ** 50,
    })),
    pools: slots.map((count, index) => ({ name: `m${index}`, machine: index, slots: count })),
    suites: Array.from({ length: suiteCount }, (_, index) => {
      const ms = Math.round(Math.min(60_000, 1000 * Math.exp(normalFrom(random))));
      const durationMs = speeds.map((speed) =>
        random() < 0.2
          ? Number.POSITIVE_INFINITY
          : Math.ceil((ms / speed) * Math.exp(0.3 * normalFrom(random))),
      );
      return { id: `s${String(index).padStart(6, '0')}`, durationMs: [ms, ...durationMs.slice(1)] };
    }),
  };
}

/** With one slot more, and suites for it alone, spread over the ids. */
function withRare({ machines, pools, suites }: PlanInstance, count: number, totalMs: number): PlanInstance {
  const machine = { name: 'rare', workers: 1, cpuThreads: 1, memoryBytes: 2 ** 50 };
  const nowhere = pools.map(() => Number.POSITIVE_INFINITY);
  const rare = Array.from({ length: count }, (_, index) => ({
    id: `s${String(Math.floor(((index + 0.5) * suites.length) / count)).padStart(6, '0')}-rare`,
    durationMs: [...nowhere, totalMs / count],
  }));
  return {
    machines: [...machines, machine],
    pools: [...pools, { name: 'rare', machine: pools.length, slots: 1 }],
    suites: [
      ...suites.map(({ id, durationMs }) => ({
        id,
        durationMs: [...Array.from(durationMs), Number.POSITIVE_INFINITY],
      })),
      ...rare,
    ],
  };
}

const gapOf = (instance: PlanInstance, moves?: number) =>
  plan(instance, moves === undefined ? {} : { moves }).gap;

test.each([
  [5000, 3],
  [10_000, 91],
])('%i suites on few pools: as good as the bound', (suiteCount, seed) => {
  expect(gapOf(fleet(suiteCount, [9, 9, 10, 10, 11, 15], seed), 0)).toBeLessThan(0.001);
});

test('many pools, each of one slot', () => {
  expect(gapOf(fleet(3000, new Array(32).fill(1)))).toBeLessThan(0.01);
});

test('large budgets keep every rule: slots that come free later, suites that one pool alone can run, or none', () => {
  const { machines, pools, suites } = fleet(160, [2, 1, 1, 3, 1, 1, 1, 1]);
  const only = (pool: number) => pools.map((_, index) => (index === pool ? 7000 : Number.POSITIVE_INFINITY));
  const instance: PlanInstance = {
    machines,
    pools: pools.map((pool, index) => (index === 3 ? { ...pool, freeAtMs: [0, 4000, 9000] } : pool)),
    suites: [
      ...suites,
      ...[1, 1, 7, 99].map((pool, index) => ({ id: `only-${index}`, durationMs: only(pool) })),
    ],
  };
  const found = plan(instance, { moves: 12_000_000 });
  checkPlan(instance, found);
  expect(found.makespanMs).toBeLessThanOrEqual(plan(instance).makespanMs);
  expect(found.poolOf.slice(160)).toEqual(Int32Array.of(1, 1, 7, -1));
  const turned = plan({ ...instance, suites: [...instance.suites].reverse() }, { moves: 12_000_000 });
  expect(turned.startMs.reverse()).toEqual(found.startMs);
});

describe.each([
  // All suites are looked at, or first a sample of them.
  ['few', 1000],
  ['many', 8000],
])('%s suites', (_many, suiteCount) => {
  const usual = fleet(suiteCount, [3, 4, 5]);
  const usualMs = lowerBoundMs(usual);

  test.each([1, 3, 40])('what %i suites alone can use, and keeps busiest, sets the bound', (count) => {
    for (const over of [1.05, 1.3, 4]) {
      const bound = lowerBoundMs(withRare(usual, count, usualMs * over)) / usualMs;
      expect(bound).toBeGreaterThan(over * 0.999);
      expect(bound).toBeLessThan(over * 1.001);
    }
  });

  test('what is hardly used does not', () => {
    const bound = lowerBoundMs(withRare(usual, 3, usualMs / 2)) / usualMs;
    expect(bound).toBeGreaterThan(0.999);
    expect(bound).toBeLessThan(1.001);
  });
});

/** A CPU and a GPU of one machine share its workers; half of the suites are three times as fast on the GPU, a few need it. */
function laptop(suiteCount: number): PlanInstance {
  const random = randomFrom(5);
  return {
    machines: [{ name: 'm', workers: 4, cpuThreads: 8, memoryBytes: 2 ** 40 }],
    pools: [
      { name: 'cpu', machine: 0, slots: 4 },
      { name: 'gpu', machine: 0, slots: 1 },
    ],
    suites: Array.from({ length: suiteCount }, (_, index) => {
      const ms = Math.ceil(1000 * Math.exp(normalFrom(random)));
      const kind = random();
      const onCpu = kind < 0.1 ? Number.POSITIVE_INFINITY : ms;
      const onGpu = kind < 0.1 ? ms : kind < 0.6 ? ms / 3 : Number.POSITIVE_INFINITY;
      return { id: `s${index}`, durationMs: [onCpu, onGpu] };
    }),
  };
}

test.each([
  [4, 1, 3],
  [8, 1, 10],
  [8, 2, 5],
  [16, 4, 8],
])(
  'the bound of %i workers and %i GPUs is near where the GPU is %i times as fast for all suites',
  (workers, gpus, faster) => {
    const random = randomFrom(3);
    const suites = Array.from({ length: 500 }, (_, index) => {
      const ms = Math.round(500 * Math.exp(2 * random()));
      return { id: `s${index}`, durationMs: [ms * faster, ms] };
    });
    const instance: PlanInstance = {
      machines: [{ name: 'm', workers, cpuThreads: 2 * workers, memoryBytes: 2 ** 50 }],
      pools: [
        { name: 'cpu', machine: 0, slots: workers },
        { name: 'gpu', machine: 0, slots: gpus },
      ],
      suites,
    };
    const onGpuMs = suites.reduce((sum, { durationMs }) => sum + (durationMs[1] ?? 0), 0);
    const leastMs = onGpuMs / (gpus + (workers - gpus) / faster);
    expect(lowerBoundMs(instance)).toBeGreaterThan(0.998 * leastMs);
    expect(lowerBoundMs(instance)).toBeLessThanOrEqual(Math.ceil(leastMs));
  },
);

test.each([60, 600, 3000])('workers that %i suites on CPU and GPU share are never idle', (suiteCount) => {
  expect(gapOf(laptop(suiteCount), 0)).toBeLessThan(0.05);
});

test('nor are they where the run is decided as it goes', () => {
  const { pools, suites } = laptop(800);
  const scenario = parseScenario(
    JSON.stringify({
      version: 1,
      machines: [{ name: 'm', workers: 4, cpuThreads: 8 }],
      slots: pools.map(({ name, slots }) => ({ type: name, class: name, count: slots, machine: 'm' })),
      suites: suites.map(({ id, durationMs }) => ({
        id,
        durationMs: Object.fromEntries(
          pools.flatMap(({ name }, pool) =>
            durationMs[pool] === Number.POSITIVE_INFINITY ? [] : [[name, durationMs[pool]]],
          ),
        ),
      })),
    }),
    'scenario.json',
  );
  expect(runCase(caseOf(scenario), 'adaptive').ratio).toBeLessThan(1.05);
});

describe('where memory, devices and locks are scarce', () => {
  const scarce = (instance: PlanInstance, needs: (index: number) => Partial<PlanSuite>): PlanInstance => ({
    ...instance,
    machines: instance.machines.map((machine) => ({ ...machine, memoryBytes: machine.workers * 4 })),
    suites: instance.suites.map((suite, index) => ({ ...suite, hostMemoryBytes: 1, ...needs(index) })),
  });

  test.each<[string, (index: number) => Partial<PlanSuite>]>([
    ['hungry suites', (index) => (index % 5 === 0 ? { hostMemoryBytes: 6 } : {})],
    ['wide suites', (index) => (index % 10 === 0 ? { devices: 2 + (index % 3) } : {})],
    ['locks', (index) => (index % 97 === 0 ? { locks: ['database'] } : {})],
  ])('%s do not keep machines from being full', (_what, needs) => {
    const instance = scarce(fleet(600, [4, 5, 3]), needs);
    const found = plan(instance, { moves: 0 });
    checkPlan(instance, found);
    expect(found.gap).toBeLessThan(0.03);
  });
});
