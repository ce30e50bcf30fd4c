import * as v from 'valibot';
import { type DeviceClass, features, precisions, vendors } from '../../../src/core/vocabulary/taxonomy.js';
import microarchitectures from '../../../src/detect/cpu/microarchitectures.json' with { type: 'json' };
import { detectMachine } from '../../../src/detect/detect.js';
import armCores from '../../../src/detect/system/arm-cores.json' with { type: 'json' };
import { device, replay } from '../replay.js';
import { temporaryHost } from '../temporary-host.js';

const cpuOf = async (parts: Parameters<typeof temporaryHost>[0]) =>
  device(await detectMachine({ host: temporaryHost(parts) }), 'cpu');

test('the table of ARM cores: every row says who, what and where from', () => {
  const hex = v.pipe(v.string(), v.regex(/^0x[0-9a-f]{2,3}$/));
  const row = v.strictObject({
    implementer: hex,
    vendor: v.picklist(vendors),
    source: v.pipe(v.string(), v.minLength(5)),
    parts: v.record(hex, v.pipe(v.string(), v.minLength(2))),
  });
  expect(v.safeParse(v.pipe(v.array(row), v.minLength(10)), armCores).issues).toBeUndefined();
  expect(new Set(armCores.map(({ implementer }) => implementer)).size).toBe(armCores.length);
});

describe('model', () => {
  test('a container on an Apple machine: virtualised cores, "unknown" is no model', async () => {
    expect(device(await replay('docker-desktop-on-apple'), 'cpu')).toMatchObject({
      vendor: 'apple',
      model: 'Apple silicon (virtualised)',
    });
  });

  test.each(['unknown', 'Unknown', '', ' ', 'N/A', '-'])('%j is none', async (word) => {
    const files = { '/proc/cpuinfo': `processor\t: 0\nmodel name\t: ${word}\n` };
    const facts = word === '' ? {} : { cpuModel: word };
    expect(await cpuOf({ files, facts })).not.toHaveProperty('model');
  });

  const core = (implementer: string, part: string) =>
    `processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: ${implementer}\nCPU part\t: ${part}\n`;

  test.each([
    [
      '0x41',
      '0xd0b',
      'Raspberry Pi 5 Model B Rev 1.0\0',
      'arm',
      'Raspberry Pi 5 Model B Rev 1.0 (Cortex-A76)',
    ],
    ['0x61', '0x023', 'Apple MacBook Air (M1, 2020)\0', 'apple', 'Apple MacBook Air (M1, 2020) (Apple M1)'],
    ['0x41', '0xd0c', 'linux,dummy-virt\0', 'arm', 'Neoverse-N1'],
    ['0x4e', '0x004', 'NVIDIA Jetson AGX Xavier\0', 'nvidia', 'NVIDIA Jetson AGX Xavier (Carmel)'],
    ['0xee', '0x123', 'Some Board\0', undefined, 'Some Board'],
  ])('%s %s on the board %s', async (implementer, part, board, vendor, model) => {
    const files = { '/proc/cpuinfo': core(implementer, part), '/proc/device-tree/model': board };
    const cpu = await cpuOf({ facts: { arch: 'arm64' }, files });
    expect([cpu.vendor, cpu.model]).toEqual([vendor, model]);
  });

  test('a server of POWER keeps the name of its CPU', async () => {
    expect(device(await replay('power9-smt4'), 'cpu')).toMatchObject({ vendor: 'ibm', model: 'POWER9' });
  });
});

