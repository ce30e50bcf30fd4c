import * as v from 'valibot';
import amdModelNames from '../../../src/detect/amd/model-names.json' with { type: 'json' };
import { detectMachine } from '../../../src/detect/detect.js';
import intelCards from '../../../src/detect/intel/cards.json' with { type: 'json' };
import { device, replay } from '../replay.js';
import { temporaryHost } from '../temporary-host.js';

const GiB = 1024 ** 3;
const MiB = 1024 ** 2;
const nvidiaId = 'PCI\\VEN_10DE&DEV_2488&SUBSYS_140C1569&REV_A1\\4&2A8F8E5&0&0008';

async function gpuOf(gpu: object, facts: object = {}) {
  const answer = JSON.stringify({ gpus: [{ error: 0, memory: null, ram: null, ...gpu }], npus: [] });
  const all = { platform: 'win32', release: '10.0.26100', totalMemoryBytes: 32 * GiB, ...facts };
  const tools = { powershell: `/bin/cat <<'END'\n${answer}\nEND` };
  return detectMachine({ host: temporaryHost({ facts: all, tools }) });
}

test('tables: every row has a pattern that compiles and a source', () => {
  const pattern = v.pipe(
    v.string(),
    v.check((text) => new RegExp(text) instanceof RegExp),
  );
  const source = v.pipe(v.string(), v.minLength(5));
  const gfx = v.pipe(v.string(), v.regex(/^gfx[0-9a-f]{3,4}$/));
  const amd = v.strictObject({ pattern, gfx: v.exactOptional(gfx), integrated: v.boolean(), source });
  const intel = v.strictObject({ pattern, name: v.string(), source });
  expect(v.safeParse(v.array(amd), amdModelNames).issues).toBeUndefined();
  expect(v.safeParse(v.array(intel), intelCards).issues).toBeUndefined();
});

describe('the basic driver of Windows, in any language', () => {
  test('an answer without the driver: a name without a brand and no memory', async () => {
    const machine = await replay('windows-basic-display-localised');
    expect(device(machine, 'gpu0')).toMatchObject({
      vendor: 'nvidia',
      usable: false,
      backends: [],
      unusableBecause: 'has no driver of its maker',
    });
    expect(machine.problems).toMatchObject([
      { message: expect.stringContaining('has no driver of its maker') },
    ]);
  });

  test.each([
    ['French, by the service', { name: 'Carte graphique de base Microsoft', service: 'BasicDisplay' }],
    ['Chinese, by the INF', { name: 'Microsoft 基本显示适配器', inf: 'display.inf' }],
    ['German, by what it matched', { name: 'Microsoft Basic Display-Adapter', match: 'PCI\\CC_0300' }],
    ['by its provider', { name: 'Adaptador de pantalla', provider: 'Microsoft' }],
    ['named after the card all the same', { name: 'NVIDIA GeForce RTX 3070', service: 'BasicDisplay' }],
    ['Japanese, nothing told', { name: 'Microsoft 基本ディスプレイ アダプター' }],
    ['English, nothing told', { name: 'Microsoft Basic Display Adapter' }],
  ])('%s', async (_, gpu) => {
    const { devices } = await gpuOf({ pnp: nvidiaId, ...gpu });
    expect(devices[1]).toMatchObject({ usable: false, backends: [] });
  });

  test.each([
    [
      'NVIDIA',
      nvidiaId,
      { name: 'NVIDIA GeForce RTX 3070', service: 'nvlddmkm', inf: 'oem42.inf', provider: 'NVIDIA' },
    ],
    [
      'a name that tells no brand',
      nvidiaId,
      { name: 'Graphics Device', service: 'nvlddmkm', inf: 'oem42.inf' },
    ],
    ['nothing told, a brand', nvidiaId, { name: 'Quadro P2000' }],
    ['nothing told, memory', nvidiaId, { name: 'Graphics Device', memory: 8 * GiB }],
    ['AMD', 'PCI\\VEN_1002&DEV_744C&SUBSYS_0', { name: 'AMD Radeon RX 7900 XTX' }],
    ['Intel', 'PCI\\VEN_8086&DEV_4680&SUBSYS_0', { name: 'Intel(R) UHD Graphics 770' }],
    ['Qualcomm', 'ACPI\\QCOM0C36\\0', { name: 'Snapdragon(R) X Elite - Adreno GPU' }],
  ])('a driver of the maker: %s', async (_, pnp, gpu) => {
    expect((await gpuOf({ pnp, ...gpu })).devices[1]).toMatchObject({ usable: true, backends: ['directml'] });
  });

  test('the driver is shown with its version', async () => {
    const gpu = { name: 'NVIDIA GeForce RTX 3070', service: 'nvlddmkm', version: '32.0.15.6094' };
    expect((await gpuOf({ pnp: nvidiaId, ...gpu })).devices[1]?.driver).toBe('nvlddmkm 32.0.15.6094');
  });
});

