import type { Machine } from '../../../src/core/machine/machine.js';
import { detectMachine } from '../../../src/detect/detect.js';
import { device, replay } from '../replay.js';
import { nvidiaAccess, temporaryHost } from '../temporary-host.js';

const GiB = 1024 ** 3;
const MiB = 1024 ** 2;
const uuid = 'GPU-5a1fb1a7-0a51-4a0b-9d5c-0a1b2c3d4e01';
const row = `0, ${uuid}, NVIDIA A10, 23028, 550.54.15, Default, [N/A], 8.6`;
const listed = (address: string, minor: number, id = uuid) => ({
  [`/proc/driver/nvidia/gpus/${address}/information`]: `Model: \t NVIDIA A10\nGPU UUID: \t ${id}\nDevice Minor: \t ${minor}\n`,
});

/** A machine made up, with `nvidia-smi` printing this. */
function machineOf(
  tool: string | undefined,
  parts: Omit<Parameters<typeof temporaryHost>[0], 'tools'> = {},
  tools: Readonly<Record<string, string>> = {},
): Promise<Machine> {
  const files = parts.files ?? { ...nvidiaAccess, ...listed('0000:01:00.0', 0) };
  const host = temporaryHost({
    ...parts,
    files,
    tools: { ...tools, ...(tool !== undefined && { 'nvidia-smi': tool }) },
  });
  return detectMachine({ host });
}

function without(...paths: readonly string[]): Readonly<Record<string, string>> {
  const all = { ...nvidiaAccess, ...listed('0000:01:00.0', 0) };
  return Object.fromEntries(Object.entries(all).filter(([path]) => !paths.includes(path)));
}

function gpus({ devices }: Machine): readonly string[] {
  return devices.filter((each) => each.class === 'gpu').map(({ id, usable }) => `${id} ${usable}`);
}

const library = '/usr/lib/x86_64-linux-gnu/libcuda.so.1';

describe('usable is what a process can compute on, whoever told of it', () => {
  describe.each([
    ['nvidia-smi', `echo '${row}'`],
    ['the kernel alone', undefined],
  ])('%s', (_, tool) => {
    test('with all it takes', async () => {
      const machine = await machineOf(tool);
      expect(machine.problems).toEqual([]);
      expect(device(machine, 'gpu0')).toMatchObject({ usable: true, pciAddress: '0000:01:00.0' });
      expect(device(machine, 'gpu0').evidence['cuda']?.source).toContain(
        `/dev/nvidia0, /dev/nvidiactl, /dev/nvidia-uvm, ${library}`,
      );
    });

    test.each([library, '/dev/nvidia0', '/dev/nvidiactl', '/dev/nvidia-uvm'])('without %s', async (path) => {
      const machine = await machineOf(tool, { files: without(path) });
      const name = path.endsWith('.so.1') ? 'libcuda.so.1' : path;
      expect(device(machine, 'gpu0')).toMatchObject({
        usable: false,
        unusableBecause: `cannot compute: no ${name}`,
      });
      expect(machine.problems).toHaveLength(1);
      expect(machine.problems[0]?.remedy).not.toBe('');
    });

    test.each(['/dev/nvidia0', '/dev/nvidiactl', '/dev/nvidia-uvm'])('closed: %s', async (path) => {
      const machine = await machineOf(tool, { facts: { denied: [path] } });
      expect(device(machine, 'gpu0')).toMatchObject({ usable: false });
      expect(machine.problems[0]?.message).toContain(`this user may not open ${path}`);
    });
  });

  test('the node is the one of this GPU', async () => {
    const other = 'GPU-8c22e0d3-7f4e-4f0a-8a54-0a1b2c3d4e02';
    const files = { ...nvidiaAccess, ...listed('0000:01:00.0', 3), ...listed('0000:02:00.0', 0, other) };
    const rows = `${row}\n${row.replace('0,', '1,').replace(uuid, other)}`;
    const machine = await machineOf(`echo '${rows}'`, { files });
    expect(gpus(machine)).toEqual(['gpu0 false', 'gpu1 true']);
    expect(machine.problems[0]?.message).toBe('gpu0 (NVIDIA A10) cannot compute: no /dev/nvidia3');
  });

  test('a container that may only be managed: the remedy names the variable', async () => {
    const machine = await replay('container-utility-only');
    expect(device(machine, 'gpu0')).toMatchObject({ usable: false });
    expect(machine.problems[0]).toMatchObject({
      message: 'gpu0 (Tesla T4) cannot compute: no libcuda.so.1',
      remedy: expect.stringContaining('NVIDIA_DRIVER_CAPABILITIES=compute,utility'),
    });
  });

  test('outside of containers CUDA makes the node for unified memory by itself', async () => {
    const files = { ...without('/dev/nvidia-uvm'), '/usr/bin/nvidia-modprobe': '' };
    expect(gpus(await machineOf(`echo '${row}'`, { files }))).toEqual(['gpu0 true']);
    const inside = { ...files, '/.dockerenv': '' };
    expect(gpus(await machineOf(`echo '${row}'`, { files: inside }))).toEqual(['gpu0 false']);
  });

  test('a container that may only compute has no library for the tool', async () => {
    const tool = `echo "NVIDIA-SMI couldn't find libNVIDIA-ml.so library in your system."; exit 12`;
    expect(gpus(await machineOf(tool))).toEqual(['gpu0 true']);
  });

  test('a mask comes first: it is meant', async () => {
    const machine = await machineOf(`echo '${row}'`, {
      files: without(library),
      facts: { env: { CUDA_VISIBLE_DEVICES: '-1' } },
    });
    expect(device(machine, 'gpu0').unusableBecause).toBe('is hidden by CUDA_VISIBLE_DEVICES=-1');
  });
});

