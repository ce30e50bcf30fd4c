import { detectMachine } from '../../../src/detect/detect.js';
import { device, replay } from '../replay.js';
import { temporaryHost } from '../temporary-host.js';

const GiB = 1024 ** 3;
const topology = '/sys/class/kfd/kfd/topology/nodes';
const bus = '/sys/bus/pci/devices';

/** A machine with one AMD GPU at 03:00.0; attributes of its PCI function beside the lines of its compute node. */
function oneGpu(parts: {
  readonly id: string;
  readonly node?: Readonly<Record<string, number | string>>;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}) {
  const { id, node, attributes = {}, env = {}, files = {} } = parts;
  const lines = {
    simd_count: 40,
    vendor_id: 4098,
    location_id: 0x300,
    domain: 0,
    drm_render_minor: 128,
    ...node,
  };
  const properties = Object.entries(lines).map(([key, value]) => `${key} ${value}\n`);
  const pci = `${bus}/0000:03:00.0`;
  return detectMachine({
    host: temporaryHost({
      facts: { env },
      files: {
        [`${pci}/uevent`]: `DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_ID=1002:${id}\nPCI_SLOT_NAME=0000:03:00.0\n`,
        '/sys/class/drm/renderD128/device/uevent': `DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_ID=1002:${id}\nPCI_SLOT_NAME=0000:03:00.0\n`,
        ...Object.fromEntries(Object.entries(attributes).map(([name, text]) => [`${pci}/${name}`, text])),
        ...(node && { [`${topology}/1/properties`]: properties.join('') }),
        '/dev/kfd': '',
        '/dev/dri/renderD128': '',
        '/opt/rocm/lib/libhsa-runtime64.so.1': '',
        ...files,
      },
    }),
  });
}

describe('memory that a chip shares with the CPU', () => {
  test('Strix Halo: what the firmware set aside, and what the driver lets it map', async () => {
    const gpu = device(await replay('strix-halo-512m'), 'gpu0');
    expect(gpu).toMatchObject({
      memoryBytes: 536_870_912 + 115_964_116_992,
      driver: 'amdgpu',
      capability: 'gfx1151',
      usable: true,
      evidence: { memoryBytes: { source: 'sysfs mem_info_vram_total + mem_info_gtt_total' } },
    });
    expect(gpu.features).toContain('unified-memory');
    expect(gpu.features).not.toContain('dedicated-memory');
    expect(gpu).not.toHaveProperty('freeMemoryBytes');
  });

  const amounts = {
    mem_info_vram_total: `${GiB}\n`,
    mem_info_gtt_total: `${8 * GiB}\n`,
    mem_info_vram_used: `${GiB / 2}\n`,
    mem_info_gtt_used: '0\n',
  };

  test('what is free is what is used of neither', async () => {
    const gpu = device(
      await oneGpu({ id: '1681', node: { gfx_target_version: 100305 }, attributes: amounts }),
      'gpu0',
    );
    expect(gpu).toMatchObject({ memoryBytes: 9 * GiB, freeMemoryBytes: 8.5 * GiB });
  });

  test('the driver may be set to map more than there is, and others use the RAM too', async () => {
    const attributes = { ...amounts, mem_info_gtt_total: `${124 * GiB}\n` };
    const files = { '/proc/meminfo': `MemTotal: 16777216 kB\nMemAvailable: ${3 * 1024 ** 2} kB\n` };
    const node = { gfx_target_version: 110501 };
    expect(device(await oneGpu({ id: '1586', node, attributes, files }), 'gpu0')).toMatchObject({
      memoryBytes: 17 * GiB,
      freeMemoryBytes: 3.5 * GiB,
    });
  });

  test('a container that is shown the compute topology alone: half of the RAM', async () => {
    const files = { [`${topology}/1/mem_banks/0/properties`]: `heap_type 1\nsize_in_bytes ${GiB / 2}\n` };
    const gpu = device(await oneGpu({ id: '1586', node: { gfx_target_version: 110501 }, files }), 'gpu0');
    expect(gpu).toMatchObject({
      memoryBytes: 8.5 * GiB,
      evidence: { memoryBytes: { confidence: 'inferred' } },
    });
  });

  test.each([
    ['a chip that no table has, by its small VRAM', '9999', { gfx_target_version: 130000 }, {}, 9],
    ['a node of CPU and GPU at once', '9999', { gfx_target_version: 130000, cpu_cores_count: 8 }, {}, 9],
    [
      'the form of its metrics',
      '9999',
      { gfx_target_version: 130000 },
      { gpu_metrics: '\u0080\u0000\u0002\u0004' },
      9,
    ],
    ['no compute node, but its id', '150e', undefined, {}, 9],
    ['a card has its own alone', '744c', { gfx_target_version: 110000 }, {}, 1],
    ['MI300A: all of it is called VRAM', '74a0', { gfx_target_version: 90402 }, {}, 1],
  ])('%s', async (_, id, node, more, expected) => {
    const attributes = { ...amounts, ...more };
    const gpu = device(await oneGpu({ id, ...(node && { node }), attributes }), 'gpu0');
    expect(gpu.memoryBytes).toBe(expected * GiB);
    expect(gpu.features.includes('unified-memory')).toBe(id !== '744c');
  });

  test.each(['18446744073709551615', '9999999999999999999999999999', '-1', '0', 'many'])(
    'a figure of %s bytes is not believed',
    async (figure) => {
      const gpu = device(
        await oneGpu({
          id: '744c',
          node: { gfx_target_version: 110000 },
          attributes: { mem_info_vram_total: figure },
          files: { [`${topology}/1/mem_banks/0/properties`]: `heap_type 1\nsize_in_bytes ${figure}\n` },
        }),
        'gpu0',
      );
      expect(gpu).not.toHaveProperty('memoryBytes');
      expect(gpu.features).not.toContain('dedicated-memory');
    },
  );
});

