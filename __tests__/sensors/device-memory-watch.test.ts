import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Happening } from '../../src/core/events.js';
import type { Device, Machine } from '../../src/core/machine/machine.js';
import { defaultProfile } from '../../src/core/workload/profile.js';
import { DeviceMemoryWatch } from '../../src/sensors/device-memory-watch.js';
import { temporaryHost } from '../detect/temporary-host.js';

const gpu: Device = {
  id: 'gpu0',
  class: 'gpu',
  vendor: 'nvidia',
  uuid: 'GPU-1',
  memoryBytes: 12 * 1024 ** 3,
  usable: true,
  software: false,
  backends: [],
  precisions: [],
  features: [],
  evidence: {},
};
const machine: Machine = {
  version: 1,
  machine: { name: 'local', platform: 'linux', arch: 'x64', cpuBudget: 2, memoryBudgetBytes: 2 ** 33 },
  devices: [gpu],
  problems: [],
};

function lookWith(tool: string) {
  const host = temporaryHost({ tools: { 'nvidia-smi': tool } });
  const told: Happening[] = [];
  const look = new DeviceMemoryWatch({
    host,
    machine,
    profiles: [{ ...defaultProfile, hardware: [{ class: 'gpu', count: 1 }], minMemoryBytes: 2 ** 30 }],
    tell: (happening) => told.push(happening),
    say: () => {},
    endIdleWorkers: async () => {},
  });
  return { look, told, host };
}

test('what others have taken is told', async () => {
  const { look, told } = lookWith('echo "GPU-1, 2048"');
  await look.measure(['gpu0']);
  expect(told).toMatchObject([{ type: 'device-memory', deviceId: 'gpu0', takenBytes: 10 * 1024 ** 3 }]);
});

// A run's last suite may end while the tool is still asked, and its record is closed by then.
test('an answer that comes after the end of the run is told to nobody', async () => {
  const { look, told, host } = lookWith(
    'while ! [ -e "$0.go" ]; do /bin/sleep 0.01; done; echo "GPU-1, 2048"',
  );
  const looking = look.measure(['gpu0']);
  look.close();
  writeFileSync(join(host.directory, 'bin/nvidia-smi.go'), '');
  await looking;
  expect(told).toEqual([]);
});

test('what is measured while a suite begins may be its own, and is told to nobody', async () => {
  const { look, told, host } = lookWith(
    'while ! [ -e "$0.go" ]; do /bin/sleep 0.01; done; echo "GPU-1, 2048"',
  );
  const looking = look.measure(['gpu0']);
  look.begin(['gpu0'])();
  writeFileSync(join(host.directory, 'bin/nvidia-smi.go'), '');
  await looking;
  expect(told).toEqual([]);
});