describe('where the loader finds the library', () => {
  const at = (path: string, more: Readonly<Record<string, string>> = {}) => ({
    ...without(library),
    [path]: '',
    ...more,
  });
  const cache = (path: string) => ({
    '/etc/ld.so.cache': `glibc-ld.so.cache1.1\u0000\u0000\ufffd\u0003libcuda.so\u0000/other/libcuda.so\u0000libcuda.so.1\u0000${path}\u0000`,
  });

  test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>?]>([
    ['the cache of the loader', at('/opt/gpu/libcuda.so.1', cache('/opt/gpu/libcuda.so.1'))],
    ['LD_LIBRARY_PATH', at('/gpu/libcuda.so.1'), { LD_LIBRARY_PATH: '/nowhere:/gpu' }],
    [
      'a folder of ld.so.conf.d',
      at('/opt/gpu/libcuda.so.1', { '/etc/ld.so.conf.d/gpu.conf': '# a\n/opt/gpu\n' }),
    ],
    ['NixOS', at('/run/opengl-driver/lib/libcuda.so.1')],
    ['a cluster that mounts the driver', at('/usr/local/nvidia/lib64/libcuda.so.1')],
  ])('%s', async (_, files, env = {}) => {
    const machine = await machineOf(`echo '${row}'`, { files, facts: { env } });
    expect(machine.problems).toEqual([]);
    expect(gpus(machine)).toEqual(['gpu0 true']);
  });

  test('ldconfig, where neither its cache nor its files can be read', async () => {
    const files = at('/opt/gpu/libcuda.so.1');
    const ldconfig = "echo '\tlibcuda.so.1 (libc6,x86-64) => /opt/gpu/libcuda.so.1'";
    expect(gpus(await machineOf(`echo '${row}'`, { files }, { ldconfig }))).toEqual(['gpu0 true']);
  });

  test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>?]>([
    ['a cache that is older than the library', { ...without(library), ...cache('/opt/gpu/libcuda.so.1') }],
    [
      'a library for 32 bits',
      at('/usr/lib/i386-linux-gnu/libcuda.so.1', cache('/usr/lib/i386-linux-gnu/libcuda.so.1')),
    ],
    [
      'a stub to link against',
      at('/usr/local/cuda/lib64/stubs/libcuda.so.1'),
      { LD_LIBRARY_PATH: '/usr/local/cuda/lib64/stubs' },
    ],
    [
      'a folder that a loader with a cache does not search',
      at('/usr/local/nvidia/lib64/libcuda.so.1', cache('/gone/libcuda.so.1')),
    ],
  ])('is no library: %s', async (_, files, env = {}) => {
    expect(gpus(await machineOf(`echo '${row}'`, { files, facts: { env } }))).toEqual(['gpu0 false']);
  });

  test('WSL: the one that Windows keeps; its nodes are others', async () => {
    const store = '/usr/lib/wsl/drivers/nv_dispi.inf_amd64_1/libcuda.so.1.1';
    const wsl = (more: Readonly<Record<string, string>>) =>
      machineOf(`echo '${row}'`, { files: { '/dev/dxg': '', ...more } });
    expect(gpus(await wsl({ [store]: '' }))).toEqual(['gpu0 true']);
    expect(gpus(await wsl({ '/usr/lib/wsl/lib/libcuda.so.1': '' }))).toEqual(['gpu0 true']);
    expect(gpus(await wsl({}))).toEqual(['gpu0 false']);
  });
});

