import fc from 'fast-check';
import type { Suite } from '../../../src/core/events.js';
import { type Device, type Machine, slotsOf } from '../../../src/core/machine/machine.js';
import { placesOf } from '../../../src/core/offline/deal.js';
import { smallestChanges, smallestChangeText } from '../../../src/core/offline/smallest-change.js';
import { defaultProfile, type WorkloadProfile } from '../../../src/core/workload/profile.js';

const gib = 1024 ** 3;
const gpu = [{ class: 'gpu', count: 1 }] as const;

function machine(name: string, ...gpus: readonly Partial<Device>[]): Machine {
  const common = { usable: true, software: false, backends: [], precisions: [], features: [], evidence: {} };
  return {
    version: 1,
    machine: { name, platform: 'linux', arch: 'x64', cpuBudget: 4, memoryBudgetBytes: 16 * gib },
    devices: [
      { ...common, id: 'cpu', class: 'cpu', memoryBytes: 16 * gib },
      ...gpus.map((each, index) => ({
        ...common,
        id: `gpu${index}`,
        class: 'gpu' as const,
        memoryBytes: 8 * gib,
        ...each,
      })),
    ],
    problems: [],
  };
}

function textsFor(profile: Partial<WorkloadProfile>, ...machines: readonly Machine[]): readonly string[] {
  const slots = machines.flatMap((each) => slotsOf(each, 1));
  return smallestChanges(suiteOf(profile), slots, machines).map(smallestChangeText);
}

function suiteOf(profile: Partial<WorkloadProfile>): Suite {
  return { id: 's', fileBytes: 0, profile: { ...defaultProfile, ...profile } };
}

test('less memory: on the machines that have the most', () => {
  const [first] = textsFor(
    { hardware: gpu, minMemoryBytes: 10 * gib },
    machine('a', {}),
    machine('b', {}),
    machine('c', {}),
    machine('d', { memoryBytes: 6 * gib }),
  );
  expect(first).toBe('would run on 3 machines with 2 GiB less on the device');
  expect(textsFor({ hostMemoryBytes: 20 * gib }, machine('a'))).toEqual([
    'would run on a with 4 GiB less @host-memory',
  ]);
});

test.each<[string, Partial<WorkloadProfile>, Partial<Device>, string]>([
  ['a feature', { features: ['tensor-cores'] }, {}, 'without @feature tensor-cores'],
  ['a backend', { backends: ['cuda'] }, { backends: ['rocm'] }, 'without @backend cuda'],
  ['a precision', { precisions: ['fp8'] }, { precisions: ['fp16'] }, 'with @precision fp16 too'],
  ['emulation', {}, { software: true }, 'with @software-adapter'],
  ['devices', { hardware: [{ class: 'gpu', count: 2 }] }, {}, 'with gpu:1 instead of gpu:2'],
])('%s', (_what, profile, device, text) => {
  const [first] = textsFor({ hardware: gpu, ...profile }, machine('a', device));
  expect(first).toBe(`would run on a ${text}`);
});

test('a device that is not usable, before any change of the suite', () => {
  const broken = machine('a', {
    usable: false,
    unusableBecause: 'cannot compute: libcuda.so.1 is missing',
  });
  const problem = { message: 'gpu0 cannot compute: libcuda.so.1 is missing', remedy: 'install the driver' };
  expect(textsFor({ hardware: gpu }, { ...broken, problems: [problem] })).toEqual([
    'would run on a if gpu0 were usable: install the driver',
    'would run on a with @hardware cpu too',
  ]);
});

test('two requirements together where one alone does not suffice, and nothing where even they do not', () => {
  const asked = { hardware: gpu, minMemoryBytes: 10 * gib, features: ['tensor-cores'] } as const;
  expect(textsFor(asked, machine('a', {}))[0]).toBe(
    'would run on a with 2 GiB less on the device and without @feature tensor-cores',
  );
  expect(
    textsFor(
      { ...asked, hostMemoryBytes: 99 * gib, backends: ['cuda'], precisions: ['fp8'] },
      machine('a', {}),
    ),
  ).toEqual([]);
});

test('a suite that can run needs no change', () => {
  expect(textsFor({ hardware: gpu }, machine('a', {}))).toEqual([]);
});

test('of one change a machine that has all else is enough: what is named suffices and nothing is named needlessly', () => {
  const words = ['tensor-cores', 'sparsity', 'ray-tracing'] as const;
  const some = fc.subarray([...words]);
  const memory = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ features: some, memory }), { minLength: 1, maxLength: 4 }),
      some,
      memory,
      (gpus, features, asked) => {
        const machines = gpus.map((each, index) =>
          machine(`m${index}`, { features: each.features, memoryBytes: each.memory * gib }),
        );
        const slots = machines.flatMap((each) => slotsOf(each, 1));
        const profile = { hardware: gpu, features, minMemoryBytes: asked * gib };
        const changes = smallestChanges(suiteOf(profile), slots, machines).filter(({ of }) => of === 'suite');
        const runs = (part: Partial<WorkloadProfile>) =>
          placesOf(suiteOf({ ...profile, ...part }), slots).length > 0;
        expect(changes.length > 0 && runs({})).toBe(false);
        for (const { text } of changes) {
          const less = /with (\d+) GiB less/.exec(text)?.[1];
          const kept = features.filter((word) => !text.includes(`@feature ${word}`));
          const minMemoryBytes = (asked - Number(less ?? 0)) * gib;
          expect(runs({ features: kept, minMemoryBytes })).toBe(true);
          if (less !== undefined)
            expect(runs({ features: kept, minMemoryBytes: minMemoryBytes + 1 })).toBe(false);
        }
      },
    ),
  );
});
