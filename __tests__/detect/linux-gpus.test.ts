import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { detectMachine } from '../../src/detect/detect.js';
import { checks } from '../../src/detect/doctor/checks.js';
import { recordedHost } from '../../src/host/recorded.js';
import { device, replay } from './replay.js';
import { nvidiaAccess, temporaryDirectory, temporaryHost } from './temporary-host.js';

function ids(machine: { readonly devices: readonly { readonly id: string }[] }): readonly string[] {
  return machine.devices.map(({ id }) => id);
}

describe('AMD', () => {
  test('MI300X: processing accelerators, without the picture of the service processor', async () => {
    const machine = await replay('mi300x-server');
    expect(machine.problems).toEqual([]);
    expect(ids(machine)).toEqual(['cpu', 'gpu0', 'gpu1']);
    expect(device(machine, 'gpu1')).toMatchObject({
      vendor: 'amd',
      architecture: 'gpu-rocm',
      model: 'AMD Instinct MI300X',
      memoryBytes: 206_141_652_992,
      usable: true,
      backends: ['rocm'],
      precisions: ['fp64', 'fp32', 'fp16', 'bf16', 'fp8', 'int8', 'mixed'],
      features: ['tensor-cores', 'quantization', 'sparsity', 'multi-instance', 'dedicated-memory', 'simt'],
      bindingEnv: { ROCR_VISIBLE_DEVICES: '1', HIP_VISIBLE_DEVICES: '0' },
      evidence: {
        fp8: { confidence: 'inferred', source: 'KFD gfx_target_version gfx942' },
        memoryBytes: { confidence: 'probed', source: 'sysfs mem_info_vram_total' },
        rocm: { source: '/dev/kfd, /dev/dri/renderD129, /opt/rocm/lib/libhsa-runtime64.so.1' },
      },
    });
  });

  test('MI250: two chips, out of the compute topology alone; one is masked outside', async () => {
    const machine = await replay('mi250-container');
    expect(device(machine, 'gpu0')).toMatchObject({ usable: false, memoryBytes: 68_702_699_520 });
    expect(device(machine, 'gpu1')).toMatchObject({
      usable: true,
      evidence: { fp16: { source: 'KFD gfx_target_version gfx90a' } },
      bindingEnv: { ROCR_VISIBLE_DEVICES: '1', HIP_VISIBLE_DEVICES: '0' },
    });
    expect(device(machine, 'gpu1').precisions).not.toContain('fp8');
    expect(device(machine, 'gpu1').features).not.toContain('ray-tracing');
    expect(machine.problems).toEqual([
      {
        message: 'gpu0 (AMD Instinct MI250X/MI250) is hidden by ROCR_VISIBLE_DEVICES=1',
        remedy: expect.any(String),
      },
    ]);
  });

  test('a card and a chip inside of the processor', async () => {
    const machine = await replay('radeon-desktop');
    expect(machine.problems).toEqual([]);
    expect(device(machine, 'gpu0')).toMatchObject({
      model: 'AMD Radeon RX 7900 XTX',
      backends: ['rocm', 'vulkan'],
      evidence: { vulkan: { source: '/usr/share/vulkan/icd.d/radeon_icd.x86_64.json and libvulkan.so.1' } },
    });
    expect(device(machine, 'gpu0').features).toEqual(
      expect.arrayContaining(['ray-tracing', 'dedicated-memory', 'tensor-cores']),
    );
    // Without ROCm's library the small one draws, and is not taken for a ROCm device.
    expect(device(machine, 'gpu1')).toMatchObject({ model: 'AMD Radeon Graphics', backends: ['vulkan'] });
    expect(device(machine, 'gpu1').features).toEqual([
      'ray-tracing',
      'quantization',
      'unified-memory',
      'simt',
    ]);
  });

  describe('a GPU that no file names', () => {
    const files = {
      '/sys/class/kfd/kfd/topology/nodes/1/properties':
        'simd_count 1024\ngfx_target_version 90500\nvendor_id 4098\ndevice_id 31000\nlocation_id 3072\ndomain 0\ndrm_render_minor 128\n',
      '/dev/kfd': '',
      '/dev/dri/renderD128': '',
    };
    const amdSmi = `echo '[{"gpu": 0, "asic": {"market_name": "AMD Instinct MI999X"}, "bus": {"bdf": "0000:0c:00.0"}}]'`;
    const wrapped = `echo '{"gpu_data": [{"asic": {"market_name": "AMD Instinct MI999X"}, "bus": {"bdf": "0000:0C:00.0"}}]}'`;
    const rocmSmi = `echo '{"card0": {"PCI Bus": "0000:0C:00.0", "Card Series": "AMD Instinct MI999X"}, "system": {}}'`;

    test.each([
      ['amd-smi', { 'amd-smi': amdSmi }, 'AMD Instinct MI999X'],
      ['amd-smi', { 'amd-smi': wrapped }, 'AMD Instinct MI999X'],
      ['rocm-smi', { 'rocm-smi': rocmSmi }, 'AMD Instinct MI999X'],
      ['rocm-smi', { 'amd-smi': 'exit 1', 'rocm-smi': rocmSmi }, 'AMD Instinct MI999X'],
      ['rocm-smi', { 'amd-smi': 'echo garbage', 'rocm-smi': rocmSmi }, 'AMD Instinct MI999X'],
      ['PCI id 1002:7918', { 'rocm-smi': 'echo "{}"' }, 'AMD GPU 1002:7918 (gfx950)'],
      ['PCI id 1002:7918', {}, 'AMD GPU 1002:7918 (gfx950)'],
    ])('is named by %s of %j', async (source, tools, model) => {
      const machine = await detectMachine({ host: temporaryHost({ files, tools }) });
      expect(device(machine, 'gpu0')).toMatchObject({ model, evidence: { model: { source } } });
    });

    test('is not asked for where its number is known', async () => {
      const properties = Object.fromEntries(
        Object.entries(files).map(([path, text]) => [
          path,
          text.replace('device_id 31000', 'device_id 29857'),
        ]),
      );
      const machine = await detectMachine({
        host: temporaryHost({ files: properties, tools: { 'amd-smi': amdSmi } }),
      });
      expect(device(machine, 'gpu0').model).toBe('AMD Instinct MI300X');
    });

    test('a tool that hangs is given up, and the other is not started', async () => {
      const tools = { 'amd-smi': 'exec /bin/sleep 600', 'rocm-smi': rocmSmi };
      const machine = await detectMachine({ host: temporaryHost({ files, tools }), toolTimeoutMs: 300 });
      expect(device(machine, 'gpu0')).toMatchObject({ model: 'AMD GPU 1002:7918 (gfx950)', usable: true });
    });
  });

  test.each([
    ['render node', { '/dev/kfd': '' }, 'no /dev/dri/renderD128'],
    ['compute node', { '/dev/dri/renderD128': '' }, 'neither ROCm nor Vulkan nor OpenCL'],
  ])('without the %s: shown, not usable', async (_, files, message) => {
    const properties =
      'simd_count 416\ngfx_target_version 90010\nvendor_id 4098\ndevice_id 29708\nlocation_id 12032\ndrm_render_minor 128\n';
    const host = temporaryHost({
      files: { '/sys/class/kfd/kfd/topology/nodes/1/properties': properties, ...files },
    });
    const machine = await detectMachine({ host });
    expect(device(machine, 'gpu0')).toMatchObject({ usable: false, backends: [] });
    expect(machine.problems).toEqual([
      {
        message: expect.stringContaining(`gpu0 (AMD Instinct MI250X/MI250) cannot compute: ${message}`),
        remedy: expect.any(String),
      },
    ]);
  });
});