describe('a card cut into partitions', () => {
  test('MI300X in the mode CPX: each has the memory of its own bank and its own number', async () => {
    const machine = await replay('mi300x-cpx');
    const gpus = machine.devices.filter(({ class: deviceClass }) => deviceClass === 'gpu');
    expect(gpus).toHaveLength(8);
    for (const gpu of gpus) {
      expect(gpu).toMatchObject({ memoryBytes: 25_767_706_624, usable: true, driver: 'amdgpu' });
      expect(gpu).not.toHaveProperty('uuid');
    }
    expect(gpus.map(({ bindingEnv }) => bindingEnv?.ROCR_VISIBLE_DEVICES)).toEqual([...'01234567']);
    expect(new Set(gpus.map(({ pciAddress }) => pciAddress)).size).toBe(8);
  });

  test('also where all partitions have one address (older kernels)', async () => {
    const part = (minor: number) =>
      `simd_count 304\ngfx_target_version 90402\nvendor_id 4098\ndevice_id 29858\nlocation_id 1280\ndrm_render_minor ${minor}\nunique_id 77\n`;
    const bank = `heap_type 1\nsize_in_bytes ${96 * GiB}\n`;
    const host = temporaryHost({
      files: {
        [`${bus}/0000:05:00.0/uevent`]:
          'DRIVER=amdgpu\nPCI_CLASS=120000\nPCI_ID=1002:74A2\nPCI_SLOT_NAME=0000:05:00.0\n',
        [`${bus}/0000:05:00.0/mem_info_vram_total`]: `${192 * GiB}\n`,
        [`${topology}/1/properties`]: part(128),
        [`${topology}/1/mem_banks/0/properties`]: bank,
        [`${topology}/1/mem_banks/0/used_memory`]: `${GiB}\n`,
        [`${topology}/2/properties`]: part(129),
        [`${topology}/2/mem_banks/0/properties`]: bank,
        '/dev/kfd': '',
        '/dev/dri/renderD128': '',
        '/dev/dri/renderD129': '',
      },
    });
    const machine = await detectMachine({ host });
    expect(machine.problems).toEqual([]);
    expect(device(machine, 'gpu0')).toMatchObject({ memoryBytes: 96 * GiB, freeMemoryBytes: 95 * GiB });
    expect(device(machine, 'gpu1')).toMatchObject({
      model: 'AMD Instinct MI308X',
      memoryBytes: 96 * GiB,
      bindingEnv: { ROCR_VISIBLE_DEVICES: '1' },
    });
  });
});

describe('rocm where a build of ROCm has the chip', () => {
  test('RX 460: none has it', async () => {
    const machine = await replay('rx460-polaris');
    expect(device(machine, 'gpu0')).toMatchObject({ usable: false, backends: [], capability: 'gfx803' });
    expect(machine.problems[0]?.message).toContain('no ROCm build has gfx803');
  });

  test.each([
    ['gfx900', 90000, {}, true],
    ['gfx902', 90002, {}, false],
    ['gfx1010', 100100, {}, true],
    ['gfx701', 70001, {}, false],
    ['gfx1013 as gfx1030', 100103, { HSA_OVERRIDE_GFX_VERSION: '10.3.0' }, true],
    ['gfx803 as gfx900: other instructions', 80003, { HSA_OVERRIDE_GFX_VERSION: '9.0.0' }, false],
    ['gfx1100 as what no build has', 110000, { HSA_OVERRIDE_GFX_VERSION: '8.0.3' }, false],
    ['gfx1201', 120001, {}, true],
    ['newer than the table', 130000, {}, true],
  ])('%s', async (_, version, env, expected) => {
    const machine = await oneGpu({ id: '9998', node: { gfx_target_version: version }, env });
    expect(device(machine, 'gpu0').backends.includes('rocm')).toBe(expected);
  });
});

test('CUDA_VISIBLE_DEVICES hides an AMD GPU, and is named', async () => {
  const machine = await replay('amd-mask-cuda-visible-devices');
  expect(machine.devices.map(({ usable }) => usable)).toEqual([true, false, true]);
  expect(device(machine, 'gpu1').bindingEnv).toEqual({ HIP_VISIBLE_DEVICES: '1' });
  expect(machine.problems.map(({ message }) => message)).toEqual([
    expect.stringContaining('hidden by CUDA_VISIBLE_DEVICES=1'),
  ]);
});

test('rusticl counts only where its driver is switched on', async () => {
  const files = { '/etc/OpenCL/vendors/rusticl.icd': '', '/usr/lib64/libOpenCL.so.1': '' };
  const backends = async (env: Record<string, string>) =>
    device(await oneGpu({ id: '67ef', node: { gfx_target_version: 80003 }, env, files }), 'gpu0').backends;
  expect(await backends({})).toEqual([]);
  expect(await backends({ RUSTICL_ENABLE: 'radeonsi:0,iris' })).toEqual(['opencl']);
});
