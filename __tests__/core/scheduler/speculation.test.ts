import { Estimates, type Observation } from '../../../src/core/estimate/estimate.js';
import type { WorkloadProfile } from '../../../src/core/workload/profile.js';
import { device, GiB, gpu, slots, suite } from '../cluster.js';
import { Run } from '../told-run.js';

const either = {
  hardware: [
    { class: 'gpu', count: 1 },
    { class: 'cpu', count: 1 },
  ],
} as const;
const [onCpu, onGpu] = ['local/cpu#1', 'local/gpu0#1'];
const history: readonly Observation[] = [
  { suiteId: 'slow', deviceKind: 'cpu', durationMs: 3000 },
  { suiteId: 'slow', deviceKind: 'gpu', durationMs: 4000 },
];

/** `slow` runs on the CPU, whose other slot and whose GPU are idle. */
function running(overrides: Partial<WorkloadProfile> = {}, seen = history, speculate = true) {
  const fleet = slots({ workers: 2, devices: [device(), gpu] });
  const run = new Run(fleet, [suite('slow', { ...either, ...overrides })], {
    estimates: new Estimates(seen),
    speculate,
  });
  expect(run.open()).toEqual([`slow on ${onCpu}`]);
  return run;
}

test('a suite far over its estimate is tried on a better idle slot too, and the first result counts', () => {
  const run = running();
  expect(run.scheduler.nextTickAtMs).toBe(9000);
  expect(run.tell({ type: 'tick', atMs: 8999 })).toEqual([]);
  expect(run.tell({ type: 'tick', atMs: 9000 })).toEqual([`slow on ${onGpu} again`]);
  expect(run.end('slow', onGpu, 'failed', 2, 12_000)).toEqual([
    `slow stopped on ${onCpu}: attempt 2 gave the result`,
  ]);
  // Whatever the stopped one says comes too late.
  expect(run.end('slow', onCpu, 'passed', 1, 12_001)).toEqual(['run-ended']);
});

test('the first attempt may still be the faster one', () => {
  const run = running();
  run.tell({ type: 'tick', atMs: 9000 });
  expect(run.end('slow', onCpu, 'passed', 1, 9500)).toEqual([
    `slow stopped on ${onGpu}: attempt 1 gave the result`,
  ]);
  expect(run.end('slow', onGpu, 'cancelled', 2, 9600)).toEqual(['run-ended']);
});

test('when one of the two is lost the other goes on; when both are, the suite is tried alone', () => {
  const run = running();
  run.tell({ type: 'tick', atMs: 9000 });
  expect(run.end('slow', onCpu, 'lost', 1, 9500)).toEqual([]);
  expect(run.end('slow', onGpu, 'lost', 2, 9600)).toEqual([
    'slow requeued: the attempt ended without a result',
    `slow on ${onCpu} again`,
  ]);
  expect(run.end('slow', onCpu, 'lost', 3, 9700)).toEqual([
    expect.stringMatching(/^slow given up/),
    'run-ended',
  ]);
});

test('a cancelled run stops both, and each reports its end', () => {
  const run = running();
  run.tell({ type: 'tick', atMs: 9000 });
  expect(run.tell({ type: 'run-cancelled', atMs: 9100, cause: 'interrupt' })).toEqual([]);
  expect(run.end('slow', onCpu, 'cancelled', 1, 9200)).toEqual([]);
  expect(run.end('slow', onGpu, 'cancelled', 2, 9200)).toEqual(['run-ended']);
});

test('a slot that goes while its attempt is being stopped loses nothing', () => {
  const run = running();
  run.tell({ type: 'tick', atMs: 9000 });
  run.end('slow', onGpu, 'passed', 2, 9500);
  expect(run.tell({ type: 'slot-down', atMs: 9501, slotId: onCpu, reason: 'gone' })).toEqual([
    'slow cancelled: gone',
    'run-ended',
  ]);
});

test.each<[string, Partial<WorkloadProfile>, readonly Observation[], boolean]>([
  ['it holds a lock', { locks: ['db'] }, history, true],
  ['it is alone on its machine', { exclusive: true }, history, true],
  ['it was never measured', {}, [], true],
  [
    'the other device is no better',
    {},
    [history[0], { ...history[1], durationMs: 8000 }] as Observation[],
    true,
  ],
  ['the option says no', {}, history, false],
])('no second attempt when %s', (_case, overrides, seen, speculate) => {
  const run = running(overrides, seen, speculate);
  // What could not start anyway must not wake the run up either.
  if (overrides.locks !== undefined || !speculate) expect(run.scheduler.nextTickAtMs).toBeUndefined();
  expect(run.tell({ type: 'tick', atMs: 9000 })).toEqual([]);
});

