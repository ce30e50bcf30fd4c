import fc from 'fast-check';
import {
  lowerBoundMs,
  type Plan,
  type PlanInstance,
  type PlanSuite,
  plan,
} from '../../../src/core/planner/plan.js';
import { checkPlan, shortestMakespanMs } from './exhaustive.js';

const duration = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 60 }) },
  { weight: 1, arbitrary: fc.constant(Number.POSITIVE_INFINITY) },
);

function instances(mostSuites: number, scarce: boolean): fc.Arbitrary<PlanInstance> {
  return fc.integer({ min: 1, max: 3 }).chain((poolCount) =>
    fc.record({
      machines: fc.constant(
        Array.from({ length: poolCount }, (_, index) => ({
          name: `m${index}`,
          workers: scarce ? 2 : 9,
          cpuThreads: scarce ? 3 : 99,
          memoryBytes: 10,
        })),
      ),
      pools: fc
        .array(fc.integer({ min: 1, max: 2 }), { minLength: poolCount, maxLength: poolCount })
        .map((slots) =>
          slots.map((count, index) => ({
            name: `t${index}`,
            machine: index,
            slots: count,
            deviceMemoryBytes: 8,
          })),
        ),
      suites: fc
        .array(
          fc.record({
            durationMs: fc.array(duration, { minLength: poolCount, maxLength: poolCount }),
            ...(scarce && {
              hostMemoryBytes: fc.integer({ min: 0, max: 11 }),
              deviceMemoryBytes: fc.constantFrom(0, 0, 5),
              cpuThreads: fc.integer({ min: 1, max: 3 }),
              devices: fc.constantFrom(1, 1, 2),
              locks: fc.constantFrom<string[]>([], [], ['a']),
              exclusive: fc.constantFrom(false, false, true),
            }),
          }),
          { maxLength: mostSuites },
        )
        .map((suites) => suites.map((suite, index) => ({ id: `s${index}`, ...suite }) as PlanSuite)),
    }),
  );
}

describe.each([
  ['slots alone', false],
  ['memory, threads, devices, locks and exclusive suites', true],
])('where %s are scarce', (_what, scarce) => {
  test('a plan keeps every rule, and is between the bound and nothing better than the best', () => {
    fc.assert(
      fc.property(instances(5, scarce), (instance) => {
        const found = plan(instance, { moves: 20_000 });
        checkPlan(instance, found);
        const best = shortestMakespanMs(instance);
        expect(found.boundMs).toBeLessThanOrEqual(best * 1.000001);
        expect(found.makespanMs).toBeGreaterThanOrEqual(best);
      }),
      { numRuns: 150 },
    );
  });

  test('larger ones keep every rule too', () => {
    fc.assert(
      fc.property(instances(60, scarce), (instance) => {
        const found = plan(instance, { moves: 20_000 });
        checkPlan(instance, found);
        expect(found.boundMs).toBeLessThanOrEqual(found.makespanMs * 1.000001);
      }),
      { numRuns: 60 },
    );
  });

  test('the order of the suites changes nothing', () => {
    fc.assert(
      fc.property(instances(30, scarce), fc.integer(), (instance, seed) => {
        const shuffled = [...instance.suites].sort((a, b) => hash(a.id, seed) - hash(b.id, seed));
        const where = ({ suites }: PlanInstance, { poolOf, slotOf, startMs }: Plan) =>
          Object.fromEntries(
            suites.map(({ id }, index) => [id, [poolOf[index], slotOf[index], startMs[index]]]),
          );
        const other = { ...instance, suites: shuffled };
        const options = { moves: 5000 };
        expect(where(other, plan(other, options))).toEqual(where(instance, plan(instance, options)));
      }),
      { numRuns: 60 },
    );
  });
});

test('nonsense for numbers breaks no plan', () => {
  const odd = fc.constantFrom(
    0,
    Number.NaN,
    -5,
    1e12,
    1e300,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0.3,
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(odd, odd), { maxLength: 12 }), (rows) => {
      const found = plan(instanceOf([2, 1], rows), { moves: 1000 });
      for (const number of [
        found.makespanMs,
        found.boundMs,
        found.gap,
        ...found.startMs,
        ...found.slotWorth,
      ]) {
        expect(Number.isFinite(number)).toBe(true);
      }
    }),
  );
});

test.each<[string, PlanInstance]>([
  ['no suites', instanceOf([2], [])],
  ['no slots', { machines: [], pools: [], suites: [{ id: 'a', durationMs: [] }] }],
  ['nothing that anything can run', instanceOf([2], [[Number.POSITIVE_INFINITY]])],
])('%s: an empty plan', (_case, instance) => {
  const { makespanMs, boundMs, gap, poolOf } = plan(instance);
  expect([makespanMs, boundMs, gap]).toEqual([0, 0, 0]);
  expect([...poolOf]).toEqual(instance.suites.map(() => -1));
});

test('slots that are still busy are counted on', () => {
  const [machine] = instanceOf([2], []).machines;
  const pools = [{ name: 't', machine: 0, slots: 2, freeAtMs: [0, 100] }];
  const suites = [40, 30, 20].map((ms, index) => ({ id: `s${index}`, durationMs: [ms] }));
  const found = plan({ machines: machine ? [machine] : [], pools, suites });
  expect(found.makespanMs).toBe(90);
  expect([...found.slotOf]).toEqual([0, 0, 0]);
});

test('a few long suites do not hide how near the plan is', () => {
  // On the slow pool alone they would take longer than everything else together.
  const rows = Array.from({ length: 60 }, (_, index) => (index < 2 ? [900, 4000] : [40, 50 + (index % 7)]));
  const { makespanMs, boundMs } = plan(instanceOf([2, 4], rows));
  expect(makespanMs / boundMs).toBeLessThan(1.02);
});

test('one slot more is worth what it saves', () => {
  const rows = Array.from({ length: 200 }, (_, index) => [100 + (index % 13), 400]);
  const few = instanceOf([2, 2], rows);
  const more = instanceOf([3, 2], rows);
  const { slotWorth, boundMs } = plan(few);
  expect(slotWorth[0]).toBeGreaterThan(slotWorth[1] ?? 0);
  expect(lowerBoundMs(more) / boundMs).toBeCloseTo(1 - (slotWorth[0] ?? 0), 1);
});

test('higher priorities start earlier', () => {
  const suites = [1, 3, 5].map((priority) => ({ id: `p${priority}`, durationMs: [50], priority }));
  const { startMs } = plan({ ...instanceOf([1], []), suites });
  expect([...startMs]).toEqual([100, 50, 0]);
});

function instanceOf(slots: readonly number[], rows: readonly (readonly number[])[]): PlanInstance {
  return {
    machines: slots.map((count, index) => ({
      name: `m${index}`,
      workers: count,
      cpuThreads: count,
      memoryBytes: 1,
    })),
    pools: slots.map((count, index) => ({ name: `t${index}`, machine: index, slots: count })),
    suites: rows.map((durationMs, index) => ({ id: `s${String(index).padStart(4, '0')}`, durationMs })),
  };
}

function hash(text: string, seed: number): number {
  return [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, seed);
}
