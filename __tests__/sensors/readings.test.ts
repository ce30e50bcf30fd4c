import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../../src/core/machine/machine.js';
import type { DeviceClass } from '../../src/core/vocabulary/taxonomy.js';
import { detectMachine } from '../../src/detect/detect.js';
import { recordedHost } from '../../src/host/recorded.js';
import { sensorsOf } from '../../src/sensors/readings.js';
import { device, GiB } from '../core/cluster.js';
import { temporaryHost } from '../detect/temporary-host.js';

const gpu = (n: number) =>
  device({ id: `gpu${n}`, class: 'gpu', vendor: 'nvidia', bindingEnv: { CUDA_VISIBLE_DEVICES: `GPU-${n}` } });
const machine: Machine = {
  version: 1,
  machine: { name: 'local', platform: 'linux', arch: 'x64', cpuBudget: 4, memoryBudgetBytes: GiB },
  devices: [device(), gpu(0), gpu(1)],
  problems: [],
};
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
  const host = temporaryHost({
    files,
    tools: nvidiaSmi('GPU-1, 71, 203.55\\nGPU-0, 54, [N/A]\\nGPU-9, 99, 1\\n'),
  });
  const { sources, read, withTools } = sensorsOf(host, machine);
  expect(Object.fromEntries(sources)).toEqual({
    cpu: { temperature: 'kernel sensor' },
    gpu0: { temperature: 'nvidia-smi', power: 'nvidia-smi' },
    gpu1: { temperature: 'nvidia-smi', power: 'nvidia-smi' },
  });
  expect(withTools).toBe(true);
  expect(Object.fromEntries(await read())).toEqual({
    cpu: { temperature: 64.5 },
    gpu0: { temperature: 54 },
    gpu1: { temperature: 71, power: 203.55 },
  });
});

test('what cannot be read is left out', async () => {
  const broken = {
    ...files,
    [`${hwmon}/hwmon2/temp1_input`]: 'nonsense',
    [`${hwmon}/hwmon2/temp2_input`]: '',
  };
  const garbage = temporaryHost({ files: broken, tools: nvidiaSmi('GPU-0, [N/A], [N/A]\\nwhat?\\n') });
  expect(Object.fromEntries(await sensorsOf(garbage, machine).read())).toEqual({ gpu0: {} });
  const failing = temporaryHost({ tools: { 'nvidia-smi': 'exit 9' } });
  expect(Object.fromEntries(await sensorsOf(failing, machine).read())).toEqual({});
});

test('only what suites may use is looked at', () => {
  const host = temporaryHost({ files });
  expect([...sensorsOf(host, machine, new Set<DeviceClass>(['cpu'])).sources.keys()]).toEqual(['cpu']);
  expect(sensorsOf(temporaryHost({}), machine, new Set<DeviceClass>(['cpu'])).sources.size).toBe(0);
});

test('an energy counter goes on where the hardware starts anew; all packages together', () => {
  const rapl = '/sys/class/powercap/intel-rapl';
  const host = temporaryHost({
    files: {
      [`${rapl}:0/name`]: 'package-0\n',
      [`${rapl}:0/max_energy_range_uj`]: '10000000\n',
      [`${rapl}:0/energy_uj`]: '9000000\n',
      [`${rapl}:1/name`]: 'package-1\n',
      [`${rapl}:1/max_energy_range_uj`]: '10000000\n',
      [`${rapl}:1/energy_uj`]: '1000000\n',
      // A part of the first, and the whole board.
      [`${rapl}:0:0/name`]: 'core\n',
      [`${rapl}:0:0/energy_uj`]: '500\n',
      [`${rapl}:2/name`]: 'psys\n',
      [`${rapl}:2/energy_uj`]: '500\n',
    },
  });
  const { readFiles } = sensorsOf(host, machine);
  const first = readFiles().get('cpu')?.energy ?? Number.NaN;
  writeFileSync(join(host.directory, `fs${rapl}:0/energy_uj`), '2000000\n');
  writeFileSync(join(host.directory, `fs${rapl}:1/energy_uj`), '1500000\n');
  expect((readFiles().get('cpu')?.energy ?? Number.NaN) - first).toBeCloseTo(3.5);
});

test('a board without a sensor chip has a thermal zone', () => {
  const zone = '/sys/class/thermal/thermal_zone0';
  const host = temporaryHost({ files: { [`${zone}/type`]: 'cpu-thermal\n', [`${zone}/temp`]: '47231\n' } });
  expect(sensorsOf(host, machine).readFiles().get('cpu')).toEqual({ temperature: 47.231 });
});

const readingsOf = async (name: string) => {
  const host = recordedHost(join(process.cwd(), 'fixtures', 'hosts', name));
  const { devices } = await detectMachine({ host, sensors: true });
  return Object.fromEntries(devices.map(({ id, sensors }) => [id, sensors]));
};

test('a Radeon by the sensors of its driver, a Ryzen by its own', async () => {
  expect(await readingsOf('radeon-desktop')).toMatchObject({
    cpu: {
      temperature: { value: 55.1, unit: '°C', source: 'kernel sensor' },
      energy: { value: 5, unit: 'J', source: 'RAPL' },
    },
    gpu0: {
      temperature: { value: 52, unit: '°C', source: 'kernel sensor' },
      power: { value: 41, unit: 'W', source: 'kernel sensor' },
    },
  });
});

test('a counter that only root may read is there and unreadable', async () => {
  expect(await readingsOf('linux-laptop')).toMatchObject({
    cpu: { temperature: { value: 64.5 }, energy: null },
  });
});

test('readings are only taken where they are asked for', async () => {
  const host = recordedHost(join(process.cwd(), 'fixtures', 'hosts', 'radeon-desktop'));
  expect((await detectMachine({ host })).devices.some(({ sensors }) => sensors)).toBe(false);
});

test('the hottest spot of a card alone is no temperature of it', () => {
  const hwmon = '/sys/bus/pci/devices/0000:0c:00.0/hwmon/hwmon4';
  const host = temporaryHost({
    files: { [`${hwmon}/temp2_input`]: '91000\n', [`${hwmon}/power1_average`]: '5000000\n' },
  });
  const card = device({ id: 'gpu0', class: 'gpu', vendor: 'amd', pciAddress: '0000:0c:00.0' });
  expect(
    sensorsOf(host, { devices: [card] })
      .readFiles()
      .get('gpu0'),
  ).toEqual({ power: 5 });
});
