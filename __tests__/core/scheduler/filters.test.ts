import type { Estimate } from '../../../src/core/events.js';
import { MachineLoad } from '../../../src/core/machine/load.js';
import type { Slot } from '../../../src/core/machine/machine.js';
import { nowRejection } from '../../../src/core/scheduler/admission.js';
import { claimOf } from '../../../src/core/scheduler/claim.js';
import { neverRejection } from '../../../src/core/scheduler/feasibility.js';
import type { WorkloadProfile } from '../../../src/core/workload/profile.js';
import { device, GiB, gpu, type MachineShape, slots, suite } from '../cluster.js';

const unknown: Estimate = { durationMs: 1000, hostMemoryBytes: 0, basis: 'default', samples: 0, spread: 1 };

function slotOf(shape: MachineShape): Slot {
  const [slot] = slots(shape);
  if (slot === undefined) throw new Error('The machine has no slot.');
  return slot;
}

const onCpu = slotOf({});
const onGpu = slotOf({ devices: [gpu] });
const needsGpu = { hardware: [{ class: 'gpu', count: 1 }] } as const;

describe('what never fits', () => {
  test.each<[string, Partial<WorkloadProfile>, Slot, string, string]>([
    ['class', needsGpu, onCpu, 'class', 'needs gpu: this machine has cpu'],
    [
      'any class of the list',
      { hardware: [...needsGpu.hardware, { class: 'npu', count: 1 }] },
      onCpu,
      'class',
      'needs gpu or npu: this machine has cpu',
    ],
    [
      'software adapter',
      needsGpu,
      slotOf({ devices: [{ ...gpu, software: true, model: 'SwiftShader' }] }),
      'software',
      'needs a real gpu: gpu0 (SwiftShader) is emulated on the CPU, which @software-adapter allows',
    ],
    [
      'adapter in a browser, which nobody asked for',
      needsGpu,
      slotOf({
        devices: [{ ...gpu, architecture: 'gpu-webgpu', backends: ['webgpu'], model: 'RTX in Chrome' }],
      }),
      'adapter',
      'needs @backend webgpu: gpu0 (RTX in Chrome) has nothing else',
    ],
    [
      'one of the backends',
      { ...needsGpu, backends: ['cuda', 'tensorrt'] },
      onGpu,
      'backend',
      'needs tensorrt: gpu0 has cuda',
    ],
    ['a feature', { features: ['avx2'] }, onCpu, 'feature', 'needs avx2: cpu has none known'],
    [
      'every precision of the list',
      { precisions: ['fp16', 'int8'] },
      onCpu,
      'precision',
      'needs fp16 or int8: cpu has fp64, fp32',
    ],
    [
      'memory of a GPU',
      { ...needsGpu, minMemoryBytes: 8 * GiB },
      onGpu,
      'device-memory',
      'needs 8 GiB on the device: gpu0 has 6 GiB',
    ],
    [
      'memory of a CPU whose size is the budget',
      { minMemoryBytes: 9 * GiB },
      onCpu,
      'device-memory',
      'needs 9 GiB on the device: cpu has 8 GiB',
    ],
    [
      'memory on a device that does not tell',
      { ...needsGpu, minMemoryBytes: GiB },
      slotOf({ devices: [device({ id: 'gpu1', class: 'gpu' })] }),
      'device-memory',
      'needs 1 GiB on the device: memory of gpu1 is unknown, declare memoryBytes of gpu1 in a machine file',
    ],
    [
      'declared memory above the budget',
      { hostMemoryBytes: 9 * GiB },
      onCpu,
      'host-memory',
      'needs 9 GiB of memory: local has 8 GiB',
    ],
  ])('%s', (_case, needs, slot, filter, reason) => {
    const expected = { slotId: slot.type, filter, reason, until: 'never' };
    expect(neverRejection(suite('s', needs), slot, false)).toEqual(expected);
  });

  test.each<[string, Partial<WorkloadProfile>, Slot]>([
    ['nothing asked', {}, onCpu],
    [
      'the second way',
      {
        hardware: [
          { class: 'gpu', count: 2 },
          { class: 'cpu', count: 1 },
        ],
      },
      onCpu,
    ],
    ['one of the precisions', { ...needsGpu, precisions: ['int8', 'fp16'] }, onGpu],
    [
      'an emulated adapter that is allowed',
      { ...needsGpu, backends: ['webgpu'], softwareAdapter: true },
      slotOf({
        devices: [{ ...gpu, architecture: 'gpu-webgpu', backends: ['webgpu'], software: true }],
      }),
    ],
    ['exactly the memory', { ...needsGpu, minMemoryBytes: 6 * GiB }, onGpu],
    ['exactly the budget', { hostMemoryBytes: 8 * GiB }, onCpu],
  ])('not when it fits: %s', (_case, needs, slot) => {
    expect(neverRejection(suite('s', needs), slot, false)).toBeUndefined();
  });

  test('degraded, requirements are set aside and capacity is not', () => {
    const wants = { ...needsGpu, backends: ['cuda'], features: ['avx2'], precisions: ['fp8'] } as const;
    expect(neverRejection(suite('s', wants), onCpu, true)).toBeUndefined();
    expect(neverRejection(suite('s', { ...wants, minMemoryBytes: 9 * GiB }), onCpu, true)?.filter).toBe(
      'device-memory',
    );
  });
});