test('none on a slot of the same kind and machine, which is as slow, and none while others wait', () => {
  const cpus = new Run(slots({ workers: 2 }), [suite('slow')], { estimates: new Estimates(history) });
  cpus.open();
  expect(cpus.tell({ type: 'tick', atMs: 90_000 })).toEqual([]);

  const run = running();
  const needsGpu = suite('late', { hardware: [{ class: 'gpu', count: 1 }], locks: ['a'] });
  const holder = suite('holder', { locks: ['a'] });
  run.tell({ type: 'suite-queued', suite: holder, atMs: 1 });
  run.tell({ type: 'suite-queued', suite: needsGpu, atMs: 1 });
  expect(run.tell({ type: 'tick', atMs: 9000 })).toEqual([]);
});

test('the second attempt goes to the best of several places', () => {
  const npu = device({ id: 'npu0', class: 'npu' });
  const fleet = slots({ workers: 3, devices: [device(), gpu, npu] });
  const anywhere = { hardware: [...either.hardware, { class: 'npu', count: 1 }] } as const;
  for (const [best, gpuMs, npuMs] of [
    ['gpu0', 3000, 4000],
    ['npu0', 4000, 3000],
  ] as const) {
    const estimates = new Estimates([
      { suiteId: 'slow', deviceKind: 'cpu', durationMs: 2000 },
      { suiteId: 'slow', deviceKind: 'gpu', durationMs: gpuMs },
      { suiteId: 'slow', deviceKind: 'npu', durationMs: npuMs },
    ]);
    const run = new Run(fleet, [suite('slow', anywhere)], { estimates });
    expect(run.open()).toEqual([`slow on ${onCpu}`]);
    expect(run.tell({ type: 'tick', atMs: 9000 })).toEqual([`slow on local/${best}#1 again`]);
  }
});

test('a run learns from what passes, and from nothing else', () => {
  const estimates = new Estimates();
  const run = new Run(slots({ workers: 2 }), [suite('good'), suite('bad')], { estimates });
  run.open();
  run.end('good', onCpu, 'passed');
  run.end('bad', 'local/cpu#2', 'failed');
  expect(estimates.estimateOf(suite('good'), 'cpu')).toMatchObject({ basis: 'own-device', durationMs: 5 });
  expect(estimates.estimateOf(suite('bad'), 'cpu').basis).not.toBe('own-device');
});

test('other suites tell how much faster another device is for one that was never measured', () => {
  const others = (gpuMs: number): Observation[] =>
    Array.from({ length: 8 }, (_, index) => `seen${index}`).flatMap((suiteId) => [
      { suiteId, deviceKind: 'cpu', durationMs: 4000 },
      { suiteId, deviceKind: 'gpu', durationMs: gpuMs },
    ]);
  const onceTheGpuIsFree = (gpuMs: number) => {
    const run = new Run(
      slots({ workers: 2, devices: [device(), gpu] }),
      [suite('first', { hardware: [{ class: 'gpu', count: 1 }] }), suite('new', either)],
      { estimates: new Estimates(others(gpuMs)) },
    );
    expect(run.open()).toEqual([`first on ${onGpu}`, `new on ${onCpu}`]);
    run.end('first', onGpu, 'passed', 1, 10_000);
    return run.tell({ type: 'tick', atMs: 20_000 });
  };
  expect(onceTheGpuIsFree(400)).toEqual([`new on ${onGpu} again`]);
  expect(onceTheGpuIsFree(2000)).toEqual([]);
});

test('a machine that nobody waits for is used though others wait for another one', () => {
  const machines = ['large', 'small'].map((name, index) =>
    slots({ name, workers: 1, memoryBudgetBytes: (8 - 4 * index) * GiB, devices: [device({ model: name })] }),
  );
  const run = new Run(
    machines.flat(),
    ['slow', 'big'].map((id, index) => suite(id, { minMemoryBytes: 6 * index * GiB })),
    {
      estimates: new Estimates(
        ['large', 'small'].map((model) => ({
          suiteId: 'slow',
          deviceKind: `cpu ${model}`,
          durationMs: 3000,
        })),
      ),
    },
  );
  expect(run.open()).toEqual(['slow on large/cpu#1']);
  expect(run.tell({ type: 'tick', atMs: 9000 })).toEqual(['slow on small/cpu#1 again']);
});