test('a container in WSL that has the library alone: there is a GPU, of which nothing is known', async () => {
  const files = { '/dev/dxg': '', '/usr/lib/wsl/drivers/nv_dispi.inf_amd64_1/libcuda.so.1.1': '' };
  const machine = await machineOf(undefined, { files });
  expect(device(machine, 'gpu0')).toMatchObject({ usable: true, vendor: 'nvidia', backends: ['cuda'] });
  expect(gpus(await machineOf(undefined, { files: { '/dev/dxg': '' } }))).toEqual([]);
});

describe('one card that is broken', () => {
  test('off the bus: it is named, the others are asked for by themselves', async () => {
    const machine = await replay('one-gpu-lost');
    expect(gpus(machine)).toEqual(['gpu0 false', 'gpu1 true', 'gpu2 true']);
    expect(device(machine, 'gpu1')).toMatchObject({ capability: '8.0', pciAddress: '0000:27:00.0' });
    expect(machine.problems).toEqual([
      {
        message:
          'gpu0 (NVIDIA A30) cannot compute: nvidia-smi says "Unable to determine the device handle for GPU0000:17:00.0: Unknown Error"',
        remedy: expect.stringContaining('Xid'),
      },
    ]);
  });

  test('a warning about a card that computes', async () => {
    const machine = await replay('inforom-corrupted');
    expect(gpus(machine)).toEqual(['gpu0 true', 'gpu1 true']);
    expect(machine.problems.map(({ message }) => message)).toEqual([
      'gpu1 (Quadro P4000) has a warning of nvidia-smi: WARNING: infoROM is corrupted at gpu 0000:27:00.0',
    ]);
  });

  const second = 'GPU-8c22e0d3-7f4e-4f0a-8a54-0a1b2c3d4e02';
  const files = {
    ...nvidiaAccess,
    '/dev/nvidia1': '',
    ...listed('0000:01:00.0', 0),
    ...listed('0000:02:00.0', 1, second),
  };
  const healthy = row.replace('0,', '1,').replace(uuid, second);

  test.each(['[GPU is lost]', '[GPU requires reset]', '[Unknown Error]', 'ERR!'])(
    'a cell says %s',
    async (cell) => {
      const machine = await machineOf(
        `echo '0, ${cell}, ${cell}, ${cell}, ${cell}, Default, [N/A], 8.6\n${healthy}'`,
        {
          files,
        },
      );
      expect(gpus(machine)).toEqual(['gpu0 false', 'gpu1 true']);
      expect(machine.problems[0]?.message).toContain(cell.replace(/[[\]]/g, ''));
      expect(machine.problems[0]?.message).toContain('gpu0 (NVIDIA A10)');
    },
  );

  test.each([
    [
      'by its address',
      'Unable to determine the device handle for gpu 00000000:01:00.0: GPU is lost.  Reboot the system to recover this GPU',
    ],
    ['by its UUID', `${uuid}: GPU requires reset`],
    ['by its number', 'GPU 0: GPU is lost'],
  ])('a line between the rows names it: %s', async (_, line) => {
    const machine = await machineOf(`echo '${line}\n${healthy}'; exit 15`, { files });
    expect(gpus(machine)).toEqual(['gpu0 false', 'gpu1 true']);
    expect(machine.problems.map(({ message }) => message)).toEqual([
      expect.stringContaining(line.slice(0, 20)),
    ]);
  });

  test('a row is there as well', async () => {
    const machine = await machineOf(`echo '${row}\n${healthy}\nGPU 00000000:02:00.0: GPU requires reset'`, {
      files,
    });
    expect(gpus(machine)).toEqual(['gpu0 true', 'gpu1 false']);
  });

  test('where the kernel does not list them', async () => {
    const hidden = { ...nvidiaAccess, '/dev/nvidia1': '' };
    const tool = `case "$*" in *'-i 1') echo '${healthy}' ;; *) echo 'Unable to determine the device handle for GPU0000:01:00.0: Unknown Error'; exit 255 ;; esac`;
    const machine = await machineOf(tool, { files: hidden });
    expect(gpus(machine)).toEqual(['gpu0 false', 'gpu1 true']);
  });

  test('a tool that says nothing about the others: what the kernel lists', async () => {
    const tool = "echo 'Unable to determine the device handle for GPU0000:01:00.0: Unknown Error'; exit 255";
    expect(gpus(await machineOf(tool, { files }))).toEqual(['gpu0 false', 'gpu1 true']);
  });

  test('a warning about no card that is known', async () => {
    const machine = await machineOf(`echo '${row}'; echo 'WARNING: something is odd'; exit 14`);
    expect(gpus(machine)).toEqual(['gpu0 true']);
    expect(machine.problems.map(({ message }) => message)).toEqual([
      'some GPU has a warning of nvidia-smi: WARNING: something is odd',
    ]);
  });
});

