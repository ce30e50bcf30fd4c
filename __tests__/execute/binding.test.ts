import type { Machine } from '../../src/core/machine.js';
import { bindingEnv } from '../../src/execute/binding.js';
import { device, GiB } from '../core/cluster.js';

const chip = (n: number) =>
  device({ id: `tpu${n}`, class: 'tpu', vendor: 'google', bindingEnv: { TPU_VISIBLE_CHIPS: String(n) } });
const machine: Machine = {
  version: 1,
  machine: { name: 'local', platform: 'linux', arch: 'x64', cpuBudget: 4, memoryBudgetBytes: GiB },
  devices: [device(), chip(0), chip(1), chip(2), chip(3)],
  problems: [],
};
const envOf = (deviceIds: readonly string[], maskOthers = true) =>
  bindingEnv(machine, deviceIds, 1, maskOthers, {});

test('processes on chips of one machine get ports of their own', () => {
  expect(envOf(['tpu1'])).toMatchObject({
    TPU_VISIBLE_CHIPS: '1',
    TPU_CHIPS_PER_PROCESS_BOUNDS: '1,1,1',
    TPU_PROCESS_BOUNDS: '1,1,1',
    TPU_PROCESS_ADDRESSES: 'localhost:8477',
    TPU_PROCESS_PORT: '8477',
  });
  expect(envOf(['tpu2', 'tpu3'])).toMatchObject({
    TPU_VISIBLE_CHIPS: '2,3',
    TPU_CHIPS_PER_PROCESS_BOUNDS: '1,2,1',
    TPU_PROCESS_PORT: '8478',
  });
});

test('who has no chip is told no topology; who asked for nothing is not masked', () => {
  expect(envOf(['cpu'])).toMatchObject({ TPU_VISIBLE_CHIPS: '-1' });
  expect(envOf(['cpu'])).not.toHaveProperty('TPU_PROCESS_PORT');
  expect(envOf(['cpu'], false)).not.toHaveProperty('TPU_VISIBLE_CHIPS');
});
