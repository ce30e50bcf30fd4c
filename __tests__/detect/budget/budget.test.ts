import { cpuBudgetOf, memoryBudgetOf } from '../../../src/detect/budget/budget.js';
import { replay } from '../replay.js';
import { temporaryHost } from '../temporary-host.js';

const GiB = 1024 ** 3;
const v2 = '29 28 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n';
const v1 = '32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n';

test.each([
  ['memory-high-only', 2 * GiB, 'runner.service/memory.high'],
  ['hugepages-reserved', 16 * GiB, '/proc/meminfo Hugetlb'],
])('%s', async (name, bytes, source) => {
  const { machine, devices } = await replay(name);
  expect(machine.memoryBudgetBytes).toBe(bytes);
  expect(machine.evidence?.memoryBudgetBytes?.source).toContain(source);
  expect(devices[0]?.memoryBytes).toBe(bytes);
});

describe('memory.high', () => {
  const budgetOf = (files: Readonly<Record<string, string>>) => {
    const groups = Object.entries(files).map(([path, text]) => [`/sys/fs/cgroup/${path}`, text]);
    const place = { '/proc/self/mountinfo': v2, '/proc/self/cgroup': '0::/a/b\n' };
    return memoryBudgetOf(temporaryHost({ files: { ...place, ...Object.fromEntries(groups) } })).amount;
  };

  test.each([
    [
      'the own one below the maximum',
      { 'a/b/memory.high': '1073741824\n', 'a/b/memory.max': '2147483648\n' },
    ],
    ['an ancestor', { 'a/memory.high': '1073741824\n', 'a/b/memory.high': 'max\n' }],
    ['above the maximum', { 'a/b/memory.high': '3221225472\n', 'a/b/memory.max': '1073741824\n' }],
  ])('%s', (_, files) => {
    expect(budgetOf(files)).toBe(GiB);
  });

  test('the soft limit of v1 is none', () => {
    const host = temporaryHost({
      files: {
        '/proc/self/mountinfo': v1,
        '/proc/self/cgroup': '4:memory:/a\n',
        '/sys/fs/cgroup/memory/a/memory.soft_limit_in_bytes': '1073741824\n',
        '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': '4294967296\n',
      },
    });
    expect(memoryBudgetOf(host).amount).toBe(4 * GiB);
  });
});

describe('reserved huge pages', () => {
  const sizes = '/sys/kernel/mm/hugepages';

  test.each([
    [
      'of the default size, an old kernel',
      { '/proc/meminfo': 'HugePages_Total:  1024\nHugepagesize: 2048 kB\n' },
    ],
    [
      'of 1 GiB, an old kernel',
      {
        '/proc/meminfo': 'HugePages_Total:  0\nHugepagesize: 2048 kB\n',
        [`${sizes}/hugepages-2048kB/nr_hugepages`]: '0\n',
        [`${sizes}/hugepages-1048576kB/nr_hugepages`]: '2\n',
      },
    ],
    [
      'of all sizes together',
      { '/proc/meminfo': 'HugePages_Total: 0\nHugepagesize: 2048 kB\nHugetlb: 2097152 kB\n' },
    ],
  ])('%s', (_, files) => {
    expect(memoryBudgetOf(temporaryHost({ files })).amount).toBe(14 * GiB);
  });

  test.each([
    ['none', 'Hugetlb:  0 kB\n'],
    ['more than there is', 'Hugetlb:  99999999999 kB\n'],
    ['28 digits', 'HugePages_Total: 1000000000000000000000000000\nHugepagesize: 2048 kB\n'],
    ['garbage', 'HugePages_Total: -4\nHugepagesize: lots\n'],
  ])('%s', (_, text) => {
    const budget = memoryBudgetOf(temporaryHost({ files: { '/proc/meminfo': text } }));
    expect(budget).toMatchObject({ amount: 16 * GiB, evidence: { source: 'total memory' } });
  });
});

describe('absurd figures are not believed', () => {
  test.each(['1'.repeat(28), '9223372036854775807', '18446744073709551615', '-1', '1e9'])(
    'a memory limit of %s',
    (text) => {
      const files = {
        '/proc/self/mountinfo': v2,
        '/proc/self/cgroup': '0::/\n',
        '/sys/fs/cgroup/memory.max': text,
        '/sys/fs/cgroup/memory.high': text,
      };
      expect(memoryBudgetOf(temporaryHost({ files })).evidence.source).toBe('total memory');
    },
  );

  test.each([
    `${'9'.repeat(28)} 100000`,
    '18446744073709551615 100000',
    '100000 99999999999',
    '1 100000',
    '-1 100000',
  ])('cpu.max %s', (text) => {
    const files = {
      '/proc/self/mountinfo': v2,
      '/proc/self/cgroup': '0::/\n',
      '/proc/self/status': 'Cpus_allowed_list:\t0-4294967295\n',
      '/sys/devices/system/cpu/online': '0-7\n',
      '/sys/fs/cgroup/cpu.max': text,
    };
    expect(cpuBudgetOf(temporaryHost({ files }))).toMatchObject({
      amount: 8,
      evidence: { source: '/sys/devices/system/cpu/online' },
    });
  });

  test.each(['linux', 'win32', 'darwin'])('the total memory of %s', (platform) => {
    const facts = { platform, totalMemoryBytes: 2 ** 63 };
    const files = { '/proc/meminfo': 'MemTotal:  8388608 kB\n' };
    expect(memoryBudgetOf(temporaryHost({ facts, files })).amount).toBe(8 * GiB);
    expect(memoryBudgetOf(temporaryHost({ facts }))).toMatchObject({
      evidence: { confidence: 'spec', source: `nothing on ${platform} tells memory` },
    });
  });
});