test.each([
  ['the tool tells', `${row}, 00000000:01:00.0`],
  ['the bus tells, for as many GPUs,', row],
])('where the kernel lists nothing, %s the address: nothing is shown twice', async (_, line) => {
  const uevent = (slot: string) =>
    `DRIVER=nvidia\nPCI_CLASS=30000\nPCI_ID=10DE:2236\nPCI_SLOT_NAME=${slot}\n`;
  const files = {
    ...nvidiaAccess,
    '/sys/bus/pci/devices/0000:01:00.0/uevent': uevent('0000:01:00.0'),
    '/sys/bus/pci/devices/0000:01:00.1/uevent':
      'PCI_CLASS=40300\nPCI_ID=10DE:228B\nPCI_SLOT_NAME=0000:01:00.1\n',
  };
  const machine = await machineOf(`echo '${line}'`, { files });
  expect(gpus(machine)).toEqual(['gpu0 true']);
  expect(device(machine, 'gpu0').pciAddress).toBe('0000:01:00.0');
});

test('the tool tells the address and the memory that is left', async () => {
  const uevent = 'DRIVER=nvidia\nPCI_CLASS=30000\nPCI_ID=10DE:2236\nPCI_SLOT_NAME=0000:01:00.0\n';
  const machine = await machineOf(`echo '${row}, 00000000:01:00.0, 513, 21000'`, {
    files: { ...nvidiaAccess, '/sys/bus/pci/devices/0000:01:00.0/uevent': uevent },
  });
  expect(gpus(machine)).toEqual(['gpu0 true']);
  expect(device(machine, 'gpu0')).toMatchObject({
    pciAddress: '0000:01:00.0',
    freeMemoryBytes: 21000 * MiB,
    memoryBytes: (23028 - 513 - 576) * MiB,
    uuid,
  });
});