describe('what does not fit now', () => {
  const shared = { workers: 3, devices: [{ ...gpu, shares: 2 }, device()] };
  const machine = slots(shared);
  const [gpu1, gpu2, cpu1, cpu2] = machine as [Slot, Slot, Slot, Slot];

  test.each<
    [string, readonly [Slot, Partial<WorkloadProfile>][], Slot, Partial<WorkloadProfile>, string, string]
  >([
    ['a busy slot', [[cpu1, {}]], cpu1, {}, 'slot-busy', 'local/cpu#1 is busy'],
    [
      'workers over all devices',
      [
        [cpu1, {}],
        [cpu2, {}],
        [gpu1, needsGpu],
      ],
      gpu2,
      needsGpu,
      'workers',
      'all 3 workers of local are busy',
    ],
    [
      'an exclusive suite beside others',
      [[gpu1, needsGpu]],
      cpu1,
      { exclusive: true },
      'exclusive',
      'needs local for itself: 1 suite is running there',
    ],
    [
      'others beside an exclusive one',
      [[gpu1, { exclusive: true }]],
      cpu1,
      {},
      'exclusive',
      'a suite has local for itself',
    ],
    [
      'a lock',
      [[gpu1, { locks: ['db'] }]],
      cpu1,
      { locks: ['x', 'db'] },
      'lock',
      'needs lock db: another suite holds it',
    ],
    [
      'CPU threads',
      [[gpu1, { cpuThreads: 2 }]],
      cpu1,
      { cpuThreads: 2 },
      'cpu-threads',
      'needs 2 CPU threads: 2 of 3 of local are taken',
    ],
    [
      'memory',
      [[cpu2, { hostMemoryBytes: 6 * GiB }]],
      cpu1,
      { hostMemoryBytes: 3 * GiB },
      'host-memory',
      'needs 3 GiB of memory: 6 GiB of 8 GiB of local are taken',
    ],
    [
      'memory of a shared device',
      [[gpu1, { ...needsGpu, minMemoryBytes: 4 * GiB }]],
      gpu2,
      { ...needsGpu, minMemoryBytes: 3 * GiB },
      'device-memory',
      'needs 3 GiB on the device: 4 GiB of 6 GiB of gpu0 are taken',
    ],
  ])('%s', (_case, running, slot, needs, filter, reason) => {
    const load = new MachineLoad(new Map());
    for (const [busy, profile] of running) load.occupy([busy], claimOf(suite('r', profile), busy, unknown));
    const claim = claimOf(suite('s', needs), slot, unknown);
    expect(nowRejection(slot, claim, load)).toEqual({ slotId: slot.id, filter, reason, until: 'now' });

    for (const [busy, profile] of running) load.release([busy], claimOf(suite('r', profile), busy, unknown));
    expect(nowRejection(slot, claim, load)).toBeUndefined();
  });

  test('shares of a device, however many slots claim to stand for it', () => {
    const load = new MachineLoad(new Map());
    const claim = claimOf(suite('s', needsGpu), onGpu, unknown);
    load.occupy([onGpu], claim);
    const second = { ...onGpu, id: 'local/gpu0#2' };
    expect(nowRejection(second, claim, load)?.reason).toBe('all 1 shares of gpu0 are busy');
  });

  test('a lock is held on every machine', () => {
    const locks = new Map();
    const [here, there] = [new MachineLoad(locks), new MachineLoad(locks)];
    const claim = claimOf(suite('s', { locks: ['db'] }), onCpu, unknown);
    here.occupy([onCpu], claim);
    expect(nowRejection(onCpu, claim, there)?.filter).toBe('lock');
  });
});

describe('a claim', () => {
  const learned: Estimate = { ...unknown, hostMemoryBytes: 3 * GiB };
  test.each<[string, Partial<WorkloadProfile>, Slot, Estimate, object]>([
    [
      'takes one thread and no memory',
      {},
      onCpu,
      unknown,
      { cpuThreads: 1, hostMemoryBytes: 0, deviceMemoryBytes: 0 },
    ],
    ['takes what was learned', {}, onCpu, learned, { hostMemoryBytes: 3 * GiB }],
    [
      'takes the declared memory, whatever was learned',
      { hostMemoryBytes: GiB },
      onCpu,
      learned,
      { hostMemoryBytes: GiB },
    ],
    [
      'takes device memory of a CPU from the host',
      { minMemoryBytes: 4 * GiB },
      onCpu,
      learned,
      { hostMemoryBytes: 4 * GiB, deviceMemoryBytes: 0 },
    ],
    [
      'takes device memory of a GPU',
      { minMemoryBytes: 4 * GiB },
      onGpu,
      learned,
      { hostMemoryBytes: 3 * GiB, deviceMemoryBytes: 4 * GiB },
    ],
    ['never exceeds the threads', { cpuThreads: 64 }, onCpu, unknown, { cpuThreads: 2 }],
    [
      'never exceeds the memory',
      {},
      onCpu,
      { ...unknown, hostMemoryBytes: 99 * GiB },
      { hostMemoryBytes: 8 * GiB },
    ],
  ])('%s', (_case, needs, slot, estimate, expected) => {
    expect(claimOf(suite('s', needs), slot, estimate)).toMatchObject(expected);
  });
});
