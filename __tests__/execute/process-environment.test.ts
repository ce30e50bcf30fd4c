import type { Machine } from '../../src/core/machine/machine.js';
import { bindingEnv } from '../../src/execute/process-environment.js';
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

test('native thread pools get their share; a smaller number that is set outside stays, each by itself', () => {
  const outer = {
    OMP_NUM_THREADS: '2',
    MKL_NUM_THREADS: '16',
    OPENBLAS_NUM_THREADS: '0',
    NUMEXPR_NUM_THREADS: 'all',
  };
  expect(bindingEnv(machine, ['cpu'], 4, false, outer)).toEqual({
    OMP_NUM_THREADS: '2',
    OPENBLAS_NUM_THREADS: '4',
    MKL_NUM_THREADS: '4',
    NUMEXPR_NUM_THREADS: '4',
    VECLIB_MAXIMUM_THREADS: '4',
    RAYON_NUM_THREADS: '4',
  });
});

test('several GPUs of AMD: HIP counts within what ROCR leaves', () => {
  const gpu = (n: number) =>
    device({
      id: `gpu${n}`,
      class: 'gpu',
      vendor: 'amd',
      bindingEnv: { ROCR_VISIBLE_DEVICES: String(n), HIP_VISIBLE_DEVICES: '0' },
    });
  const both = { ...machine, devices: [device(), gpu(0), gpu(1), gpu(2)] };
  expect(bindingEnv(both, ['gpu1', 'gpu2'], 1, true, {})).toMatchObject({
    ROCR_VISIBLE_DEVICES: '1,2',
    HIP_VISIBLE_DEVICES: '0,1',
  });
  expect(bindingEnv(both, ['gpu2'], 1, true, {})).toMatchObject({
    ROCR_VISIBLE_DEVICES: '2',
    HIP_VISIBLE_DEVICES: '0',
  });
});