// Recorded on the machine itself, with what a CUDA program was given there.
describe('a real H200 in a small virtual machine', () => {
  const cuda = { totalBytes: 150109880320, allocatedMiB: 142565 };

  test('is told as its driver and PyTorch tell it', async () => {
    const machine = await replay('h200-microvm');
    expect(machine.machine.virtualization).toBe('microvm');
    expect(machine.problems).toEqual([]);
    expect(gpus(machine)).toEqual(['gpu0 true']);
    expect(device(machine, 'gpu0')).toMatchObject({
      model: 'NVIDIA H200',
      capability: '9.0',
      driver: 'nvidia 580.159.04',
      pciAddress: '0000:00:06.0',
      // Vulkan's driver is there, its loader is not; OCL_ICD_FILENAMES names the driver of OpenCL by its bare name.
      backends: ['cuda', 'opencl'],
    });
  });

  test('a suite that asks for all of its memory can allocate it', async () => {
    const { memoryBytes = 0 } = device(await replay('h200-microvm'), 'gpu0');
    expect(memoryBytes).toBeLessThan(cuda.totalBytes);
    expect(memoryBytes).toBeLessThanOrEqual(cuda.allocatedMiB * MiB);
    expect(memoryBytes).toBeGreaterThan(0.99 * cuda.allocatedMiB * MiB);
  });
});

describe('memory', () => {
  test('GB10 has that of the machine', async () => {
    const machine = await replay('dgx-spark-gb10');
    const gpu = device(machine, 'gpu0');
    expect(gpu).toMatchObject({
      usable: true,
      capability: '12.1',
      memoryBytes: machine.machine.memoryBudgetBytes,
    });
    expect(gpu.features).toContain('unified-memory');
    expect(gpu.features).not.toContain('dedicated-memory');
    expect(gpu.precisions).toEqual(expect.arrayContaining(['bf16', 'fp8']));
  });

  test.each([
    ['a small window', '512'],
    ['more than there is', '999999'],
  ])('a chip without memory of its own, told as %s', async (_, total) => {
    const machine = await machineOf(`echo '0, ${uuid}, NVIDIA GB10, ${total}, 580.95, Default, [N/A], 12.1'`);
    expect(device(machine, 'gpu0').memoryBytes).toBe(16 * GiB);
  });

  test.each([
    ['24576, of which nothing is told', '24576', 24576 - 738],
    ['a small card', '4096', 4096 - 256],
    ['28 digits', '9999999999999999999999999999', undefined],
  ])('%s', async (_, total, mib) => {
    const machine = await machineOf(`echo '${row.replace('23028', total)}'`);
    expect(device(machine, 'gpu0').memoryBytes).toBe(mib === undefined ? undefined : mib * MiB);
  });
});

describe('Jetson', () => {
  test('before nvidia-smi came to it', async () => {
    const machine = await replay('jetson-without-nvidia-smi');
    expect(machine.problems).toEqual([]);
    const gpu = device(machine, 'gpu0');
    expect(gpu).toMatchObject({
      model: 'NVIDIA Jetson Orin Nano Developer Kit (GA10B)',
      usable: true,
      backends: ['cuda'],
      capability: '8.7',
      memoryBytes: machine.machine.memoryBudgetBytes,
    });
    expect(gpu.features).toContain('unified-memory');
  });

  const jetson = (compatible: string, files: Readonly<Record<string, string>>, tool?: string) =>
    machineOf(tool, {
      facts: { arch: 'arm64' },
      files: { '/proc/device-tree/compatible': compatible, ...files },
    });
  const tegra = {
    '/dev/nvhost-gpu': '',
    '/dev/nvmap': '',
    '/usr/lib/aarch64-linux-gnu/tegra/libcuda.so.1': '',
  };

  test.each([
    ['nvidia,p3450-0000\0nvidia,tegra210', '5.3'],
    ['nvidia,quill\0nvidia,tegra186', '6.2'],
    ['nvidia,p2972-0000\0nvidia,tegra194', '7.2'],
    ['nvidia,p3737-0000+p3701-0005\0nvidia,tegra234', '8.7'],
    ['nvidia,p4071\0nvidia,tegra264', '11.0'],
  ])('%j', async (compatible, capability) => {
    expect(device(await jetson(compatible, tegra), 'gpu0')).toMatchObject({ usable: true, capability });
  });

  test.each(['/dev/nvhost-gpu', '/dev/nvmap', '/usr/lib/aarch64-linux-gnu/tegra/libcuda.so.1'])(
    'without %s it is shown, and not usable',
    async (path) => {
      const files = Object.fromEntries(Object.entries(tegra).filter(([each]) => each !== path));
      const machine = await jetson('nvidia,tegra234', files);
      expect(gpus(machine)).toEqual(['gpu0 false']);
      expect(machine.problems[0]?.message).toContain(path.split('/').at(-1));
    },
  );

  test('its driver has two sets of nodes by now; the tool knows no memory', async () => {
    const files = {
      '/dev/nvidia0': '',
      '/dev/nvidiactl': '',
      '/dev/nvgpu/igpu0/channel': '',
      '/dev/nvmap': '',
      '/usr/lib/aarch64-linux-gnu/nvidia/libcuda.so.1': '',
    };
    const tool = "echo '0, [N/A], Orin (nvgpu), [N/A], 540.4.0, [N/A], [N/A], [N/A]'";
    const machine = await jetson('nvidia,tegra234', files, tool);
    expect(machine.problems).toEqual([]);
    expect(device(machine, 'gpu0')).toMatchObject({ usable: true, capability: '8.7', memoryBytes: 16 * GiB });
  });

  test('in a container that hides the device tree', async () => {
    const files = { ...tegra, '/sys/devices/platform/17000000.gv11b/load': '0' };
    expect(device(await jetson('', files), 'gpu0')).toMatchObject({ usable: true, capability: '7.2' });
  });

  test('a Tegra without CUDA is none', async () => {
    expect(gpus(await jetson('nvidia,cardhu\0nvidia,tegra30', {}))).toEqual([]);
  });
});

