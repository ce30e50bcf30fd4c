import { type Device, type Machine, slotsOf } from '../../../src/core/machine/machine.js';
import { bottleneckOf } from '../../../src/report/summary/bottleneck.js';
import type { MeasuredSuite } from '../../../src/report/summary/measured-suite.js';
import type { RunSummary } from '../../../src/report/summary/summary.js';
import { limitTexts } from '../../../src/report/text/limits.js';
import { device, GiB, gpu, suite } from '../../core/cluster.js';

/** What is said after a run of these suites that took so long. */
function told(makespanMs: number, suites: readonly MeasuredSuite[], devices: readonly Device[], cpuMs = 0) {
  const facts = { name: 'local', platform: 'linux', arch: 'x64', cpuBudget: 4, memoryBudgetBytes: 8 * GiB };
  const machine: Machine = { version: 1, machine: facts, devices, problems: [] };
  return bottleneckOf(machine, slotsOf(machine, 2, devices.length - 1), suites, makespanMs, cpuMs);
}

/** As many equal suites. */
function suites(count: number, ms: number, types: readonly string[]): MeasuredSuite[] {
  return Array.from({ length: count }, (_, index) => ({
    suite: suite(
      `${types.join()}-${index}.test.js`,
      types[0] === 'cpu' ? {} : { hardware: [{ class: 'gpu', count: 1 }] },
    ),
    durationsMs: Object.fromEntries(types.map((type) => [`local/${type}`, ms])),
    hostMemoryBytes: 0,
  }));
}

const onePlain = [device(), gpu];
const onGpu = suites(8, 1000, ['gpu0']);

test('the device on which everything waits, and what a second one would give', () => {
  const all = [...onGpu, ...suites(4, 1000, ['cpu'])];
  expect(told(8000, all, onePlain)).toEqual({
    what: 'device',
    devices: ['local/gpu0'],
    totalMs: 4000,
    savedShare: 0.5,
  });
});

test('of several equal ones, one more', () => {
  const onBoth = suites(12, 1000, ['gpu0', 'gpu1']);
  const found = told(6000, onBoth, [device(), gpu, { ...gpu, id: 'gpu1' }]);
  expect(found).toMatchObject({ devices: ['local/gpu0', 'local/gpu1'], totalMs: 4000 });
});

test('what a plan without another device would save is not the device’s doing', () => {
  // Badly ordered: 12 s, which the same device could have done in 8.
  expect(told(12_000, onGpu, onePlain)).toMatchObject({ totalMs: 8000, savedShare: 1 / 3 });
});

test('no device that idles, and none whose suites keep all CPUs busy', () => {
  expect(told(4000, [...suites(8, 1000, ['cpu']), ...suites(2, 1000, ['gpu0'])], onePlain)).toBeUndefined();
  expect(told(8000, onGpu, onePlain, 8000 * 4)).toBeUndefined();
  expect(told(8000, [], onePlain)).toBeUndefined();
});

test('a single suite that takes nearly all of the time, unless that is short', () => {
  const long = [...suites(1, 60_000, ['gpu0']), ...suites(4, 1000, ['cpu'])];
  expect(told(60_500, long, onePlain)).toEqual({
    what: 'suite',
    suiteId: 'gpu0-0.test.js',
    durationMs: 60_000,
  });
  const short = [...suites(1, 6000, ['gpu0']), ...suites(4, 1000, ['cpu'])];
  expect(told(6050, short, onePlain)).toBeUndefined();
});

test.each([
  [['a/gpu0'], 'gpu0 was the bottleneck: a second one would save 38 % (total 1 m)'],
  [['a/gpu0', 'a/gpu1'], 'gpu0, gpu1 were the bottleneck: a third one would save 38 % (total 1 m)'],
])('%j in words', (devices, text) => {
  const bottleneck = { what: 'device', devices, totalMs: 60_000, savedShare: 0.38 } as const;
  const summary = { bound: { bottleneck }, machines: [{}] } as unknown as RunSummary;
  expect(limitTexts(summary)).toEqual([text]);
});
