import { join } from 'node:path';
import { detectMachine } from '../../../src/detect/detect.js';
import { parseWindowsDevices } from '../../../src/detect/windows/devices.js';
import { recordedHost } from '../../../src/host/recorded.js';
import { temporaryHost } from '../temporary-host.js';

const GiB = 1024 ** 3;
const replay = (name: string) =>
  detectMachine({ host: recordedHost(join(process.cwd(), 'fixtures', 'hosts', name)) });

test('nvidia-smi tells of its GPU, Windows of the others; virtual displays are none', async () => {
  const { devices, problems } = await replay('windows-nvidia');
  expect(problems).toEqual([]);
  expect(devices.slice(1)).toMatchObject([
    { id: 'gpu0', model: 'NVIDIA GeForce RTX 3090', usable: true, backends: ['directml', 'cuda'] },
    {
      id: 'gpu1',
      vendor: 'intel',
      model: 'Intel(R) UHD Graphics 770',
      usable: true,
      backends: ['directml'],
      features: ['unified-memory', 'simt'],
      memoryBytes: 32 * GiB,
      evidence: { directml: { confidence: 'inferred', source: 'Windows build 22631' } },
    },
  ]);
  expect(devices).toHaveLength(3);
});

test('more than 4 GiB; a GPU without driver, a GPU that stopped', async () => {
  const { devices, problems } = await replay('windows-radeon');
  expect(devices.slice(1)).toMatchObject([
    {
      vendor: 'amd',
      memoryBytes: 25753026560,
      usable: true,
      features: ['tensor-cores', 'ray-tracing', 'quantization', 'dedicated-memory', 'simt'],
      precisions: expect.arrayContaining(['fp16', 'bf16', 'int8']),
      evidence: { memoryBytes: { confidence: 'probed', source: 'HardwareInformation.qwMemorySize' } },
    },
    { vendor: 'nvidia', usable: false, backends: [] },
    { vendor: 'intel', usable: false, backends: [] },
  ]);
  expect(problems.map(({ message }) => message)).toEqual([
    'gpu1 (Microsoft Basic Display Adapter) has no driver of its maker',
    'gpu2 (Intel(R) Arc(TM) A770 Graphics) does not work: Windows reports code 43',
  ]);
});

test.each([
  ['windows-copilot', 'npu-intel', 'Intel(R) AI Boost', 16],
  ['windows-snapdragon', 'npu-qualcomm', 'Snapdragon(R) X Elite - X1E80100 - Qualcomm(R) Hexagon(TM) NPU', 8],
])('%s: an NPU beside an integrated GPU', async (name, architecture, model, gibibytes) => {
  const { devices, problems } = await replay(name);
  expect(problems).toEqual([]);
  expect(devices.slice(1)).toMatchObject([
    { id: 'gpu0', features: expect.arrayContaining(['unified-memory', 'simt']), usable: true },
    { id: 'npu0', class: 'npu', architecture, model, backends: ['directml'], usable: true },
  ]);
  expect(devices[1]?.memoryBytes).toBe(gibibytes * GiB);
  expect(devices[2]?.features).toEqual(expect.arrayContaining(['neural-engine', 'quantization']));
});

test('remote and virtual displays are no GPUs', async () => {
  expect(await replay('windows-remote-guest')).toMatchObject({ devices: [{ id: 'cpu' }], problems: [] });
});

describe('one call, whatever it answers', () => {
  const rtx = 'PCI\\VEN_10DE&DEV_2204&SUBSYS_38811462&REV_A1\\4&2A8F8E5&0&0008';

  function machineWith(script: string, facts: object = {}) {
    const all = { platform: 'win32', release: '10.0.22631', ...facts };
    return detectMachine({ host: temporaryHost({ facts: all, tools: { powershell: script } }) });
  }

  const answer = (gpus: readonly object[], npus: readonly object[] = []) =>
    `/bin/cat <<'END'\n${JSON.stringify({ gpus, npus })}\nEND`;

  test.each([
    ['fails', 'echo denied >&2; exit 1', 'powershell failed: denied'],
    ['prints garbage', 'echo "<Objs>"', 'powershell printed something else than the devices'],
    ['prints other JSON', 'echo null', 'powershell printed something else than the devices'],
  ])('it %s', async (_, script, message) => {
    expect(await machineWith(script)).toMatchObject({ devices: [{ id: 'cpu' }], problems: [{ message }] });
  });

  test('without nvidia-smi a GPU of NVIDIA has DirectML alone', async () => {
    const { devices } = await machineWith(answer([{ name: 'NVIDIA GeForce RTX 3090', pnp: rtx, error: 0 }]));
    expect(devices[1]).toMatchObject({ vendor: 'nvidia', usable: true, backends: ['directml'] });
    expect(devices[1]?.features).toContain('tensor-cores');
  });

  test('an old Windows has no DirectML', async () => {
    const script = answer([{ name: 'NVIDIA GeForce RTX 3090', pnp: rtx, error: 0 }]);
    expect((await machineWith(script, { release: '10.0.17763' })).devices[1]?.backends).toEqual([]);
  });

  test('a disabled GPU', async () => {
    const { devices, problems } = await machineWith(answer([{ name: 'RTX', pnp: rtx, error: 22 }]));
    expect(devices[1]?.usable).toBe(false);
    expect(problems).toMatchObject([{ message: 'gpu0 (RTX) is disabled' }]);
  });

  test.each([
    ['registry', { memory: 25769803776, ram: 4293918720 }, 25769803776],
    ['AdapterRAM below its end', { memory: null, ram: 2147479552 }, 2147479552],
    ['AdapterRAM at its end', { memory: null, ram: 4293918720 }, undefined],
    ['neither', {}, undefined],
  ])('memory: %s', (_, fields, bytes) => {
    const text = `\uFEFF${JSON.stringify({ gpus: [{ name: 'x', pnp: rtx, ...fields }], npus: [] })}`;
    expect(parseWindowsDevices(text)?.gpus[0]?.memory?.bytes).toBe(bytes);
  });
});

describe('WSL', () => {
  test.each([
    ['wsl', 'nvidia', ['directml', 'cuda']],
    ['wsl-intel', 'intel', ['directml']],
  ])('%s', async (name, vendor, backends) => {
    const { devices, problems } = await replay(name);
    expect(problems).toEqual([]);
    expect(devices.slice(1)).toMatchObject([{ vendor, backends, usable: true }]);
  });

  test('without the library of Windows nothing computes', async () => {
    const host = temporaryHost({
      files: { '/dev/dxg': '', '/usr/lib/wsl/drivers/u0399124.inf_amd64_1f/amdxc64.so': '' },
    });
    const { devices, problems } = await detectMachine({ host });
    expect(devices[1]).toMatchObject({ vendor: 'amd', usable: false });
    expect(problems).toMatchObject([{ message: expect.stringContaining('no /usr/lib/wsl/lib/libd3d12.so') }]);
  });
});