describe('a driver that refuses fields', () => {
  test('the name of a virtual GPU tells the generation', async () => {
    const machine = await replay('vgpu-a100d-r470');
    expect(machine.problems).toEqual([]);
    const gpu = device(machine, 'gpu0');
    expect(gpu).toMatchObject({
      usable: true,
      capability: '8.0',
      evidence: { capability: { confidence: 'spec' } },
    });
    expect(gpu.features).toContain('tensor-cores');
    expect(gpu.precisions).toContain('bf16');
  });

  test('only what it refuses is left out', async () => {
    const tool = `case "$1" in *memory.reserved*) echo 'Field "memory.reserved" is not a valid field to query.'; exit 2 ;; esac
echo '${row}, 00000000:01:00.0, 22000'`;
    expect(device(await machineOf(tool), 'gpu0')).toMatchObject({
      capability: '8.6',
      freeMemoryBytes: 22000 * MiB,
      pciAddress: '0000:01:00.0',
    });
  });
});

describe('OpenCL and Vulkan', () => {
  const loaders = {
    '/usr/lib/x86_64-linux-gnu/libvulkan.so.1': '',
    '/usr/lib/x86_64-linux-gnu/libOpenCL.so.1': '',
  };
  const backendsWith = async (
    files: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = {},
  ) => {
    const machine = await machineOf(`echo '${row}'`, {
      files: { ...nvidiaAccess, ...loaders, ...files },
      facts: { env },
    });
    return device(machine, 'gpu0').backends;
  };

  test('by the files of its drivers', async () => {
    expect(device(await replay('nvidia-opencl-vulkan'), 'gpu0').backends).toEqual([
      'cuda',
      'vulkan',
      'opencl',
    ]);
  });

  const manifest = '{"ICD": {"library_path": "libGLX_nvidia.so.0"}}';

  test.each<[string, Readonly<Record<string, string>>?]>([
    ['/etc/vulkan/icd.d/nvidia_icd.json'],
    ['/usr/local/share/vulkan/icd.d/nvidia_icd.x86_64.json'],
    ['/usr/local/etc/vulkan/icd.d/nvidia_icd.json'],
    ['/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json'],
    ['/etc/xdg/vulkan/icd.d/nvidia_icd.json'],
    ['/home/me/.local/share/vulkan/icd.d/nvidia_icd.json', { HOME: '/home/me' }],
    ['/data/vulkan/icd.d/nvidia_icd.json', { XDG_DATA_HOME: '/data' }],
    ['/opt/gpu/vulkan/icd.d/nvidia_icd.json', { XDG_DATA_DIRS: '/usr/share:/opt/gpu/' }],
    ['/opt/conf/vulkan/icd.d/nvidia_icd.json', { XDG_CONFIG_DIRS: '/opt/conf' }],
    ['/opt/gpu.json', { VK_DRIVER_FILES: '/none.json:/opt/gpu.json' }],
    ['/opt/gpu.json', { VK_ICD_FILENAMES: '/opt/gpu.json' }],
    ['/opt/gpu/gpu.json', { VK_ADD_DRIVER_FILES: '/opt/gpu' }],
  ])('Vulkan by %s', async (path, env = {}) => {
    expect(await backendsWith({ [path]: manifest }, env)).toEqual(['cuda', 'vulkan']);
  });

  test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>?]>([
    [
      'another driver is asked for',
      { '/etc/vulkan/icd.d/nvidia_icd.json': manifest, '/a.json': '{}' },
      { VK_DRIVER_FILES: '/a.json' },
    ],
    [
      'the driver itself is not there',
      { '/etc/vulkan/icd.d/nvidia_icd.json': '{"ICD": {"library_path": "/usr/lib/libGLX_nvidia.so.0"}}' },
    ],
    [
      'the loader does not know the driver',
      { '/etc/vulkan/icd.d/nvidia_icd.json': manifest, '/etc/ld.so.cache': 'x' },
    ],
    ['the driver is of another maker', { '/etc/vulkan/icd.d/radeon_icd.json': '{}' }],
  ])('no Vulkan: %s', async (_, files, env = {}) => {
    expect(await backendsWith(files, env)).toEqual(['cuda']);
  });

  test('a path is seen from the file that names it', async () => {
    const files = {
      '/opt/share/vulkan/icd.d/nvidia_icd.json':
        '{"ICD": {"library_path": "../../../lib/libGLX_nvidia.so.0"}}',
      '/opt/lib/libGLX_nvidia.so.0': '',
    };
    expect(await backendsWith(files, { XDG_DATA_DIRS: '/opt/share' })).toEqual(['cuda', 'vulkan']);
  });

  test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>?]>([
    ['the usual folder', { '/etc/OpenCL/vendors/nvidia.icd': 'libnvidia-opencl.so.1\n' }],
    [
      'OCL_ICD_VENDORS, a folder',
      { '/opt/icd/a.icd': 'libnvidia-opencl.so.1' },
      { OCL_ICD_VENDORS: '/opt/icd' },
    ],
    ['OCL_ICD_VENDORS, a file', { '/opt/a.icd': 'libnvidia-opencl.so.1' }, { OCL_ICD_VENDORS: '/opt/a.icd' }],
    [
      'OCL_ICD_FILENAMES',
      { '/opt/libnvidia-opencl.so.1': '' },
      { OCL_ICD_FILENAMES: '/opt/libnvidia-opencl.so.1' },
    ],
  ])('OpenCL by %s', async (_, files, env = {}) => {
    expect(await backendsWith(files, env)).toEqual(['cuda', 'opencl']);
  });

  test('no OpenCL where a variable points elsewhere', async () => {
    const files = {
      '/etc/OpenCL/vendors/nvidia.icd': 'libnvidia-opencl.so.1',
      '/opt/icd/pocl.icd': 'libpocl.so',
    };
    expect(await backendsWith(files, { OCL_ICD_VENDORS: '/opt/icd' })).toEqual(['cuda']);
  });
});

