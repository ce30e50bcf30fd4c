import type { Evidence } from '../../core/machine/machine.js';
import type { Host } from '../../host/host.js';
import { countCpuList, parseAffinity } from '../system/cpu-list.js';
import { parseCpuinfo } from '../system/cpuinfo.js';
import { believableBytes, hugePageBytes, meminfoBytes, parseAmount } from '../system/meminfo.js';
import {
  directoriesOf,
  parseCpuMax,
  parseHierarchicalLimit,
  parseMemberships,
  parseMemoryLimit,
  parseMounts,
  quotaOf,
} from './cgroup.js';

/** An amount and what set it. */
export interface Budget {
  readonly amount: number;
  readonly evidence: Evidence;
}

/** CPU threads this process may really use: the least of affinity, every visible cgroup quota and Node's own count. */
export function cpuBudgetOf(host: Host): Budget {
  return least(host, 'CPUs', [
    { amount: host.availableParallelism, source: 'availableParallelism of Node.js' },
    { amount: parseAffinity(host.readFile('/proc/self/status') ?? ''), source: 'CPU affinity' },
    ...(host.availableParallelism === undefined ? onlineLimits(host) : []),
    ...cgroupLimits(host, 'cpu', cpuLimitsIn),
  ]);
}

/**
 * Memory this process may really take, in bytes: the least of the RAM without set-aside huge pages and every visible
 * cgroup limit.
 */
export function memoryBudgetOf(host: Host): Budget {
  const total = physicalMemoryOf(host);
  return least(host, 'memory', [
    ...(total === undefined ? [] : [total, ...withoutHugePages(host, total.amount)]),
    ...cgroupLimits(host, 'memory', memoryLimitsIn),
  ]);
}

/** The RAM in bytes. What Node tells is checked: a figure that no machine has is not believed. */
export function physicalMemoryOf(
  host: Host,
): { readonly amount: number; readonly source: string } | undefined {
  const told = [
    { amount: host.totalMemoryBytes, source: 'total memory' },
    { amount: meminfoBytes(host.readFile(meminfo) ?? '', 'MemTotal') ?? 0, source: `${meminfo} MemTotal` },
  ];
  return told.find(({ amount }) => amount > 0 && amount < believableBytes);
}

/** Ordinary allocations never get memory that is reserved as huge pages. */
function withoutHugePages(host: Host, totalBytes: number): readonly Limit[] {
  const reserved = reservedHugePagesOf(host);
  return reserved !== undefined && reserved.amount > 0 && reserved.amount < totalBytes
    ? [
        {
          amount: totalBytes - reserved.amount,
          source: `total memory without reserved huge pages (${reserved.source})`,
        },
      ]
    : [];
}

/** `Hugetlb` counts pages of every size. Older kernels tell each size in sysfs, and the default size in meminfo. */
function reservedHugePagesOf(host: Host): { readonly amount: number; readonly source: string } | undefined {
  const text = host.readFile(meminfo) ?? '';
  const all = meminfoBytes(text, 'Hugetlb');
  if (all !== undefined) return { amount: all, source: `${meminfo} Hugetlb` };
  const ofDefaultSize = hugePageBytes(text);
  const ofEverySize = host.readDirectory(hugePages).reduce((sum, name) => {
    const kibibytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0);
    const pages = parseAmount(host.readFile(`${hugePages}/${name}/nr_hugepages`) ?? '') ?? 0;
    return sum + pages * kibibytes * 1024;
  }, 0);
  return ofEverySize > ofDefaultSize
    ? { amount: ofEverySize, source: `${hugePages} nr_hugepages` }
    : { amount: ofDefaultSize, source: `${meminfo} HugePages_Total` };
}

const meminfo = '/proc/meminfo';
const hugePages = '/sys/kernel/mm/hugepages';

interface Limit {
  readonly amount: number | undefined;
  readonly source: string;
}

function least(host: Host, what: string, limits: readonly Limit[]): Budget {
  let smallest: Limit | undefined;
  for (const limit of limits) {
    if (limit.amount !== undefined && limit.amount < (smallest?.amount ?? Number.POSITIVE_INFINITY)) {
      smallest = limit;
    }
  }
  return smallest?.amount === undefined
    ? { amount: 1, evidence: { confidence: 'spec', source: `nothing on ${host.platform} tells ${what}` } }
    : { amount: smallest.amount, evidence: { confidence: 'probed', source: smallest.source } };
}

function onlineLimits(host: Host): readonly Limit[] {
  const source = '/sys/devices/system/cpu/online';
  const online = countCpuList(host.readFile(source) ?? '');
  if (online !== undefined) return [{ amount: online, source }];
  const processors = parseCpuinfo(host.readFile('/proc/cpuinfo') ?? '').processors;
  return [{ amount: processors || undefined, source: '/proc/cpuinfo' }];
}

/** All limits of one controller, own and inherited. Works for v1, v2 and both at once: a controller lives in one. */
function cgroupLimits(
  host: Host,
  controller: 'cpu' | 'memory',
  limitsIn: (host: Host, directory: string, version: 1 | 2) => readonly Limit[],
): readonly Limit[] {
  const mounts = parseMounts(host.readFile('/proc/self/mountinfo') ?? '');
  const memberships = parseMemberships(host.readFile('/proc/self/cgroup') ?? '');
  return memberships.flatMap(({ controllers, path }) => {
    const version = controllers.length === 0 ? 2 : 1;
    if (version === 1 && !controllers.includes(controller)) return [];
    const own = mounts.filter(
      (mount) => mount.version === version && (version === 2 || mount.controllers.includes(controller)),
    );
    return directoriesOf(own, path).flatMap((directory) => limitsIn(host, directory, version));
  });
}

function cpuLimitsIn(host: Host, directory: string, version: 1 | 2): readonly Limit[] {
  const read = (name: string) => host.readFile(`${directory}/${name}`) ?? '';
  if (version === 2) return [{ amount: parseCpuMax(read('cpu.max')), source: `${directory}/cpu.max` }];
  const quota = read('cpu.cfs_quota_us');
  return [{ amount: quotaOf(quota, read('cpu.cfs_period_us')), source: `${directory}/cpu.cfs_quota_us` }];
}

function memoryLimitsIn(host: Host, directory: string, version: 1 | 2): readonly Limit[] {
  const read = (name: string) => host.readFile(`${directory}/${name}`) ?? '';
  if (version === 2) {
    // Above `memory.high` the kernel slows the group down and reclaims its memory, so it is a limit for planning. The
    // soft limit of v1 takes effect only when the whole machine is short of memory.
    return ['memory.max', 'memory.high'].map((name) => ({
      amount: parseMemoryLimit(read(name)),
      source: `${directory}/${name}`,
    }));
  }
  return [
    {
      amount: parseMemoryLimit(read('memory.limit_in_bytes')),
      source: `${directory}/memory.limit_in_bytes`,
    },
    {
      amount: parseHierarchicalLimit(read('memory.stat')),
      source: `${directory}/memory.stat hierarchical_memory_limit`,
    },
  ];
}
