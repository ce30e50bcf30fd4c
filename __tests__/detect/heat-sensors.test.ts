import type { Machine } from '../../src/core/machine.js';
import type { DeviceClass } from '../../src/core/taxonomy.js';
import { heatSensorsOf } from '../../src/detect/heat-sensors.js';
import { device, GiB } from '../core/cluster.js';
import { temporaryHost } from './temporary-host.js';

const gpu = (n: number) =>
  device({ id: `gpu${n}`, class: 'gpu', vendor: 'nvidia', bindingEnv: { CUDA_VISIBLE_DEVICES: `GPU-${n}` } });
const machine: Machine = {
  version: 1,
  machine: { name: 'local', platform: 'linux', arch: 'x64', cpuBudget: 4, memoryBudgetBytes: GiB },
  devices: [device(), gpu(0), gpu(1)],
  problems: [],
};
const all = new Set<DeviceClass>(['cpu', 'gpu']);
const hwmon = '/sys/class/hwmon';
const files = {
  [`${hwmon}/hwmon0/name`]: 'acpitz\n',
  [`${hwmon}/hwmon0/temp1_input`]: '99000\n',
  [`${hwmon}/hwmon2/name`]: 'coretemp\n',
  [`${hwmon}/hwmon2/temp1_input`]: '61000\n',
  [`${hwmon}/hwmon2/temp2_input`]: '64500\n',
};
const nvidiaSmi = (output: string) => ({ 'nvidia-smi': `printf '${output}'` });

test('the hottest of the CPU, and every GPU by its UUID', async () => {
  const host = temporaryHost({ files, tools: nvidiaSmi('GPU-1, 71\\nGPU-0, 54\\nGPU-9, 99\\n') });
  const { sources, read } = heatSensorsOf(host, machine, all);
  expect(Object.fromEntries(sources)).toEqual({
    cpu: 'kernel sensor',
    gpu0: 'nvidia-smi',
    gpu1: 'nvidia-smi',
  });
  expect(Object.fromEntries(await read())).toEqual({ cpu: 64.5, gpu0: 54, gpu1: 71 });
});

test('what cannot be read is left out', async () => {
  const broken = {
    ...files,
    [`${hwmon}/hwmon2/temp1_input`]: 'nonsense',
    [`${hwmon}/hwmon2/temp2_input`]: '',
  };
  const garbage = temporaryHost({ files: broken, tools: nvidiaSmi('GPU-0, [N/A]\\nwhat?\\n') });
  expect(Object.fromEntries(await heatSensorsOf(garbage, machine, all).read())).toEqual({});
  const failing = temporaryHost({ tools: { 'nvidia-smi': 'exit 9' } });
  expect(Object.fromEntries(await heatSensorsOf(failing, machine, all).read())).toEqual({});
});

test('only what suites may use is looked at', () => {
  const host = temporaryHost({ files });
  expect([...heatSensorsOf(host, machine, new Set<DeviceClass>(['cpu'])).sources.keys()]).toEqual(['cpu']);
  expect(heatSensorsOf(temporaryHost({}), machine, new Set<DeviceClass>(['cpu'])).sources.size).toBe(0);
});
