import { Estimates } from '../../../src/core/estimate/estimate.js';
import type { Machine } from '../../../src/core/machine/machine.js';
import { Scheduler } from '../../../src/core/scheduler/scheduler.js';
import { pull } from '../../../src/core/strategies/pull.js';
import { device, slots, suite } from '../cluster.js';

const hidden = device({
  id: 'gpu0',
  class: 'gpu',
  usable: false,
  unusableBecause: 'is hidden by CUDA_VISIBLE_DEVICES=-1',
});
const needsGpu = { hardware: [{ class: 'gpu', count: 1 }] } as const;

function machineOf(devices: Machine['devices'], problems: Machine['problems'] = []): Machine {
  const [slot] = slots();
  if (slot === undefined) throw new Error('a CPU has slots');
  return { version: 1, machine: slot.machine, devices: [device(), ...devices], problems };
}

/** Rejections of one suite on a machine, in short. */
function refusal(machine: Machine, overrides: Parameters<typeof suite>[1] = needsGpu) {
  const scheduler = new Scheduler({
    strategy: pull,
    unsatisfiable: { action: 'fail' },
    retryLost: true,
    estimates: new Estimates(),
  });
  scheduler.handle({ type: 'machine-known', machine, atMs: 0 });
  for (const slot of slots({ devices: machine.devices }))
    scheduler.handle({ type: 'slot-up', slot, atMs: 0 });
  scheduler.handle({ type: 'suite-queued', suite: suite('a', overrides), atMs: 0 });
  const events = scheduler.handle({ type: 'run-opened', atMs: 0 });
  return events.flatMap((event) => (event.type === 'suite-unplaceable' ? event.rejections : []));
}

test('a device that is present and not usable comes first, with the remedy of its problem', () => {
  const remedy = 'unset the variable or add the device to it';
  const problems = [
    { message: 'gpu0 is slow', remedy: 'another one' },
    { message: 'gpu0 (Example) is hidden by CUDA_VISIBLE_DEVICES=-1', remedy },
  ];
  expect(refusal(machineOf([hidden], problems))).toEqual([
    {
      slotId: 'local/gpu0',
      filter: 'unusable',
      reason: 'needs gpu: gpu0 is hidden by CUDA_VISIBLE_DEVICES=-1',
      remedy,
      until: 'never',
    },
    { slotId: 'local/cpu', filter: 'class', reason: 'needs gpu: this machine has cpu', until: 'never' },
  ]);
});

test('a problem of the whole machine that keeps the device from computing lends its remedy', () => {
  const because = 'cannot compute: nvidia-smi failed: no message';
  const broken = device({ id: 'gpu0', class: 'gpu', usable: false, unusableBecause: because });
  const problems = [{ message: 'nvidia-smi failed: no message', remedy: 'repair the driver' }];
  expect(refusal(machineOf([broken], problems))[0]).toMatchObject({
    reason: `needs gpu: gpu0 ${because}`,
    remedy: 'repair the driver',
  });
});

test('only devices of a class that the suite asks for are told, and without a reason that is said', () => {
  const npu = device({ id: 'npu0', class: 'npu', usable: false });
  const reasons = (overrides: Parameters<typeof suite>[1]) =>
    refusal(machineOf([hidden, npu]), overrides).map(({ reason }) => reason);
  expect(reasons({ hardware: [{ class: 'npu', count: 1 }] })).toEqual([
    'needs npu: npu0 is not usable',
    'needs npu: this machine has cpu',
  ]);
  expect(reasons({ hardware: [{ class: 'tpu', count: 1 }] })).toEqual(['needs tpu: this machine has cpu']);
});

test('where a usable device of the class lacks something, both are told', () => {
  const other = device({ id: 'gpu1', class: 'gpu', backends: ['vulkan'] });
  const reasons = refusal(machineOf([hidden, other]), { ...needsGpu, backends: ['cuda'] });
  expect(reasons.map(({ filter }) => filter)).toEqual(['unusable', 'class', 'backend']);
});

test('a suite that can run elsewhere runs there', () => {
  expect(
    refusal(machineOf([hidden]), { hardware: [...needsGpu.hardware, { class: 'cpu', count: 1 }] }),
  ).toEqual([]);
});