describe('Intel', () => {
  test('a card beside the chip inside of the processor', async () => {
    const machine = await replay('intel-arc');
    expect(machine.problems).toEqual([]);
    expect(device(machine, 'gpu0')).toMatchObject({
      model: 'Intel GPU 8086:a780',
      usable: true,
      backends: ['vulkan', 'opencl'],
      bindingEnv: { ZE_AFFINITY_MASK: '1' },
    });
    expect(device(machine, 'gpu0').features).toEqual(['unified-memory', 'simt']);
    expect(device(machine, 'gpu1')).toMatchObject({
      model: 'Intel Arc A770',
      architecture: 'gpu-intel',
      memoryBytes: 17_095_983_104,
      precisions: ['fp32', 'fp16', 'bf16', 'int8', 'mixed'],
      features: ['tensor-cores', 'ray-tracing', 'dedicated-memory', 'simt'],
      bindingEnv: { ZE_AFFINITY_MASK: '0' },
      evidence: { bf16: { confidence: 'spec', source: 'Intel Arc A770 by PCI id 8086:56a0' } },
    });
  });

  test('without a driver of the user space it cannot compute', async () => {
    const machine = await replay('meteor-lake-laptop');
    expect(device(machine, 'gpu0')).toMatchObject({ usable: false, backends: [] });
    expect(machine.problems[0]).toEqual({
      message:
        'gpu0 (Intel Arc Graphics (Meteor Lake)) cannot compute: neither OpenCL nor Level Zero nor Vulkan has a driver here',
      remedy: expect.stringContaining('intel-opencl-icd'),
    });
  });
});

