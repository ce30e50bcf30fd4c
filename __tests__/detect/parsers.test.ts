import fc from 'fast-check';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { parseAmdSmi, parseRocmSmi } from '../../src/detect/amd/smi.js';
import { parseSystemProfiler } from '../../src/detect/apple/system-profiler.js';
import { parseVulkaninfo } from '../../src/detect/backends/vulkaninfo.js';
import {
  directoriesOf,
  parseCpuMax,
  parseHierarchicalLimit,
  parseMemberships,
  parseMemoryLimit,
  parseMounts,
  quotaOf,
} from '../../src/detect/budget/cgroup.js';
import { parseMigSlices } from '../../src/detect/nvidia/mig.js';
import { parseNvidiaInformation } from '../../src/detect/nvidia/proc.js';
import { allFields, basicFields, parseNvidiaSmi } from '../../src/detect/nvidia/smi.js';
import { countCpuList, parseAffinity } from '../../src/detect/system/cpu-list.js';
import { parseCpuinfo } from '../../src/detect/system/cpuinfo.js';
import { parseWindowsDevices } from '../../src/detect/windows/devices.js';
import { parseJson } from '../../src/json/read.js';

describe('no parser throws, whatever the text', () => {
  const parsers = {
    countCpuList,
    parseAffinity,
    parseAmdSmi,
    parseRocmSmi,
    parseCpuinfo,
    parseCpuMax,
    parseHierarchicalLimit,
    parseMemberships,
    parseMemoryLimit,
    parseMigSlices,
    parseMounts,
    parseNvidiaInformation,
    parseSystemProfiler,
    parseVulkaninfo,
    parseWindowsDevices,
    'parseNvidiaSmi, all fields': (text: string) => parseNvidiaSmi(text, allFields),
    'parseNvidiaSmi, old driver': (text: string) => parseNvidiaSmi(text, basicFields),
  } satisfies Record<string, (text: string) => unknown>;
  // Words of the real files make arbitrary text reach further than the first check.
  const words =
    'processor : flags isa cpu 0 -1 max 150000 / /.. , ,, - cgroup cgroup2 rw,cpu 0:: 4:memory: Model: [N/A] ';
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom(...words.split(' '), ' ', '\n', '\t', '18446744073709551615'))
      .map((parts) => parts.join(' ')),
    fc
      .array(fc.constantFrom('0-3', ',', '\n', '0, GPU-1, X, 5, 1, Default', '0::/a', ' - '))
      .map((parts) => parts.join('')),
  );

  test.each(Object.entries(parsers))('%s', (_, parse) => {
    fc.assert(fc.property(text, (input) => void parse(input)));
  });
});

describe('no parser of JSON throws, whatever the JSON', () => {
  const parsers = { parseAmdSmi, parseRocmSmi, parseSystemProfiler, parseWindowsDevices };
  const keys = [
    'SPDisplaysDataType',
    'SPHardwareDataType',
    'gpus',
    'npus',
    'name',
    'pnp',
    'sppci_model',
    'spdisplays_vram',
  ];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, -1, 1e300, '', '4 GB', 'PCI\\VEN_10DE'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 4 }),
    ),
  }));

  test.each(Object.entries(parsers))('%s', (_, parse) => {
    fc.assert(fc.property(value, (input) => void parse(JSON.stringify(input))));
  });
});

test.each([
  ['0-3,8', 5],
  ['0', 1],
  ['0-63\n', 64],
  ['', undefined],
  ['3-1', undefined],
  ['all', undefined],
])('CPU list %j', (list, count) => {
  expect(countCpuList(list)).toBe(count);
});

