import type { Rejection } from '../events.js';
import { formatBytes } from '../vocabulary/units.js';
import { deviceCountOf } from './claim.js';
import type { FleetType } from './fleet.js';
import type { Group } from './group.js';

/** What happens to a suite whose `@min-memory` does not fit because of other programs on any device that it may use. */
export const takenMemoryPolicies = ['wait', 'fail'] as const;
export type TakenMemoryPolicy = (typeof takenMemoryPolicies)[number];

/**
 * Why other programs keep the group from every device that it could ever run on, as of the last look at each.
 * @returns Undefined when it fits on one of them, now or when suites of this run have ended.
 */
export function takenEverywhere(group: Group): readonly Rejection[] | undefined {
  const taken = new Map<FleetType, string>();
  for (const type of group.slotTypes.keys()) {
    const reason = takenOn(type, group);
    if (reason !== undefined) taken.set(type, reason);
  }
  const hasRoom = [...group.slotTypes.keys()].some((type) => {
    const alike = [...type.siblings].filter(
      (other) => other.device.class === type.device.class && group.slotTypes.has(other) && !taken.has(other),
    );
    return !taken.has(type) && alike.length >= deviceCountOf(group.head.suite.profile, type.device.class);
  });
  if (taken.size === 0 || hasRoom) return undefined;
  return [...taken].map(([{ name }, reason]) => ({
    slotId: name,
    filter: 'device-memory',
    reason,
    remedy: "end what holds the memory, or let suites wait for it with the option takenMemory: 'wait'",
    until: 'now',
  }));
}

/** `needs 8 GiB on gpu0: 2 GiB of 12 GiB are free, pid 4711 (python) holds 10 GiB` */
function takenOn(type: FleetType, group: Group): string | undefined {
  const { device, load } = type;
  const { id, memoryBytes = 0 } = device;
  const need = group.slotTypes.get(type)?.deviceMemoryBytes ?? 0;
  const { bytes, by } = load.takenByOthers(id);
  if (need === 0 || bytes + need <= memoryBytes) return undefined;
  return `needs ${formatBytes(need)} on ${id}: ${freeMemoryText(memoryBytes, bytes, by)}`;
}

/** `2 GiB of 12 GiB are free, pid 4711 (python) holds 10 GiB` */
export function freeMemoryText(memoryBytes: number, takenBytes: number, by: string | undefined): string {
  const free = formatBytes(Math.max(0, memoryBytes - takenBytes));
  return `${free} of ${formatBytes(memoryBytes)} are free${by === undefined ? '' : `, ${by}`}`;
}
