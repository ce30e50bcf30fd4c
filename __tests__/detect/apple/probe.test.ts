import { join } from 'node:path';
import { parseSystemProfiler } from '../../../src/detect/apple/system-profiler.js';
import { detectMachine } from '../../../src/detect/detect.js';
import { recordedHost } from '../../../src/host/recorded.js';
import { temporaryHost } from '../temporary-host.js';

const GiB = 1024 ** 3;
const replay = (name: string) =>
  detectMachine({ host: recordedHost(join(process.cwd(), 'fixtures', 'hosts', name)) });

test('Apple silicon: GPU and Neural Engine', async () => {
  const { devices, problems } = await replay('macos-m2');
  expect(problems).toEqual([]);
  expect(devices).toMatchObject([
    { id: 'cpu' },
    {
      id: 'gpu0',
      vendor: 'apple',
      architecture: 'gpu-metal',
      model: 'Apple M2',
      memoryBytes: 16 * GiB,
      usable: true,
      backends: ['mps', 'metal'],
      precisions: ['fp32', 'fp16'],
      features: ['unified-memory', 'compute-shaders', 'simt'],
      evidence: {
        metal: {
          confidence: 'probed',
          source: 'system_profiler spdisplays_mtlgpufamilysupport spdisplays_metal3',
        },
        model: { source: 'system_profiler SPDisplaysDataType, 10 cores' },
        memoryBytes: { confidence: 'inferred' },
      },
    },
    {
      id: 'npu0',
      class: 'npu',
      architecture: 'npu-apple',
      model: 'Apple M2 Neural Engine',
      backends: ['coreml'],
      features: ['neural-engine', 'quantization', 'unified-memory'],
      evidence: { coreml: { confidence: 'inferred' } },
    },
  ]);
});

test('an A18 Pro is Apple silicon like the M chips', async () => {
  const { devices, problems } = await replay('macbook-a18-pro');
  expect(problems).toEqual([]);
  expect(devices.slice(1)).toMatchObject([
    {
      model: 'Apple A18 Pro',
      memoryBytes: Math.floor((8 * GiB * 2) / 3),
      usable: true,
      backends: ['mps', 'metal'],
      features: ['ray-tracing', 'unified-memory', 'compute-shaders', 'simt'],
    },
    { class: 'npu', model: 'Apple A18 Pro Neural Engine', usable: true },
  ]);
});

test.each([
  ['Apple M2 Ultra', false],
  ['Apple M3', true],
  ['Apple M10', true],
  ['Apple A16', false],
  ['Apple A17 Pro', true],
  ['Apple A19 Pro', true],
])('%s: mps, memory, ray tracing %s', async (cpuModel, traces) => {
  const facts = { platform: 'darwin', arch: 'arm64', cpuModel, totalMemoryBytes: 12 * GiB };
  const { devices } = await detectMachine({ host: temporaryHost({ facts }) });
  expect(devices[1]).toMatchObject({ backends: ['mps', 'metal'], memoryBytes: 8 * GiB });
  expect(devices[1]?.features.includes('ray-tracing')).toBe(traces);
});

test('Rosetta is a problem; the chip is known all the same', async () => {
  const { devices, problems } = await replay('macos-m3-max-rosetta');
  expect(devices[1]).toMatchObject({ model: 'Apple M3 Max', memoryBytes: 48 * GiB });
  expect(devices[1]?.features).toContain('ray-tracing');
  expect(problems).toMatchObject([{ message: expect.stringContaining('Apple M3 Max by translation') }]);
});

test('an Intel Mac: both GPUs, Metal without the newer libraries, no Neural Engine', async () => {
  const { devices, problems } = await replay('macos-intel-radeon');
  expect(problems).toEqual([]);
  expect(devices.slice(1)).toMatchObject([
    { vendor: 'intel', backends: ['metal'], memoryBytes: 1.5 * GiB },
    { vendor: 'amd', backends: ['metal'], memoryBytes: 4 * GiB, model: 'AMD Radeon Pro 5300M' },
  ]);
  expect(devices[1]?.features).toContain('unified-memory');
  expect(devices[1]?.precisions).toEqual(['fp32', 'fp16', 'int8']);
  expect(devices[2]?.features).toContain('dedicated-memory');
  expect(devices[2]?.precisions).toEqual(['fp32', 'fp16', 'int8']);
});

