import { type Device, type Machine, slotsOf } from '../../../src/core/machine/machine.js';
import { areaBoundMs } from '../../../src/core/planner/area-bound.js';
import type { MeasuredSuite } from '../../../src/report/summary/measured-suite.js';
import { moreWorkersFor } from '../../../src/report/summary/more-workers.js';
import { device, GiB, gpu, suite } from '../../core/cluster.js';

interface Shape {
  readonly cpuBudget?: number;
  readonly devices?: readonly Device[];
  readonly cpuMs?: number;
}

const twoGpus = [device(), gpu, { ...gpu, id: 'gpu1' }];

/** What is said after a run of these suites on a machine of 8 GiB. */
function told(workers: number, suites: readonly MeasuredSuite[], shape: Shape = {}) {
  const { cpuBudget = 2, devices = [device()], cpuMs = 0 } = shape;
  const facts = { name: 'local', platform: 'linux', arch: 'x64', cpuBudget, memoryBudgetBytes: 8 * GiB };
  const machine: Machine = { version: 1, machine: facts, devices, problems: [] };
  const slots = slotsOf(machine, workers);
  const boundMs = areaBoundMs(
    suites.map(({ durationsMs }) => durationsMs),
    slots,
  );
  return moreWorkersFor(machine, slots, suites, boundMs, cpuMs);
}

/** As many equal suites. */
function suites(count: number, ms: number, types: readonly string[], hostMemoryBytes = 0): MeasuredSuite[] {
  return Array.from({ length: count }, (_, index) => ({
    suite: suite(`${types.join()}-${index}.test.js`),
    durationsMs: Object.fromEntries(types.map((type) => [`local/${type}`, ms])),
    hostMemoryBytes,
  }));
}

test('a GPU that idles for want of a worker: the least number with which none does', () => {
  const mixed = [...suites(2, 3000, ['cpu']), ...suites(1, 3000, ['gpu0']), ...suites(1, 3000, ['gpu1'])];
  expect(told(2, mixed, { devices: twoGpus })).toEqual({ workers: 4, totalMs: 3000 });
  expect(told(3, mixed, { devices: twoGpus })).toEqual({ workers: 4, totalMs: 3000 });
  expect(told(4, mixed, { devices: twoGpus })).toBeUndefined();
});

test('fewer workers than CPUs; never more CPU slots than CPUs', () => {
  expect(told(1, suites(8, 1000, ['cpu']), { cpuBudget: 4 })).toEqual({ workers: 4, totalMs: 2000 });
  expect(told(4, suites(8, 1000, ['cpu']), { cpuBudget: 4 })).toBeUndefined();
  // One long suite: more than two are of no use.
  const withLong = [...suites(1, 4000, ['cpu']), ...suites(3, 1000, ['cpu', 'gpu0'])];
  expect(told(1, withLong, { cpuBudget: 4 })).toEqual({ workers: 2, totalMs: 4000 });
});

test('what more workers do not make less: CPU time, memory', () => {
  const four = suites(4, 1000, ['cpu']);
  expect(told(1, four, { cpuMs: 6000 })).toEqual({ workers: 2, totalMs: 3000 });
  // Each of them keeps both CPUs busy.
  expect(told(1, four, { cpuMs: 8000 })).toBeUndefined();
  expect(told(1, suites(4, 1000, ['cpu'], 5 * GiB))).toBeUndefined();
});

test('few fast suites, which Jest runs in its own process whatever is asked', () => {
  const fast = suites(8, 900, ['cpu']);
  expect(told(1, fast)).toBeUndefined();
  const limited = fast.map((each) => ({
    ...each,
    suite: suite(each.suite.id, {
      hardware: [
        { class: 'gpu', count: 1 },
        { class: 'cpu', count: 1 },
      ],
    }),
  }));
  expect(told(1, limited)).toEqual({ workers: 2, totalMs: 3600 });
});

test('what would save nothing noticeable is not said', () => {
  expect(told(1, suites(4, 100, ['cpu']))).toBeUndefined();
  expect(told(1, [...suites(1, 60_000, ['cpu']), ...suites(1, 3000, ['cpu'])])).toBeUndefined();
  expect(told(1, [])).toBeUndefined();
});
