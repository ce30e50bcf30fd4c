import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Happening } from '../../../src/core/events.js';
import type { Device, Machine } from '../../../src/core/machine/machine.js';
import type { Executor, Start } from '../../../src/execute/executor.js';
import { ServedSensors } from '../../../src/jest/remote/served-sensors.js';
import type { DeviceNeed } from '../../../src/sensors/device-memory-watch.js';
import { device, GiB } from '../../core/cluster.js';
import { temporaryHost } from '../../detect/temporary-host.js';

const gpu: Device = device({
  id: 'gpu0',
  class: 'gpu',
  vendor: 'nvidia',
  uuid: 'GPU-0',
  memoryBytes: 8 * GiB,
  bindingEnv: { CUDA_VISIBLE_DEVICES: 'GPU-0' },
});
const machine: Machine = {
  version: 1,
  machine: { name: 'gpu-box', platform: 'linux', arch: 'x64', cpuBudget: 2, memoryBudgetBytes: 2 ** 33 },
  devices: [gpu],
  problems: [],
};
const needsGpu: DeviceNeed = { hardware: [{ class: 'gpu', count: 1 }], minMemoryBytes: 0 };
const needsMemory: DeviceNeed = { ...needsGpu, minMemoryBytes: 6 * GiB };

/** A card that draws 100 W at 95 °C. All of its memory is free, unless the file `taken` is there. */
const card = `
here=\${0%/*}/..
loop=
for word in "$@"; do
  case "$word" in
    --query-gpu=uuid,memory.free) [ -e "$here/taken" ] && echo "GPU-0, 2048" || echo "GPU-0, 8192"; exit 0 ;;
    --query-compute-apps=*) echo "GPU-0, 4711, 6144, /usr/bin/python"; exit 0 ;;
    --loop-ms=*) loop=1 ;;
  esac
done
while :; do
  echo "GPU-0, 95, 100.00" || exit 1
  echo x >> "$here/rows"
  [ -n "$loop" ] || exit 0
  /bin/sleep 0.05
done`;

const all: ServedSensors[] = [];
afterEach(() => {
  for (const each of all.splice(0)) each.stop();
});

function served(needs: readonly DeviceNeed[], { heat = true, on = machine } = {}) {
  const recorded = temporaryHost({ tools: { 'nvidia-smi': card } });
  const tools: string[] = [];
  const host: typeof recorded = {
    ...recorded,
    run: (...args) => {
      tools.push('run');
      return recorded.run(...args);
    },
    follow: (...args) => {
      tools.push('follow');
      return recorded.follow(...args);
    },
  };
  const told: Happening[] = [];
  const sensors = new ServedSensors({
    sensed: { heat, needs },
    machine: on,
    host,
    tell: (happening) => told.push(happening),
    endIdleWorkers: async () => {},
  });
  all.push(sensors);
  return { sensors, told, host, tools };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const start = { placement: { claim: { deviceIds: ['gpu0'] } } } as unknown as Start;
const { signal } = new AbortController();
const file = (host: { readonly directory: string }, name: string) => join(host.directory, name);
const executor = (during: () => Promise<void>): Executor<unknown> => ({
  async run() {
    await during();
    return { status: 'passed', durationMs: 1 };
  },
});

test('heat is told, and the energy of a suite is part of its outcome', async () => {
  const { sensors, told, host } = served([needsGpu]);
  await until(() => told.length > 0);
  expect(told).toEqual([
    {
      type: 'device-heat',
      machine: 'gpu-box',
      deviceId: 'gpu0',
      hot: true,
      celsius: 95,
      source: 'nvidia-smi',
    },
  ]);
  rmSync(file(host, 'rows'));
  const rows = () => (existsSync(file(host, 'rows')) ? readFileSync(file(host, 'rows'), 'utf8') : '');
  const outcome = await sensors.around(executor(() => until(() => rows().length > 40))).run(start, signal);
  expect(outcome.energyJoules?.['gpu0']).toBeGreaterThan(10);
});

test('what others have taken is told at the start, and when a suite has ended before its outcome is', async () => {
  const { sensors, told, host } = served([needsMemory], { heat: false });
  const ofMemory = () => told.flatMap((each) => (each.type === 'device-memory' ? each.takenBytes : []));
  await until(() => ofMemory().length > 0);
  expect(ofMemory()).toEqual([0]);
  await sensors.around(executor(async () => writeFileSync(file(host, 'taken'), ''))).run(start, signal);
  expect(told.at(-1)).toEqual({
    type: 'device-memory',
    machine: 'gpu-box',
    deviceId: 'gpu0',
    takenBytes: 6 * GiB,
    by: 'pid 4711 (python) holds 6 GiB',
  });
  rmSync(file(host, 'taken'));
  await until(() => ofMemory().at(-1) === 0);
});

test.each([
  [
    'no suite asks for a device with sensors',
    [{ ...needsMemory, hardware: [{ class: 'npu', count: 1 }] }],
    {},
  ],
  ['the options ask for neither', [needsGpu], { heat: false }],
  ['there are no devices', [needsMemory], { on: { ...machine, devices: [] } }],
] as const)('no tool is started where %s', async (_, needs, options) => {
  const { sensors, told, tools } = served(needs, options);
  await sensors.around(executor(async () => {})).run(start, signal);
  // Timers that were set before this one have run.
  await new Promise((resolve) => setTimeout(resolve, 2));
  expect(tools).toEqual([]);
  expect(told).toEqual([]);
});
