import type { Evidence } from '../core/machine.js';
import type { Host } from './host.js';
import {
  directoriesOf,
  parseCpuMax,
  parseHierarchicalLimit,
  parseMemberships,
  parseMemoryLimit,
  parseMounts,
  quotaOf,
} from './parse/cgroup.js';
import { countCpuList, parseAffinity } from './parse/cpu-list.js';
import { parseCpuinfo } from './parse/cpuinfo.js';

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

/** Memory this process may really take: the least of RAM and every visible cgroup limit, in bytes. */
export function memoryBudgetOf(host: Host): Budget {
  return least(host, 'memory', [
    { amount: host.totalMemoryBytes, source: 'total memory' },
    ...cgroupLimits(host, 'memory', memoryLimitsIn),
  ]);
}

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
    return [{ amount: parseMemoryLimit(read('memory.max')), source: `${directory}/memory.max` }];
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