test('a guest has a GPU of unknown memory and no Neural Engine', async () => {
  const { devices, problems } = await replay('macos-ci-guest');
  expect(problems).toEqual([]);
  expect(devices).toHaveLength(2);
  expect(devices[1]).toMatchObject({ model: 'Apple Paravirtual device', backends: ['metal'] });
  expect(devices[1]).not.toHaveProperty('memoryBytes');
});

describe('when the tool does not answer', () => {
  const facts = { platform: 'darwin', arch: 'arm64', cpuModel: 'Apple M4 Pro' };

  test.each([
    ['it fails', 'echo no >&2; exit 1', 'system_profiler failed: no'],
    ['it prints garbage', 'echo "{"', 'system_profiler printed something else than its JSON'],
    ['it prints other JSON', 'echo "[]"', 'system_profiler printed something else than its JSON'],
  ])('%s: the chip tells by its name', async (_, script, message) => {
    const machine = await detectMachine({
      host: temporaryHost({ facts, tools: { system_profiler: script } }),
    });
    expect(machine.devices[1]).toMatchObject({
      model: 'Apple M4 Pro',
      backends: ['mps', 'metal'],
      evidence: { metal: { confidence: 'inferred', source: 'the chip Apple M4 Pro' } },
    });
    expect(machine.problems).toMatchObject([{ message }]);
  });

  test('there is none, and no Apple chip either', async () => {
    const host = temporaryHost({ facts: { ...facts, arch: 'x64', cpuModel: 'Intel(R) Core(TM) i5' } });
    expect(await detectMachine({ host })).toMatchObject({ devices: [{ id: 'cpu' }], problems: [] });
  });
});

describe('fields of a display', () => {
  const gpuOf = (entry: object) => {
    const facts = parseSystemProfiler(JSON.stringify({ SPDisplaysDataType: [entry] }));
    return facts?.gpus[0];
  };

  test.each([
    ['spdisplays_metal', 'spdisplays_supported', true],
    ['spdisplays_metal', 'spdisplays_metalfeaturesetfamily21', true],
    ['spdisplays_metalfamily', 'spdisplays_mtlgpufamilymac2', true],
    ['spdisplays_mtlgpufamilysupport', 'spdisplays_metal4', true],
    ['spdisplays_metal', 'spdisplays_notsupported', false],
  ])('%s: %s', (field, value, supported) => {
    expect(gpuOf({ _name: 'GPU', [field]: value })?.metal?.supported).toBe(supported);
  });

  test('a GPU without Metal is shown, not usable', async () => {
    const entry = { sppci_model: 'NVIDIA GeForce 9400M', spdisplays_vendor: 'NVIDIA (0x10de)' };
    const answer = JSON.stringify({ SPDisplaysDataType: [entry, { _name: 'Frame buffer of a guest' }] });
    const facts = { platform: 'darwin', arch: 'x64' };
    const host = temporaryHost({ facts, tools: { system_profiler: `echo '${answer}'` } });
    const { devices, problems } = await detectMachine({ host });
    expect(devices.slice(1)).toMatchObject([{ vendor: 'nvidia', usable: false, backends: [] }]);
    expect(problems).toMatchObject([{ message: expect.stringContaining('does not run Metal') }]);
  });

  test.each(['9999999 GB', '-4 GB', `${'9'.repeat(28)} MB`])('a memory of %s is not believed', (text) => {
    expect(gpuOf({ _name: 'GPU', spdisplays_vram: text })).not.toHaveProperty('memory');
  });

  test('what is no GPU is left out', () => {
    expect(gpuOf({ _name: 'Hub', sppci_device_type: 'spdisplays_display' })).toBeUndefined();
    expect(gpuOf({ spdisplays_vram: '4 GB' })).toBeUndefined();
  });
});
