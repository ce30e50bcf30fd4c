import { detectMachine } from '../../../src/detect/detect.js';
import { device, replay } from '../replay.js';
import { temporaryHost } from '../temporary-host.js';

const GiB = 1024 ** 3;

test('Arc Pro B60: named, with what its generation computes and the memory that xe tells', async () => {
  expect(device(await replay('arc-pro-b60'), 'gpu0')).toMatchObject({
    model: 'Intel Arc Pro B60',
    memoryBytes: 0x5_f9c0_0000,
    driver: 'xe',
    usable: true,
    precisions: ['fp64', 'fp32', 'fp16', 'bf16', 'int8', 'mixed'],
    features: ['tensor-cores', 'ray-tracing', 'dedicated-memory', 'simt'],
  });
});

function host(id: string, slot: string, driver: string, files: Readonly<Record<string, string>> = {}) {
  const uevent = `DRIVER=${driver}\nPCI_CLASS=30000\nPCI_ID=8086:${id}\nPCI_SLOT_NAME=${slot}\n`;
  return temporaryHost({
    files: {
      [`/sys/bus/pci/devices/${slot}/uevent`]: uevent,
      '/sys/class/drm/renderD128/device/uevent': uevent,
      '/dev/dri/renderD128': '',
      '/usr/lib64/libze_intel_gpu.so.1': '',
      ...files,
    },
  });
}

test.each([
  ['E223', 'Intel Arc Pro B70', true],
  ['B080', 'Intel Arc B390', true],
  ['E2FF', 'Intel Arc B-series', true],
  ['7D51', 'Intel Arc 130T / 140T (Arrow Lake)', true],
  ['7D55', 'Intel Arc Graphics (Meteor Lake)', false],
  ['A780', 'Intel GPU 8086:a780', false],
])('%s is %s', async (id, model, matrix) => {
  const gpu = device(await detectMachine({ host: host(id, '0000:03:00.0', 'xe') }), 'gpu0');
  expect(gpu.model).toBe(model);
  expect(gpu.features.includes('tensor-cores')).toBe(matrix);
});

test('under i915 the data sheet tells the memory of a card', async () => {
  const gpu = device(await detectMachine({ host: host('56A5', '0000:03:00.0', 'i915') }), 'gpu0');
  expect(gpu).toMatchObject({ memoryBytes: 6 * GiB, evidence: { memoryBytes: { confidence: 'spec' } } });
});

test('a figure of all ones is not believed', async () => {
  const files = { '/sys/bus/pci/devices/0000:03:00.0/tile0/physical_vram_size_bytes': '0xffffffffffffffff' };
  const gpu = device(await detectMachine({ host: host('E2FF', '0000:03:00.0', 'xe', files) }), 'gpu0');
  expect(gpu).not.toHaveProperty('memoryBytes');
});

test('a GPU in a processor has a share of the RAM, at most the limit of the container', async () => {
  const free = device(await detectMachine({ host: host('7D55', '0000:00:02.0', 'xe') }), 'gpu0');
  expect(free).toMatchObject({ memoryBytes: 12 * GiB, features: expect.arrayContaining(['unified-memory']) });
  const files = {
    '/proc/self/mountinfo': '29 28 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
    '/proc/self/cgroup': '0::/\n',
    '/sys/fs/cgroup/memory.max': `${2 * GiB}\n`,
  };
  const limited = device(await detectMachine({ host: host('7D55', '0000:00:02.0', 'xe', files) }), 'gpu0');
  expect(limited.memoryBytes).toBe(2 * GiB);
});

test('virtual functions for guests are no devices; one that runs here is a chip like its parent', async () => {
  const slots = ['0000:00:02.0', '0000:00:02.1', '0000:00:02.2', '0000:00:02.3'];
  const drivers = ['xe', undefined, 'vfio-pci', 'xe'];
  const files = Object.fromEntries(
    slots.flatMap((slot, n) => {
      const driver = drivers[n] === undefined ? '' : `DRIVER=${drivers[n]}\n`;
      const uevent = `${driver}PCI_CLASS=30000\nPCI_ID=8086:B08F\nPCI_SLOT_NAME=${slot}\n`;
      const folder = `/sys/bus/pci/devices/${slot}`;
      return [[`${folder}/uevent`, uevent], ...(n === 0 ? [] : [[`${folder}/physfn/uevent`, '']])];
    }),
  );
  const machine = await detectMachine({ host: temporaryHost({ files }) });
  expect(machine.devices.map(({ pciAddress }) => pciAddress)).toEqual([undefined, slots[0], slots[3]]);
  expect(device(machine, 'gpu1').features).toContain('unified-memory');
});
