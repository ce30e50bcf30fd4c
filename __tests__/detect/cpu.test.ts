import * as v from 'valibot';
import { vendors } from '../../src/core/taxonomy.js';
import armCores from '../../src/detect/cpu/arm-cores.json' with { type: 'json' };
import { detectMachine } from '../../src/detect/detect.js';
import { device, replay } from './replay.js';
import { temporaryHost } from './temporary-host.js';

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