describe('compute mode Exclusive_Process', () => {
  const tool = `echo '${row.replace('Default', 'Exclusive_Process')}'`;
  const declared = async (shares: number) => {
    const host = temporaryHost({ files: { ...nvidiaAccess }, tools: { 'nvidia-smi': tool } });
    const { parseMachine } = await import('../../../src/machine-file/read.js');
    return detectMachine({
      host,
      machineFile: parseMachine({ devices: [{ id: 'gpu0', shares }] }, 'machine'),
    });
  };

  test('admits one process: more shares are a problem', async () => {
    const { devices, problems } = await declared(2);
    expect(devices[1]).toMatchObject({ usable: true, shares: 2 });
    expect(problems).toEqual([
      {
        message:
          'gpu0 (NVIDIA A10) is declared in machine for 2 suites at once, and admits 1: nvidia-smi compute_mode Exclusive_Process',
        remedy: expect.stringContaining('nvidia-smi -c DEFAULT'),
      },
    ]);
    expect((await declared(1)).problems).toEqual([]);
  });

  test('a GPU of the usual mode may be shared', async () => {
    expect((await machineOf(`echo '${row}'`)).devices[1]).not.toHaveProperty('shares');
  });
});

describe('as people report it', () => {
  const second = 'GPU-8c22e0d3-7f4e-4f0a-8a54-0a1b2c3d4e02';

  // NVIDIA/dcgm-exporter#604: a domain of three digits.
  test('a card that is disconnected', async () => {
    const files = {
      ...nvidiaAccess,
      '/dev/nvidia1': '',
      ...listed('0000:ba:00.0', 1, second),
      ...listed('0000:01:00.0', 0),
    };
    const tool = `case "$*" in
*0000:01:00.0) echo '${row}' ;;
*) echo 'Unable to determine the device handle for GPU 000:BA:00.0: Unknown Error'; exit 255 ;;
esac`;
    const machine = await machineOf(tool, { files });
    expect(gpus(machine)).toEqual(['gpu0 true', 'gpu1 false']);
  });

  // NVIDIA/nvidia-container-toolkit#69: the container has the second card's node alone.
  test('a container that got one of two cards, while the kernel lists both', async () => {
    const { '/dev/nvidia0': _other, ...access } = nvidiaAccess;
    const files = {
      ...access,
      '/dev/nvidia1': '',
      '/.dockerenv': '',
      ...listed('0000:65:00.0', 0, 'GPU-????????-????-????-????-????????????'),
      ...listed('0000:b3:00.0', 1, second),
    };
    const inContainer = row.replace(uuid, second).replace('0,', '1,');
    const error = 'Unable to determine the device handle for GPU0000:65:00.0: Unknown Error';
    const machine = await machineOf(`echo '${inContainer}'; echo '${error}'; exit 255`, { files });
    expect(gpus(machine)).toEqual(['gpu0 false', 'gpu1 true']);
    expect(device(machine, 'gpu1').evidence['cuda']?.source).toContain('/dev/nvidia1');
  });

  // Stability-AI/StableSwarmUI#388: an unprivileged pod with a slice.
  test('a cut GPU that tells no memory: its slice has that of its profile', async () => {
    const cut = `0, ${uuid}, NVIDIA A100-SXM4-80GB, [Insufficient Permissions], 535.161.08, Default, Enabled, 8.0, 00000000:01:00.0, [Insufficient Permissions], [Insufficient Permissions]`;
    const list = `GPU 0: NVIDIA A100-SXM4-80GB (UUID: ${uuid})\n  MIG 1g.10gb     Device  0: (UUID: MIG-1)`;
    const machine = await machineOf(`case "$1" in -L) echo '${list}' ;; *) echo '${cut}' ;; esac`);
    expect(gpus(machine)).toEqual(['gpu0 false', 'gpu0.mig0 true']);
    expect(device(machine, 'gpu0')).not.toHaveProperty('memoryBytes');
    expect(device(machine, 'gpu0').unusableBecause).toContain('is cut into MIG slices');
    expect(device(machine, 'gpu0.mig0').memoryBytes).toBe(10e9);
  });

  // HSF/prmon#317: a virtual GPU made of a slice, under a driver that refuses the capability.
  test('a virtual GPU on a slice', async () => {
    const tool = `case "$1" in *compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 2 ;; esac
echo '0, ${uuid}, NVIDIA H100L-2-24C, 24576, 550.54, Default, [N/A]'`;
    expect(device(await machineOf(tool), 'gpu0')).toMatchObject({ usable: true, capability: '9.0' });
  });

  // unslothai/unsloth#10283: N1X tells a window of 8128 MiB, GB10 nothing.
  test.each(['8128', '[N/A]'])('unified memory, told as %s', async (total) => {
    const machine = await machineOf(`echo '0, ${uuid}, NVIDIA N1X, ${total}, 580.95, Default, [N/A], 12.1'`);
    expect(device(machine, 'gpu0')).toMatchObject({ usable: true, memoryBytes: 16 * GiB });
  });
});