describe('cgroup limits', () => {
  test.each([
    ['max 100000', undefined],
    ['150000 100000', 1.5],
    ['50000', 0.5],
    ['0 100000', undefined],
    ['100000 0', undefined],
    ['-1 100000', undefined],
    ['', undefined],
  ])('cpu.max %j', (content, cpus) => {
    expect(parseCpuMax(content)).toBe(cpus);
  });

  test('cfs quota', () => {
    expect(quotaOf('250000\n', '100000\n')).toBe(2.5);
    expect(quotaOf('-1\n', '100000\n')).toBeUndefined();
    expect(quotaOf('', '')).toBeUndefined();
  });

  test.each([
    ['max', undefined],
    ['9223372036854771712', undefined],
    ['18446744073709551615', undefined],
    ['9223372036854775807', undefined],
    ['0', undefined],
    ['4294967296\n', 4294967296],
  ])('memory limit %j', (content, bytes) => {
    expect(parseMemoryLimit(content)).toBe(bytes);
  });

  test('mounts: versions, controllers, escaped blanks', () => {
    const mountinfo = [
      '31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755',
      '32 31 0:29 /docker/9c /sys/fs/cgroup/cpu,cpuacct ro shared:3 master:1 - cgroup cgroup rw,cpu,cpuacct',
      '33 31 0:30 / /mnt/my\\040cgroups rw - cgroup2 cgroup2 rw',
    ].join('\n');
    expect(parseMounts(mountinfo)).toEqual([
      {
        version: 1,
        controllers: ['rw', 'cpu', 'cpuacct'],
        root: '/docker/9c',
        mountPoint: '/sys/fs/cgroup/cpu,cpuacct',
      },
      { version: 2, controllers: [], root: '/', mountPoint: '/mnt/my cgroups' },
    ]);
  });

  describe('directories to read, the own one first', () => {
    const at = (root: string) => [{ version: 2 as const, controllers: [], root, mountPoint: '/m' }];
    test.each([
      ['whole tree', '/', '/a/b', ['/m/a/b', '/m/a', '/m']],
      ['root group', '/', '/', ['/m']],
      ['a part is mounted', '/a', '/a/b', ['/m/b', '/m']],
      ['exactly the own group is mounted', '/a/b', '/a/b', ['/m']],
      ['a path of another namespace', '/', '/../../a', ['/m']],
      ['a group beside the mounted one', '/a', '/ab', ['/m']],
    ])('%s', (_, root, path, directories) => {
      expect(directoriesOf(at(root), path)).toEqual(directories);
    });
  });
});

describe('cpuinfo of rarer machines', () => {
  test('POWER', () => {
    const facts = parseCpuinfo('processor\t: 0\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 3800MHz\n');
    expect(facts).toMatchObject({
      vendor: 'ibm',
      model: 'POWER9',
      processors: 1,
      smt: false,
    });
    expect(facts.flags).toContain('altivec');
  });

  test('RISC-V with vector unit', () => {
    const facts = parseCpuinfo(
      'processor\t: 0\nhart\t: 0\nisa\t\t: rv64imafdcv_zicsr\nuarch\t\t: sifive,u74-mc\n',
    );
    expect(facts).toMatchObject({ model: 'sifive,u74-mc', processors: 1 });
    expect(facts.flags).toContain('rvv');
    expect(parseCpuinfo('isa : rv64imafdc_zicsr_zve').flags).not.toContain('rvv');
  });

  test('s390', () => {
    const text =
      'vendor_id       : IBM/S390\nfeatures\t: esan3 zarch vx\nprocessor 0: version = FF,  identification = 1\n';
    expect(parseCpuinfo(text)).toMatchObject({ vendor: 'ibm', processors: 1 });
    expect(parseCpuinfo(text).flags).toContain('vx');
  });
});

describe('nvidia-smi', () => {
  test('[N/A] is unknown, not a value', () => {
    const row = '0, GPU-aa, NVIDIA GB10, [N/A], 580.95, Default, [N/A], 12.1';
    expect(parseNvidiaSmi(row, allFields)).toEqual({
      gpus: [
        {
          index: 0,
          uuid: 'GPU-aa',
          name: 'NVIDIA GB10',
          driverVersion: '580.95',
          computeMode: 'Default',
          computeCapability: 12.1,
        },
      ],
      notes: [],
    });
  });

  test.each([
    ['too few fields', '0, GPU-aa, NVIDIA GB10'],
    ['no index', 'x, GPU-aa, NVIDIA GB10, 1, 1, Default, [N/A], 12.1'],
    ['an index twice', '0, a, A, 1, 1, Default, x, 9.0\n0, b, B, 1, 1, Default, x, 9.0'],
  ])('garbage: %s', (_, text) => {
    expect(parseNvidiaSmi(text, allFields).notes).toHaveLength(1);
  });
});

describe('JSON with lines', () => {
  test('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(JSON.stringify(parseJson(text, 'f').value)).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  test('refuses what JSON.parse refuses, with a UsageError', () => {
    const text = fc.array(
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', 'null', ' ', '-', '"', '\n'),
    );
    fc.assert(
      fc.property(text, (parts) => {
        const input = parts.join('');
        let valid = true;
        try {
          JSON.parse(input);
        } catch {
          valid = false;
        }
        try {
          parseJson(input, 'f');
          expect(valid).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          // The one thing we refuse that JSON.parse takes is a key given twice.
          expect(!valid || String(error).includes('every key once')).toBe(true);
        }
      }),
    );
  });

  test('knows the line of every value, and of the nearest one around it', () => {
    const { lineOf } = parseJson('{\n "devices": [\n  {},\n  {\n   "id":\n    1 }\n ]\n}', 'f');
    expect(lineOf(['devices'])).toBe(2);
    expect(lineOf(['devices', 1])).toBe(4);
    expect(lineOf(['devices', 1, 'id'])).toBe(5);
    expect(lineOf(['devices', 1, 'class'])).toBe(4);
    expect(lineOf([])).toBe(1);
  });
});
