import { believableCpus } from '../system/cpu-list.js';
import { believableBytes, parseAmount } from '../system/meminfo.js';

/** One line of `/proc/self/cgroup`. */
export interface CgroupMembership {
  /** v1: the controllers of this hierarchy; v2: empty. */
  readonly controllers: readonly string[];
  readonly path: string;
}

/** One cgroup file system from `/proc/self/mountinfo`. */
export interface CgroupMount {
  readonly version: 1 | 2;
  /** v1: the controllers mounted here; v2: empty. */
  readonly controllers: readonly string[];
  /** The cgroup that is mounted at the mount point: `/`, or a part of the hierarchy. */
  readonly root: string;
  readonly mountPoint: string;
}

export function parseMemberships(text: string): readonly CgroupMembership[] {
  return text.split('\n').flatMap((line) => {
    const found = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (found === null) return [];
    return [{ controllers: (found[1] ?? '').split(',').filter(Boolean), path: found[2] ?? '/' }];
  });
}

export function parseMounts(mountinfo: string): readonly CgroupMount[] {
  return mountinfo.split('\n').flatMap((line): CgroupMount[] => {
    const [front = '', back] = line.split(' - ', 2);
    const [, , , root, mountPoint] = front.split(' ');
    const [type, , options = ''] = (back ?? '').split(' ');
    if (root === undefined || mountPoint === undefined) return [];
    const place = { root: unescapeOctal(root), mountPoint: unescapeOctal(mountPoint) };
    if (type === 'cgroup2') return [{ version: 2, controllers: [], ...place }];
    if (type === 'cgroup') return [{ version: 1, controllers: options.split(','), ...place }];
    return [];
  });
}

/** Directories of a cgroup and of its visible ancestors, its own first. */
export function directoriesOf(mounts: readonly CgroupMount[], path: string): readonly string[] {
  const holding = mounts.filter((mount) => isBelow(path, mount.root));
  // A path outside of every mount belongs to another cgroup namespace. The mount point is then the container's own cgroup.
  if (holding.length === 0) return mounts.map((mount) => mount.mountPoint);
  return holding.flatMap(({ root, mountPoint }) => {
    const names = path.slice(root.length).split('/').filter(Boolean);
    return names
      .map((_, index) => `${mountPoint}/${names.slice(0, names.length - index).join('/')}`)
      .concat(mountPoint);
  });
}

/** CPUs by `cpu.max` (v2): `150000 100000` → 1.5. Undefined when unlimited or unreadable. */
export function parseCpuMax(text: string): number | undefined {
  const [quota = '', period = '100000'] = text.trim().split(/\s+/);
  return quotaOf(quota, period);
}

/** CPUs by `cpu.cfs_quota_us` and `cpu.cfs_period_us` (v1); a quota of -1 means unlimited. */
export function quotaOf(quotaUs: string, periodUs: string): number | undefined {
  const [quota, period] = [positive(quotaUs), positive(periodUs)];
  // The kernel accepts quotas from 1 ms, and periods from 1 ms to 1 s. Anything else is damaged.
  if (!(quota >= 1000 && period >= 1000 && period <= 1e6)) return undefined;
  const cpus = quota / period;
  return cpus < believableCpus ? cpus : undefined;
}

/**
 * Bytes by `memory.max`, `memory.high` or `memory.limit_in_bytes`. Undefined when unlimited: `max`, or one of the values
 * just below 2^63 or 2^64 that v1 shows for "no limit".
 */
export function parseMemoryLimit(text: string): number | undefined {
  const bytes = positive(text);
  return bytes < believableBytes ? bytes : undefined;
}

/** The smallest limit of all ancestors by `memory.stat` (v1), including ancestors that a container cannot see. */
export function parseHierarchicalLimit(memoryStat: string): number | undefined {
  return parseMemoryLimit(/^hierarchical_memory_limit (\d+)$/m.exec(memoryStat)?.[1] ?? '');
}

function positive(text: string): number {
  return parseAmount(text) || Number.NaN;
}

function isBelow(path: string, root: string): boolean {
  return root === '/' ? !path.startsWith('/..') : path === root || path.startsWith(`${root}/`);
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