describe('partitions of Hyper-V', () => {
  test("a share of the host's card computes by DirectML", async () => {
    const machine = await replay('windows-gpu-pv');
    expect(machine.devices.map(({ id }) => id)).toEqual(['cpu', 'gpu0']);
    expect(device(machine, 'gpu0')).toMatchObject({
      vendor: 'nvidia',
      model: 'NVIDIA GeForce RTX 4070 Laptop GPU',
      usable: true,
      backends: ['directml'],
    });
    expect(device(machine, 'gpu0').features).toContain('tensor-cores');
  });

  test.each([
    ['AMD Radeon RX 6800', 'PCI\\VEN_1414&DEV_008E&SUBSYS_0', 'amd'],
    ['Intel(R) UHD Graphics 770', 'PCI\\VEN_1414&DEV_008A&SUBSYS_0', 'intel'],
    ['Microsoft Virtual Render Driver', 'PCI\\VEN_1414&DEV_008E&SUBSYS_0', undefined],
  ])('%s', async (name, pnp, vendor) => {
    const gpu = (await gpuOf({ name, pnp, service: 'VirtualRender', provider: 'Microsoft' })).devices[1];
    expect([gpu?.vendor, gpu?.usable, gpu?.backends]).toEqual([vendor, true, ['directml']]);
  });

  test.each([
    ['a partition that failed', 'PCI\\VEN_1414&DEV_008E&SUBSYS_0', 43, [false]],
    ['the picture of an old guest', 'PCI\\VEN_1414&DEV_5353&SUBSYS_0', 0, []],
  ])('%s', async (_, pnp, error, usable) => {
    const { devices } = await gpuOf({ name: 'NVIDIA GeForce RTX 4070', pnp, error });
    expect(devices.slice(1).map((entry) => entry.usable)).toEqual(usable);
  });
});

