import type { Rejection } from '../events.js';
import { formatBytes } from '../vocabulary/units.js';
import type { BacklogGroup } from './backlog-group.js';
import { deviceCountOf } from './claim.js';
import type { FleetPool } from './fleet.js';

/** What happens to a suite whose `@min-memory` does not fit on any of its devices because of other programs. */
export const takenMemoryPolicies = ['wait', 'fail'] as const;
export type TakenMemoryPolicy = (typeof takenMemoryPolicies)[number];

/**
 * Why other programs keep the group off every device that it could ever run on, as of the last reading of each device.
 * @returns Undefined when the group fits on one of them, now or when suites of this run have ended.
 */
export function explainTakenMemory(group: BacklogGroup): readonly Rejection[] | undefined {
  const taken = new Map<FleetPool, string>();
  for (const pool of group.claimByPool.keys()) {
    const reason = takenOn(pool, group);
    if (reason !== undefined) taken.set(pool, reason);
  }
  const fitsSomewhere = [...group.claimByPool.keys()].some((pool) => {
    const alike = [...pool.siblings].filter(
      (other) =>
        other.device.class === pool.device.class && group.claimByPool.has(other) && !taken.has(other),
    );
    return !taken.has(pool) && alike.length >= deviceCountOf(group.head.suite.profile, pool.device.class);
  });
  if (taken.size === 0 || fitsSomewhere) return undefined;
  return [...taken].map(([{ name }, reason]) => ({
    slotId: name,
    filter: 'device-memory',
    reason,
    remedy: "end what holds the memory, or let suites wait for it with the option takenMemory: 'wait'",
    until: 'now',
  }));
}

/** `needs 8 GiB on gpu0: 2 GiB of 12 GiB are free, pid 4711 (python) holds 10 GiB` */
function takenOn(pool: FleetPool, group: BacklogGroup): string | undefined {
  const { device, load } = pool;
  const { id, memoryBytes = 0 } = device;
  const need = group.claimByPool.get(pool)?.deviceMemoryBytes ?? 0;
  const { bytes, by } = load.takenByOthers(id);
  if (need === 0 || bytes + need <= memoryBytes) return undefined;
  return `needs ${formatBytes(need)} on ${id}: ${freeMemoryText(memoryBytes, bytes, by)}`;
}

/** `2 GiB of 12 GiB are free, pid 4711 (python) holds 10 GiB` */
export function freeMemoryText(memoryBytes: number, takenBytes: number, by: string | undefined): string {
  const free = formatBytes(Math.max(0, memoryBytes - takenBytes));
  return `${free} of ${formatBytes(memoryBytes)} are free${by === undefined ? '' : `, ${by}`}`;
}
