import { Estimates } from '../../../src/core/estimate/estimate.js';
import type { RunEvent } from '../../../src/core/events.js';
import type { Permit } from '../../../src/core/machine/permits.js';
import { Scheduler } from '../../../src/core/scheduler/scheduler.js';
import { strategies } from '../../../src/core/strategies/index.js';
import type { WorkloadProfile } from '../../../src/core/workload/profile.js';
import { device, GiB, slots, suite } from '../cluster.js';

const machine = 'local';
const onGpu: Partial<WorkloadProfile> = { hardware: [{ class: 'gpu', count: 1 }] };
const plain: Permit = { deviceIds: [], locks: [], exclusive: false };
const forGpu: Permit = { ...plain, deviceIds: ['gpu0'] };
const alone: Permit = { ...plain, exclusive: true };

function setUp(
  strategy: keyof typeof strategies,
  suites: Readonly<Record<string, Partial<WorkloadProfile>>>,
) {
  const scheduler = new Scheduler({
    strategy: strategies[strategy],
    unsatisfiable: { action: 'fail' },
    retryLost: true,
    estimates: new Estimates([]),
  });
  let atMs = 0;
  const tell = (event: Record<string, unknown>) =>
    scheduler
      .handle({ atMs: atMs++, ...event } as RunEvent)
      .flatMap((each) => (each.type === 'suite-started' ? each : []));
  for (const slot of slots({
    workers: 2,
    devices: [device(), device({ id: 'gpu0', class: 'gpu', memoryBytes: 12 * GiB })],
  })) {
    tell({ type: 'slot-up', slot });
  }
  tell({ type: 'machine-shared', machine, deviceIds: ['gpu0'] });
  for (const [id, profile] of Object.entries(suites))
    tell({ type: 'suite-queued', suite: suite(id, profile) });
  return { scheduler, tell, opened: tell({ type: 'run-opened' }) };
}

const ended = (suiteId: string, slotId: string) => ({
  type: 'suite-ended',
  suiteId,
  slotId,
  attempt: 1,
  status: 'passed',
  degraded: false,
  durationMs: 9,
});
const ids = (started: ReturnType<ReturnType<typeof setUp>['tell']>) =>
  started.map(({ placement }) => placement.suiteId);

test.each(Object.keys(strategies) as (keyof typeof strategies)[])(
  '%s starts nothing without a permit, and a suite elsewhere when it may run there',
  (strategy) => {
    const either: Partial<WorkloadProfile> = {
      hardware: [
        { class: 'gpu', count: 1 },
        { class: 'cpu', count: 1 },
      ],
    };
    const { scheduler, tell, opened } = setUp(strategy, { either, gpu: onGpu });
    expect(opened).toEqual([]);
    expect(scheduler.permitDemand.requested).toEqual(expect.arrayContaining([plain, forGpu]));
    tell({ type: 'permit-awaited', machine, permit: forGpu, by: 'gpu0 is held by pid 7 in ../app' });
    expect(ids(tell({ type: 'permit-granted', machine, permit: plain }))).toEqual(['either']);
    const [started] = tell({ type: 'permit-granted', machine, permit: forGpu });
    expect(started).toMatchObject({
      placement: { suiteId: 'gpu', slotId: 'local/gpu0#1' },
      waitedMs: 2,
      waitedFor: 'gpu0 is held by pid 7 in ../app',
    });
    expect(scheduler.permitDemand.needed).toEqual([]);
  },
);

test('what runs on a withdrawn permit goes on, nothing further starts', () => {
  const { tell } = setUp('pull', { a: onGpu, b: onGpu });
  expect(ids(tell({ type: 'permit-granted', machine, permit: forGpu }))).toEqual(['a']);
  tell({ type: 'permit-withdrawn', machine, permit: forGpu });
  expect(tell(ended('a', 'local/gpu0#1'))).toEqual([]);
  expect(ids(tell({ type: 'permit-granted', machine, permit: forGpu }))).toEqual(['b']);
});

test('a machine for itself is asked for when it is the turn of a suite that wants it, and nothing runs', () => {
  const { scheduler, tell } = setUp('pull', { first: { exclusive: true }, a: {}, b: {} });
  expect(scheduler.permitDemand.requested).toEqual([alone]);
  expect(scheduler.permitDemand.needed).toEqual([alone, plain]);
  expect(ids(tell({ type: 'permit-granted', machine, permit: alone }))).toEqual(['first']);
  expect(scheduler.permitDemand.requested).toEqual([plain]);
  tell({ type: 'permit-withdrawn', machine, permit: alone });
  tell(ended('first', 'local/cpu#1'));
  expect(ids(tell({ type: 'permit-granted', machine, permit: plain }))).toEqual(['a', 'b']);
});

test('memory that others have taken keeps suites from a device until it is free', () => {
  const { tell } = setUp('pull', { big: { ...onGpu, minMemoryBytes: GiB } });
  const memory = (takenBytes: number) =>
    tell({ type: 'device-memory', machine, deviceId: 'gpu0', takenBytes });
  memory(2 ** 50);
  expect(tell({ type: 'permit-granted', machine, permit: forGpu })).toEqual([]);
  expect(ids(memory(0))).toEqual(['big']);
});