describe('threads of a core, by topology', () => {
  const cpus = '/sys/devices/system/cpu';
  const hasSmt = async (files: Readonly<Record<string, string>>, arch = 'arm64') =>
    (await cpuOf({ facts: { arch }, files })).features.includes('smt');

  test('POWER9', async () => {
    const cpu = device(await replay('power9-smt4'), 'cpu');
    expect(cpu.features).toEqual(['simd', 'smt']);
    expect(cpu.evidence.smt).toEqual({ confidence: 'probed', source: `${cpus}/smt/active` });
  });

  test.each([
    [
      'ThunderX2, a kernel without the switch',
      { [`${cpus}/cpu0/topology/thread_siblings_list`]: '0,32,64,96\n' },
    ],
    [
      'the switch is not implemented',
      {
        [`${cpus}/smt/active`]: '0\n',
        [`${cpus}/smt/control`]: 'notimplemented\n',
        [`${cpus}/cpu3/topology/core_cpus_list`]: '2-3\n',
      },
    ],
  ])('%s', async (_, files) => {
    expect(await hasSmt(files)).toBe(true);
    expect(await hasSmt(files, 'riscv64')).toBe(true);
  });

  test.each([
    ['one thread each', { [`${cpus}/cpu0/topology/thread_siblings_list`]: '0\n' }],
    [
      'switched off',
      {
        [`${cpus}/smt/active`]: '0\n',
        [`${cpus}/smt/control`]: 'off\n',
        [`${cpus}/cpu0/topology/core_cpus_list`]: '0-1\n',
      },
    ],
    ['nothing tells', {}],
    ['garbage', { [`${cpus}/smt/active`]: 'yes\n', [`${cpus}/cpu0/topology/core_cpus_list`]: '0-\n' }],
  ])('none: %s', async (_, files) => {
    expect(await hasSmt(files)).toBe(false);
  });
});

test.each([
  ['loong64', 'Features\t: cpucfg lsx lasx\nModel Name\t: Loongson-3A5000\n', ['simd'], 'loongarch'],
  ['riscv64', 'isa\t: rv64imafdcv_zfh\n', ['simd'], 'riscv'],
  ['riscv64', 'isa\t: rv64imafdc\n', [], 'riscv'],
  ['mips', 'cpu model\t: ICT Loongson-3 V0.3\nASEs implemented\t: vz msa\n', ['simd'], 'mips'],
])('vector units of %s: %j', async (arch, cpuinfo, features, architecture) => {
  const cpu = await cpuOf({ facts: { arch }, files: { '/proc/cpuinfo': `processor\t: 0\n${cpuinfo}` } });
  expect(cpu).toMatchObject({ features, architecture });
});