describe('a node that the user may not open', () => {
  const denying = (name: string, ...denied: string[]) => {
    const directory = temporaryDirectory();
    cpSync(join('fixtures/hosts', name), directory, { recursive: true, verbatimSymlinks: true });
    const facts = JSON.parse(readFileSync(join(directory, 'host.json'), 'utf8'));
    writeFileSync(join(directory, 'host.json'), JSON.stringify({ ...facts, denied }));
    return recordedHost(directory);
  };

  test('makes an Intel GPU useless, with the groups to join', async () => {
    const machine = await detectMachine({ host: denying('intel-arc', '/dev/dri/renderD128') });
    expect(device(machine, 'gpu0')).toMatchObject({ usable: false });
    expect(machine.problems[0]).toEqual({
      message: expect.stringMatching(/this user may not open \/dev\/dri\/renderD128$/),
      remedy: expect.stringContaining('groups render and video'),
    });
  });

  test('/dev/kfd takes ROCm away from an AMD GPU, and doctor says so', async () => {
    const host = denying('mi300x-server', '/dev/kfd');
    const machine = await detectMachine({ host });
    expect(device(machine, 'gpu0').backends).not.toContain('rocm');
    const findings = [
      ...machine.problems.map(({ message }) => message),
      ...checks['device access']({ machine, host, projectDir: '/' }).map(({ message }) => message),
    ];
    expect(findings).toContainEqual(expect.stringContaining('this user may not open /dev/kfd'));
  });
});

describe('what no driver makes compute', () => {
  test('nouveau, a GPU for a virtual machine, one without a driver', async () => {
    const machine = await replay('nouveau-workstation');
    expect(ids(machine)).toEqual(['cpu', 'gpu0', 'gpu1', 'gpu2']);
    expect(machine.devices.slice(1).map(({ usable, vendor }) => [usable, vendor])).toEqual([
      [false, 'nvidia'],
      [false, 'nvidia'],
      [false, 'amd'],
    ]);
    expect(machine.problems).toEqual([
      {
        message: 'gpu0 (NVIDIA GPU 10de:1b80) is driven by nouveau, which cannot compute',
        remedy: expect.stringContaining('NVIDIA driver'),
      },
      {
        message: 'gpu1 (NVIDIA GPU 10de:1eb8) is reserved for a virtual machine by vfio-pci',
        remedy: expect.stringContaining('unbind'),
      },
      { message: 'gpu2 (AMD GPU 1002:67df) has no driver', remedy: expect.stringContaining('amdgpu') },
    ]);
  });

  test('pictures of a virtual machine are no GPUs', async () => {
    const machine = await replay('virtio-vm');
    expect(ids(machine)).toEqual(['cpu']);
    expect(machine.problems).toEqual([]);
  });

  test('a GPU that its own driver shows is listed once, with the number of its place', async () => {
    const uevent = (id: string, slot: string, driver: string) =>
      `DRIVER=${driver}\nPCI_CLASS=30000\nPCI_ID=${id}\nPCI_SLOT_NAME=${slot}\n`;
    const host = temporaryHost({
      files: {
        '/sys/bus/pci/devices/0000:00:02.0/uevent': uevent('8086:A780', '0000:00:02.0', 'i915'),
        '/sys/bus/pci/devices/0000:01:00.0/uevent': uevent('10DE:2684', '0000:01:00.0', 'nvidia'),
        '/sys/bus/pci/devices/0000:01:00.0/resource': '0x00006000000000 0x000067ffffffff 0x14220c\n',
        '/proc/driver/nvidia/gpus/0000:01:00.0/information':
          'Model: NVIDIA GeForce RTX 4090\nGPU UUID: GPU-5a1f\n',
        ...nvidiaAccess,
        '/usr/lib64/libcuda.so.1': '',
      },
    });
    const machine = await detectMachine({ host });
    expect(machine.devices.map(({ id, model }) => [id, model]).slice(1)).toEqual([
      ['gpu0', 'Intel GPU 8086:a780'],
      ['gpu1', 'NVIDIA GeForce RTX 4090'],
    ]);
    expect(device(machine, 'gpu1')).toMatchObject({ usable: true, backends: ['cuda'] });
    expect(device(machine, 'gpu1')).not.toHaveProperty('memoryBytes');
  });

  test('inside of a container that was not given the GPU', async () => {
    const host = temporaryHost({
      files: {
        '/sys/bus/pci/devices/0000:01:00.0/vendor': '0x10de\n',
        '/sys/bus/pci/devices/0000:01:00.0/device': '0x2684\n',
        '/sys/bus/pci/devices/0000:01:00.0/class': '0x030000\n',
      },
    });
    const machine = await detectMachine({ host });
    expect(device(machine, 'gpu0')).toMatchObject({ usable: false, vendor: 'nvidia' });
    expect(machine.problems[0]?.message).toBe('gpu0 (NVIDIA GPU 10de:2684) has no driver');
  });
});
