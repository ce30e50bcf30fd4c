import fc from 'fast-check';
import { type Advice, advise } from '../../src/simulate/advice/advise.js';
import { fleetKey, fleetsByPrice } from '../../src/simulate/advice/candidate-fleets.js';
import { learnedWorkOf } from '../../src/simulate/advice/learned-work.js';
import { type MachineKind, machineKindsOf } from '../../src/simulate/advice/machine-kinds.js';
import { Trials } from '../../src/simulate/advice/trials.js';
import { madeMachine, madeRecord } from './made-record.js';

const gpu = { profile: { hardware: [{ class: 'gpu', count: 1 }] } } as const;
const aimOf = (finishWithinMs: number) => ({ finishWithinMs, setupMs: 0, runs: 5, confidence: 0.8, seed: 1 });

/** Suites of a GPU box and two runners, and the kinds with prices. */
const cases = fc.record({
  cpuMs: fc.array(fc.integer({ min: 100, max: 5000 }), { minLength: 1, maxLength: 10 }),
  gpuMs: fc.array(fc.integer({ min: 100, max: 5000 }), { maxLength: 4 }),
  prices: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
  finishWithinMs: fc.integer({ min: 500, max: 20_000 }),
});
type Case = typeof cases extends fc.Arbitrary<infer Value> ? Value : never;

function recordOf({ cpuMs, gpuMs }: Pick<Case, 'cpuMs' | 'gpuMs'>) {
  const machines = [madeMachine('box', { gpus: 1 }), madeMachine('runner-1'), madeMachine('runner-2')];
  return madeRecord(machines, [
    ...cpuMs.map((ms, index) => ({ id: `cpu-${index}`, ms })),
    ...gpuMs.map((ms, index) => ({ id: `gpu-${index}`, ms, ...gpu })),
  ]);
}

function adviceFor(given: Case, names: readonly string[]): Advice {
  const events = recordOf(given);
  const kinds = machineKindsOf(events)
    .map((kind, at): MachineKind => ({ ...kind, pricePerHour: given.prices[at] ?? 1 }))
    .filter(({ name }) => names.includes(name));
  return advise({
    work: learnedWorkOf(events),
    kinds,
    aim: aimOf(given.finishWithinMs),
    strategy: 'pull',
    mostMachines: 5,
  });
}

test('the kinds of a record: equal machines are one', () => {
  const kinds = machineKindsOf(recordOf({ cpuMs: [1], gpuMs: [] }));
  expect(kinds.map(({ name, recorded, cpuWorkers }) => [name, recorded, cpuWorkers])).toEqual([
    ['box', 1, 2],
    ['runner', 2, 2],
  ]);
});

test('one more kind on offer never makes the advised fleet dearer', () => {
  fc.assert(
    fc.property(cases, (given) => {
      const fewer = adviceFor(given, ['box']).advised;
      const more = adviceFor(given, ['box', 'runner']).advised;
      if (fewer !== undefined) expect(more?.price).toBeLessThanOrEqual(fewer.price);
    }),
    { numRuns: 30 },
  );
});

test('no cheaper fleet meets the time', () => {
  fc.assert(
    fc.property(cases, (given) => {
      const advice = adviceFor(given, ['box', 'runner']);
      const trials = new Trials(advice.kinds, advice.work, advice.aim, advice.strategy);
      for (const fleet of fleetsByPrice(advice.kinds, advice.mostMachines)) {
        if (fleet.price >= (advice.advised?.price ?? Number.POSITIVE_INFINITY)) break;
        const isWithoutGpu = given.gpuMs.length > 0 && fleet.parts.every(({ kind }) => kind.name !== 'box');
        if (!isWithoutGpu) expect(trials.meets(trials.tried(fleet))).toBe(false);
      }
    }),
    { numRuns: 10 },
  );
});

test('every fleet comes once, the cheapest first', () => {
  const [box, runner] = machineKindsOf(recordOf({ cpuMs: [1], gpuMs: [] })) as [MachineKind, MachineKind];
  const kinds = [
    { ...box, pricePerHour: 3 },
    { ...runner, pricePerHour: 2 },
  ];
  const fleets = [...fleetsByPrice(kinds, 4)];
  expect(new Set(fleets.map(fleetKey)).size).toBe(fleets.length);
  expect(fleets.map(({ price }) => price)).toEqual(fleets.map(({ price }) => price).sort((a, b) => a - b));
  // Up to 4 of two kinds, none left out, each with 2 and with 4 workers.
  expect(fleets).toHaveLength(2 * 14);
});

test('a bound never proves too much: what it calls too slow is too slow', () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { kinds, work, aim, strategy } = adviceFor(given, ['box']);
      const trials = new Trials(kinds, work, aim, strategy);
      for (const fleet of fleetsByPrice(kinds, 2)) {
        if (trials.isTooSlow(fleet)) expect(trials.meets(trials.tried(fleet))).toBe(false);
      }
    }),
    { numRuns: 20 },
  );
});

test('a suite that alone is too long is named, with how much', () => {
  const advice = adviceFor({ cpuMs: [100, 9000, 200], gpuMs: [], prices: [1, 1], finishWithinMs: 5000 }, [
    'runner',
    'box',
  ]);
  expect(advice.advised).toBeUndefined();
  const { obstacle } = advice;
  expect(obstacle).toMatchObject({ suiteId: 'cpu-1', ms: 9000 });
  expect(obstacle?.excessMs).toBe((obstacle?.withinMs ?? 0) - 5000);
  const enough = adviceFor(
    { cpuMs: [100, 9000, 200], gpuMs: [], prices: [1, 1], finishWithinMs: obstacle?.withinMs ?? 0 },
    ['runner', 'box'],
  );
  expect(enough.advised).toBeDefined();
});

test('what setup takes is lost for the suites', () => {
  const events = recordOf({ cpuMs: Array.from({ length: 12 }, () => 1000), gpuMs: [] });
  const given = {
    work: learnedWorkOf(events),
    kinds: machineKindsOf(events),
    strategy: 'pull',
    mostMachines: 10,
  } as const;
  const without = advise({ ...given, aim: aimOf(5000) }).advised;
  const { advised } = advise({ ...given, aim: { ...aimOf(5000), setupMs: 3000 } });
  expect(advised?.machines).toBeGreaterThan(without?.machines ?? 0);
  expect(Math.min(...(advised?.totalsMs ?? []))).toBeGreaterThan(3000);
});

test('more workers come before more machines, up to the CPUs', () => {
  const events = madeRecord(
    [madeMachine('local', { cpuBudget: 8 })],
    Array.from({ length: 16 }, (_, index) => ({ id: `s${index}`, ms: 1000 })),
    1,
  );
  const given = { work: learnedWorkOf(events), kinds: machineKindsOf(events), strategy: 'pull' } as const;
  const { advised } = advise({ ...given, aim: aimOf(6000), mostMachines: 4 });
  expect(advised).toMatchObject({ machines: 1, parts: [{ cpuWorkers: 4 }] });
  expect(advise({ ...given, aim: aimOf(2500), mostMachines: 4 }).advised?.machines).toBeGreaterThan(1);
});