describe('Windows and macOS', () => {
  const answer = (cpu: object) => `/bin/cat <<'END'\n${JSON.stringify({ gpus: [], npus: [], cpu })}\nEND`;
  const windows = { platform: 'win32', release: '10.0.22631', availableParallelism: 8 };
  const mac = { platform: 'darwin', release: '20.6.0', availableParallelism: 12 };

  test('a Ryzen by its model, with two threads on each of its cores', async () => {
    const cpu = device(await replay('windows-cpu-features'), 'cpu');
    expect(cpu.features).toEqual(['simd', 'avx', 'avx2', 'smt']);
    expect(cpu.evidence.avx2).toMatchObject({ confidence: 'spec', source: expect.stringContaining('zen3') });
  });

  test('what Windows says of a virtual machine goes before the model', async () => {
    const tools = { powershell: answer({ features: [6, 10, 17, 39], cores: 8, threads: 8 }) };
    const cpu = await cpuOf({ facts: { ...windows, cpuModel: 'AMD Ryzen 7 7700X 8-Core Processor' }, tools });
    expect(cpu.features).toEqual(['simd', 'avx']);
    expect(cpu.evidence.avx).toMatchObject({ confidence: 'probed' });
  });

  test('of what Windows does not say the model tells', async () => {
    const tools = { powershell: answer({ features: [6, 10, 39, 40, 41], cores: 28, threads: 56 }) };
    const facts = { ...windows, cpuModel: 'Intel(R) Xeon(R) Platinum 8480+' };
    const cpu = await cpuOf({ facts, tools });
    expect(cpu.features).toEqual(['simd', 'avx', 'avx2', 'avx512', 'amx', 'smt']);
    expect(cpu.precisions).toEqual(['fp64', 'fp32', 'fp16', 'bf16', 'int8']);
  });

  test.each([
    ['no sign of a true answer', { features: [39, 40] }, '10.0.22631'],
    ['garbage', { features: 'all', cores: -1, threads: 1e99 }, '10.0.22631'],
    ['a build that does not know the bits', { features: [10] }, '10.0.17763'],
  ])('not believed: %s', async (_, cpu, release) => {
    const facts = { ...windows, release, cpuModel: 'Intel(R) Core(TM) i7-9750H CPU @ 2.60GHz' };
    expect((await cpuOf({ facts, tools: { powershell: answer(cpu) } })).features).toEqual([
      'simd',
      'avx',
      'avx2',
      'smt',
    ]);
  });

  test.each([
    [
      'an i9 with TSX',
      ['avx1_0: 1', 'avx2_0: 1', 'avx512f: 0', 'rtm: 1'],
      ['simd', 'avx', 'avx2', 'smt', 'tsx'],
    ],
    [
      'a Xeon W of an iMac Pro',
      ['avx1_0: 1', 'avx2_0: 1', 'avx512f: 1'],
      ['simd', 'avx', 'avx2', 'avx512', 'smt'],
    ],
    ['a guest without AVX2', ['avx1_0: 1', 'avx2_0: 0', 'avx512f: 0'], ['simd', 'avx', 'smt']],
  ])('sysctl of %s', async (_, lines, features) => {
    const optional = lines.map((line) => `hw.optional.${line}`).join('\n');
    const tools = { sysctl: `/bin/cat <<'END'\nhw.physicalcpu: 6\nhw.logicalcpu: 12\n${optional}\nEND` };
    const facts = { ...mac, cpuModel: 'Intel(R) Core(TM) i9-9880H CPU @ 2.30GHz' };
    const cpu = await cpuOf({ facts, tools });
    expect(cpu.features).toEqual(features);
  });

  test('an Intel Mac without sysctl, by its model', async () => {
    const cpu = device(await replay('macos-intel-radeon'), 'cpu');
    expect(cpu.features).toEqual(['simd', 'avx', 'avx2', 'smt']);
  });

  test.each([
    ['Apple M1 Pro', ['fp64', 'fp32', 'fp16', 'int8']],
    ['Apple M4', ['fp64', 'fp32', 'fp16', 'bf16', 'int8']],
    ['Apple A18 Pro', ['fp64', 'fp32', 'fp16', 'bf16', 'int8']],
  ])('%s', async (cpuModel, precisions) => {
    expect((await cpuOf({ facts: { ...mac, arch: 'arm64', cpuModel } })).precisions).toEqual(precisions);
  });
});