describe('whose memory', () => {
  test('Panther Lake shares the RAM; what the firmware keeps is not its memory', async () => {
    const gpu = device(await replay('windows-panther-lake-b390'), 'gpu0');
    expect(gpu.features).toContain('unified-memory');
    expect(gpu.features).not.toContain('dedicated-memory');
    expect(gpu.memoryBytes).toBe(16 * GiB);
    expect(gpu.evidence.memoryBytes).toMatchObject({ confidence: 'inferred' });
  });

  test.each([
    ['Intel(R) Arc(TM) 140V GPU (16GB)', '8086&DEV_64A0', 128 * MiB, 16 * GiB],
    ['Intel(R) Arc(TM) Graphics', '8086&DEV_7D55', 128 * MiB, 16 * GiB],
    ['Intel(R) Arc(TM) 130T GPU', '8086&DEV_7D51', 128 * MiB, 16 * GiB],
    ['Intel(R) Iris(R) Xe Graphics', '8086&DEV_9A49', 128 * MiB, 16 * GiB],
    // A Ryzen 7 8845HS whose firmware sets aside 8448 MiB.
    ['AMD Radeon 780M Graphics', '1002&DEV_1900', 8448 * MiB, 16 * GiB + 8448 * MiB],
    ['AMD Radeon(TM) 890M Graphics', '1002&DEV_150E', 512 * MiB, 16 * GiB + 512 * MiB],
    ['AMD Radeon(TM) 8060S Graphics', '1002&DEV_1586', 64 * GiB, 80 * GiB],
    ['AMD Radeon(TM) Graphics', '1002&DEV_164E', 512 * MiB, 16 * GiB + 512 * MiB],
    ['AMD Radeon(TM) Vega 8 Graphics', '1002&DEV_15D8', 2 * GiB, 18 * GiB],
    ['NVIDIA N1X', '10DE&DEV_2E12', 512 * MiB, 16 * GiB],
  ])('%s shares the RAM', async (name, id, memory, bytes) => {
    const gpu = (await gpuOf({ name, pnp: `PCI\\VEN_${id}&SUBSYS_0`, memory })).devices[1];
    expect(gpu?.features).toContain('unified-memory');
    expect(gpu?.features).not.toContain('dedicated-memory');
    expect(gpu?.memoryBytes).toBe(bytes);
  });

  test.each([
    ['Intel(R) Arc(TM) B580 Graphics', '8086&DEV_E20B', 12 * GiB],
    ['Intel(R) Arc(TM) A380 Graphics', '8086&DEV_56A5', 6 * GiB],
    ['Intel(R) Iris(R) Xe MAX Graphics', '8086&DEV_4905', 4 * GiB],
    ['Intel(R) Arc(TM) D999', '8086&DEV_FFF0', 24 * GiB],
    ['AMD Radeon RX 6500M', '1002&DEV_743F', 4 * GiB],
    ['AMD Radeon RX Vega M GH Graphics', '1002&DEV_694C', 4 * GiB],
    ['Radeon RX Vega 56', '1002&DEV_687F', 8 * GiB],
  ])('%s has its own', async (name, id, memory) => {
    const gpu = (await gpuOf({ name, pnp: `PCI\\VEN_${id}&SUBSYS_0`, memory })).devices[1];
    expect(gpu?.features).toContain('dedicated-memory');
    expect(gpu?.features).not.toContain('unified-memory');
    expect(gpu?.memoryBytes).toBe(memory);
  });

  test('a card of Intel whose memory nobody tells does not share the RAM', async () => {
    const gpu = { name: 'Intel(R) Arc(TM) A310 Graphics', pnp: 'PCI\\VEN_8086&DEV_56A6&SUBSYS_0' };
    const card = (await gpuOf(gpu)).devices[1];
    expect(card?.features).not.toContain('unified-memory');
    expect(card).not.toHaveProperty('memoryBytes');
  });

  test('an absurd size of the RAM is not passed on', async () => {
    const gpu = { name: 'Intel(R) UHD Graphics 770', pnp: 'PCI\\VEN_8086&DEV_4680&SUBSYS_0' };
    const { devices } = await gpuOf(gpu, { totalMemoryBytes: 2 ** 63 });
    expect(devices[1]).not.toHaveProperty('memoryBytes');
  });
});

test.each([
  ['AMD Radeon RX 9070 XT', '1002&DEV_7550', ['fp8', 'int8'], ['tensor-cores', 'ray-tracing']],
  ['AMD Radeon RX 6800 XT', '1002&DEV_73BF', ['fp16', 'int8'], ['ray-tracing', 'simt']],
  ['Intel(R) Arc(TM) A770 Graphics', '8086&DEV_56A0', ['fp16', 'bf16', 'int8'], ['tensor-cores', 'simt']],
  ['Intel(R) UHD Graphics 770', '8086&DEV_4680', ['fp16', 'int8'], ['simt']],
])('%s computes what it computes on Linux', async (name, id, precisions, features) => {
  const gpu = (await gpuOf({ name, pnp: `PCI\\VEN_${id}&SUBSYS_0`, memory: 16 * GiB })).devices[1];
  expect(gpu?.precisions).toEqual(expect.arrayContaining(precisions));
  expect(gpu?.features).toEqual(expect.arrayContaining(features));
});
