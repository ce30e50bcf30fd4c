import { lowerBoundMs, type PlanProblem, type PlanSuite, plan } from '../../../src/core/plan/plan.js';
import { normalFrom, randomFrom } from '../../../src/core/random.js';
import { checkPlan } from './exhaustive.js';

/** Unequal machines, each of one type; a fifth of the durations missing. */
function fleet(suiteCount: number, slots: readonly number[], seed = 1): PlanProblem {
  const random = randomFrom(seed);
  const speeds = slots.map(() => Math.exp((random() - 0.5) * 2));
  return {
    machines: slots.map((count, index) => ({
      name: `m${index}`,
      workers: count,
      cpuThreads: count,
      memoryBytes: 2 ** 50,
    })),
    types: slots.map((count, index) => ({ name: `m${index}`, machine: index, slots: count })),
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
function withRare({ machines, types, suites }: PlanProblem, count: number, totalMs: number): PlanProblem {
  const machine = { name: 'rare', workers: 1, cpuThreads: 1, memoryBytes: 2 ** 50 };
  const nowhere = types.map(() => Number.POSITIVE_INFINITY);
  const rare = Array.from({ length: count }, (_, index) => ({
    id: `s${String(Math.floor(((index + 0.5) * suites.length) / count)).padStart(6, '0')}-rare`,
    durationMs: [...nowhere, totalMs / count],
  }));
  return {
    machines: [...machines, machine],
    types: [...types, { name: 'rare', machine: types.length, slots: 1 }],
    suites: [
      ...suites.map(({ id, durationMs }) => ({
        id,
        durationMs: [...Array.from(durationMs), Number.POSITIVE_INFINITY],
      })),
      ...rare,
    ],
  };
}

const gapOf = (problem: PlanProblem, moves?: number) =>
  plan(problem, moves === undefined ? {} : { moves }).gap;

test.each([
  [5000, 3],
  [10_000, 91],
])('%i suites on few types: as good as the bound', (suiteCount, seed) => {
  expect(gapOf(fleet(suiteCount, [9, 9, 10, 10, 11, 15], seed), 0)).toBeLessThan(0.001);
});

test('many types, each of one slot', () => {
  expect(gapOf(fleet(3000, new Array(32).fill(1)))).toBeLessThan(0.01);
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

describe('where memory, devices and locks are scarce', () => {
  const scarce = (problem: PlanProblem, needs: (index: number) => Partial<PlanSuite>): PlanProblem => ({
    ...problem,
    machines: problem.machines.map((machine) => ({ ...machine, memoryBytes: machine.workers * 4 })),
    suites: problem.suites.map((suite, index) => ({ ...suite, hostMemoryBytes: 1, ...needs(index) })),
  });

  test.each<[string, (index: number) => Partial<PlanSuite>]>([
    ['hungry suites', (index) => (index % 5 === 0 ? { hostMemoryBytes: 6 } : {})],
    ['wide suites', (index) => (index % 10 === 0 ? { devices: 2 + (index % 3) } : {})],
    ['locks', (index) => (index % 97 === 0 ? { locks: ['database'] } : {})],
  ])('%s do not keep machines from being full', (_what, needs) => {
    const problem = scarce(fleet(600, [4, 5, 3]), needs);
    const found = plan(problem, { moves: 0 });
    checkPlan(problem, found);
    expect(found.gap).toBeLessThan(0.03);
  });
});