describe('microarchitectures', () => {
  const everySource = v.pipe(v.string(), v.minLength(5));
  const pattern = v.pipe(
    v.string(),
    v.check((text) => new RegExp(text) instanceof RegExp),
  );

  test('every row names its features and its source', () => {
    const row = v.strictObject({
      name: v.string(),
      arch: v.picklist(['x64', 'arm64']),
      pattern,
      features: v.array(v.picklist(features)),
      precisions: v.exactOptional(v.array(v.picklist(precisions))),
      source: everySource,
    });
    const schema = v.strictObject({
      microarchitectures: v.array(row),
      threads: v.array(v.strictObject({ pattern, source: everySource })),
    });
    expect(v.safeParse(schema, microarchitectures).issues).toBeUndefined();
  });

  test.each([
    ['11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz', 'avx512'],
    ['11th Gen Intel(R) Core(TM) i9-11900K @ 3.50GHz', 'avx512'],
    ['Intel(R) Core(TM) i7-1068NG7 CPU @ 2.30GHz', 'avx512'],
    ['Intel(R) Core(TM) i9-7900X CPU @ 3.30GHz', 'avx512'],
    ['Intel(R) Xeon(R) W-2150B CPU @ 3.00GHz', 'avx512'],
    ['Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz', 'avx512'],
    ['Intel(R) Xeon(R) Platinum 8272CL CPU @ 2.60GHz', 'avx512'],
    ['Intel(R) Xeon(R) Gold 6430', 'amx'],
    ['Intel(R) Xeon(R) 6787P', 'amx'],
    ['Intel(R) Xeon(R) 6780E', 'avx2'],
    ['13th Gen Intel(R) Core(TM) i7-13700K', 'avx2'],
    ['Intel(R) Core(TM) Ultra 7 155H', 'avx2'],
    ['Intel(R) Core(TM) i9-9900K CPU @ 3.60GHz', 'avx2'],
    ['Intel(R) Core(TM) i5-10400 CPU @ 2.90GHz', 'avx2'],
    ['Intel(R) Core(TM) i5-4590 CPU @ 3.30GHz', 'avx2'],
    ['Intel(R) Core(TM) i5-3570K CPU @ 3.40GHz', 'avx'],
    ['Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz', 'avx2'],
    ['Intel(R) Xeon(R) CPU E5-2670 0 @ 2.60GHz', 'avx'],
    ['Intel(R) N100', 'avx2'],
    ['AMD EPYC 7763 64-Core Processor', 'avx2'],
    ['AMD EPYC 9654 96-Core Processor', 'avx512'],
    ['AMD Ryzen 9 9950X 16-Core Processor', 'avx512'],
    ['AMD Ryzen 7 8845HS w/ Radeon 780M Graphics', 'avx512'],
    ['AMD Ryzen 7 7735HS with Radeon Graphics', 'avx2'],
    ['AMD Ryzen AI 9 HX 370 w/ Radeon 890M', 'avx512'],
    ['AMD RYZEN AI MAX+ 395 w/ Radeon 8060S', 'avx512'],
    ['AMD Ryzen Threadripper PRO 5975WX 32-Cores', 'avx2'],
    ['AMD FX(tm)-8350 Eight-Core Processor', 'avx'],
    ['Intel(R) Core(TM)2 Duo CPU E8400 @ 3.00GHz', 'simd'],
    ['Intel(R) Celeron(R) N4020 CPU @ 1.10GHz', 'simd'],
    ['Intel(R) Pentium(R) Gold G6400 CPU @ 4.00GHz', 'simd'],
    ['Intel(R) Core(TM) i7 CPU 920 @ 2.67GHz', 'simd'],
    ['QEMU Virtual CPU version 2.5+', 'simd'],
    ['Common KVM processor', 'simd'],
  ])('%s: %s is the widest', async (cpuModel, widest) => {
    const cpu = await cpuOf({ facts: { platform: 'win32', cpuModel } });
    const vectors = cpu.features.filter((word) => ['simd', 'avx', 'avx2', 'avx512', 'amx'].includes(word));
    expect(vectors.at(-1)).toBe(widest);
  });

  test.each([
    ['AMD Ryzen 5 5600X 6-Core Processor', 12, true],
    ['AMD Ryzen 5 5600X 6-Core Processor', 6, false],
    ['Intel(R) Core(TM) i7-9700K CPU @ 3.60GHz', 8, false],
    ['13th Gen Intel(R) Core(TM) i7-13700K', 24, true],
    ['Intel(R) Core(TM) Ultra 9 285K', 24, false],
  ])('threads of %s with %i: %s', async (cpuModel, availableParallelism, smt) => {
    const cpu = await cpuOf({ facts: { platform: 'win32', cpuModel, availableParallelism } });
    expect(cpu.features.includes('smt')).toBe(smt);
  });
});

test('while nobody wants to know, no tool is started: the model alone tells', async () => {
  const facts = { platform: 'win32', release: '10.0.22631', cpuModel: 'AMD Ryzen 5 5600X 6-Core Processor' };
  const told = '{"gpus": [], "npus": [], "cpu": {"features": [10, 39], "cores": 6, "threads": 6}}';
  const host = temporaryHost({ facts, tools: { powershell: `echo '${told}'` } });
  const featuresFor = async (classes: readonly DeviceClass[]) =>
    device(await detectMachine({ host, classes }), 'cpu').features;
  expect(await featuresFor([])).toEqual(['simd', 'avx', 'avx2']);
  expect(await featuresFor(['cpu'])).toEqual(['simd', 'avx']);
});
