import type { Suite } from '../../../src/core/events.js';
import type { Machine } from '../../../src/core/machine/machine.js';
import { defaultProfile, type WorkloadProfile } from '../../../src/core/workload/profile.js';
import type { FleetMachine } from '../../../src/machine-file/fleets.js';
import { emptyHistory, type History } from '../../../src/record/history.js';
import { kindsAskedFor, matrixFor } from '../../../src/shard/plan/matrix.js';
import { device, GiB } from '../../core/cluster.js';

const suite = (id: string, profile: Partial<WorkloadProfile> = {}): Suite => ({
  id,
  fileBytes: 0,
  profile: { ...defaultProfile, ...profile },
});
const onGpu = { hardware: [{ class: 'gpu', count: 1 }] } as const;

function kind(name: string, pricePerMinute: number | undefined, withGpu = false): FleetMachine {
  const machine: Machine = {
    version: 1,
    machine: { name, platform: 'any', arch: 'any', cpuBudget: 2, memoryBudgetBytes: 8 * GiB },
    devices: [device(), ...(withGpu ? [device({ id: 'gpu0', class: 'gpu' })] : [])],
    problems: [],
  };
  return { machine, workers: 1, ...(pricePerMinute !== undefined && { pricePerMinute }) };
}

function historyOf(durations: Readonly<Record<string, number>>): History {
  const device = (ms: number) => ({ lastMs: ms, meanMs: ms, samples: 1 });
  return {
    ...emptyHistory,
    suites: new Map(
      Object.entries(durations).map(([id, ms]) => [
        id,
        {
          devices: new Map([
            ['cpu', device(ms)],
            ['gpu', device(ms)],
          ]),
          failedLast: false,
          missedRuns: 0,
        },
      ]),
    ),
  };
}

const plain = Array.from({ length: 20 }, (_, n) => suite(`u${n}`));
const gpus = Array.from({ length: 4 }, (_, n) => suite(`g${n}`, onGpu));
const history = historyOf(Object.fromEntries([...plain, ...gpus].map(({ id }) => [id, 60_000])));

test('as few machines as will do, of each kind that is needed', () => {
  const kinds = [kind('cpu', 1), kind('gpu', 10, true)];
  const count = (minutes: number) => {
    const { fleet, cost } = matrixFor([...plain, ...gpus], history, kinds, minutes * 60_000);
    const named = (name: string) =>
      fleet.filter(({ machine }) => machine.machine.name.startsWith(name)).length;
    return { cpu: named('cpu'), gpu: named('gpu'), cost };
  };
  // Twenty minutes of CPU and four of GPU, where a GPU machine may also take what a CPU can do.
  expect(count(24)).toMatchObject({ gpu: 1 });
  const { cpu, gpu, cost } = count(4);
  expect(cpu).toBeGreaterThanOrEqual(4);
  expect(cpu).toBeLessThanOrEqual(6);
  expect(gpu).toBeLessThanOrEqual(2);
  expect(cost).toBeGreaterThanOrEqual(20 + 40);
});

test('what no number of machines can do is said', () => {
  expect(() => matrixFor(plain, history, [kind('cpu', 1)], 30_000)).toThrow(/longest suite/);
  expect(() => matrixFor(gpus, history, [kind('cpu', 1)], 600_000)).toThrow(
    /g0 can run on none of these machines/,
  );
});

test('without a price there is no cost; without suites, one machine', () => {
  expect(matrixFor(plain, history, [kind('cpu', undefined)], 1e9)).not.toHaveProperty('cost');
  expect(matrixFor([], emptyHistory, [kind('cpu', 1)], 1000).fleet).toHaveLength(1);
});

test('kinds that docblocks ask for can run them', () => {
  const asked = [
    suite('a'),
    suite('b', { hardware: [{ class: 'gpu', count: 2 }], backends: ['cuda'], minMemoryBytes: 9 * GiB }),
    suite('c', { hardware: [{ class: 'npu', count: 1 }], precisions: ['int8'] }),
    suite('d', {
      hardware: [
        { class: 'gpu', count: 1 },
        { class: 'cpu', count: 1 },
      ],
    }),
  ];
  const kinds = kindsAskedFor(asked);
  expect(kinds.map(({ labels }) => labels)).toEqual([
    ['ubuntu-latest'],
    ['self-hosted', 'gpu'],
    ['self-hosted', 'npu'],
  ]);
  const { fleet, run } = matrixFor(asked, emptyHistory, kinds, 1e9);
  expect(asked.map((each) => fleet[run.shardOf(each)]?.machine.machine.name.replace(/-1$/, ''))).toEqual([
    expect.any(String),
    'gpu',
    'npu',
    expect.any(String),
  ]);
});
