import { Estimates } from '../../../src/core/estimate/estimate.js';
import type { RunEvent } from '../../../src/core/events.js';
import { Scheduler } from '../../../src/core/scheduler/scheduler.js';
import { strategies } from '../../../src/core/strategies/index.js';
import type { WorkloadProfile } from '../../../src/core/workload/profile.js';
import { refusalText } from '../../../src/report/text/clauses.js';
import { device, GiB, slots, suite } from '../cluster.js';

const machine = 'local';
const big: Partial<WorkloadProfile> = { hardware: [{ class: 'gpu', count: 1 }], minMemoryBytes: 8 * GiB };

function setUp(gpus: number, suites: Readonly<Record<string, Partial<WorkloadProfile>>>) {
  const scheduler = new Scheduler({
    strategy: strategies.pull,
    unsatisfiable: { action: 'fail' },
    retryLost: true,
    takenMemory: 'fail',
    estimates: new Estimates([]),
  });
  let atMs = 0;
  const tell = (event: Record<string, unknown>) => scheduler.handle({ atMs: atMs++, ...event } as RunEvent);
  const cards = Array.from({ length: gpus }, (_, n) =>
    device({ id: `gpu${n}`, class: 'gpu', memoryBytes: 12 * GiB }),
  );
  for (const slot of slots({ workers: 4, devices: [device(), ...cards] })) tell({ type: 'slot-up', slot });
  tell({ type: 'machine-shared', machine, deviceIds: cards.map(({ id }) => id) });
  for (const [id, profile] of Object.entries(suites))
    tell({ type: 'suite-queued', suite: suite(id, profile) });
  tell({ type: 'run-opened' });
  const taken = (deviceId: string, takenBytes: number) =>
    tell({
      type: 'device-memory',
      machine,
      deviceId,
      takenBytes,
      by: 'pid 4711 (python) holds 10 GiB',
    }).filter(({ type }) => type !== 'run-ended');
  return { tell, taken };
}

test('a suite fails at once, and once, with who holds the memory; smaller ones are not touched', () => {
  const { taken, tell } = setUp(1, { big, small: { ...big, minMemoryBytes: GiB } });
  const [failed, ...others] = taken('gpu0', 10 * GiB);
  expect(failed).toMatchObject({ type: 'suite-unplaceable', suiteId: 'big', action: 'fail' });
  expect(others).toEqual([]);
  expect(failed?.type === 'suite-unplaceable' && refusalText(failed.rejections)).toBe(
    `No device of this run can run this suite now:
  needs 8 GiB on gpu0: 2 GiB of 12 GiB are free, pid 4711 (python) holds 10 GiB
End what holds the memory, or let suites wait for it with the option takenMemory: 'wait'.`,
  );
  expect(taken('gpu0', 10 * GiB)).toEqual([]);
  const permit = { deviceIds: ['gpu0'], locks: [], exclusive: false };
  expect(tell({ type: 'permit-granted', machine, permit })).toMatchObject([
    { type: 'suite-started', placement: { suiteId: 'small' } },
  ]);
});

test('another device that has the room, or may have it, is waited for', () => {
  const { taken } = setUp(2, { big });
  expect(taken('gpu0', 10 * GiB)).toEqual([]);
  expect(taken('gpu1', 9 * GiB)).toMatchObject([
    { type: 'suite-unplaceable', suiteId: 'big', rejections: [{ until: 'now' }, { until: 'now' }] },
  ]);
});

test('a machine that is still to come is waited for, and tells before its slots what is taken there', () => {
  const { taken, tell } = setUp(1, { big });
  tell({ type: 'machine-awaited', machine: 'box', address: 'ssh://box' });
  expect(taken('gpu0', 10 * GiB)).toEqual([]);
  const there = { machine: 'box', deviceId: 'gpu0' };
  expect(tell({ type: 'device-memory', ...there, takenBytes: 9 * GiB })).toEqual([]);
  const card = device({ id: 'gpu0', class: 'gpu', memoryBytes: 12 * GiB });
  for (const slot of slots({ name: 'box', workers: 1, devices: [card] }))
    expect(tell({ type: 'slot-up', slot })).toEqual([]);
  expect(tell({ type: 'machine-settled', machine: 'box' })).toMatchObject([
    { type: 'suite-unplaceable', suiteId: 'big', rejections: [{ until: 'now' }, { until: 'now' }] },
    { type: 'run-ended' },
  ]);
});

test('an alternative on the CPU is another device', () => {
  const { taken } = setUp(1, {
    either: {
      ...big,
      hardware: [
        { class: 'gpu', count: 1 },
        { class: 'cpu', count: 1 },
      ],
    },
  });
  expect(taken('gpu0', 10 * GiB)).toEqual([]);
});

test('a suite that takes two devices needs two with room', () => {
  const { taken } = setUp(3, { two: { ...big, hardware: [{ class: 'gpu', count: 2 }] } });
  expect(taken('gpu0', 10 * GiB)).toEqual([]);
  expect(taken('gpu1', 10 * GiB)).toMatchObject([{ type: 'suite-unplaceable', suiteId: 'two' }]);
});
