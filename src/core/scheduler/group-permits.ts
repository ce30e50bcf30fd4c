import type { Permit } from '../machine/permits.js';
import type { BacklogGroup } from './backlog-group.js';
import type { FleetPool } from './fleet.js';

/** What the group's suites may take of machines that are shared with other runs; any one of them will do. */
export function permitsOf(group: BacklogGroup): readonly Permit[] {
  return [...group.claimByPool.keys()].flatMap((pool) => permitOn(pool, group) ?? []);
}

/** What a suite of the group may take on the pool; undefined when the machine is not shared with other runs. */
export function permitOn(pool: FleetPool, group: BacklogGroup): Permit | undefined {
  const claim = group.claimByPool.get(pool);
  const { permits } = pool.load;
  if (claim === undefined || !permits.isShared) return undefined;
  if (group.deviceCountOn(pool) === 1) return permits.permitOf(claim);
  const team = permitTeamOf(pool, group);
  if (team?.[0] !== pool) return undefined;
  return permits.permitOf({ ...claim, deviceIds: team.map(({ device }) => device.id) });
}

/**
 * The pools whose devices the group's suites take together with this one's, on a machine that is shared with other runs.
 * Such devices are asked for before it is known which of them are free. Each device is in one team only, so that the
 * permits of one run never overlap and block each other.
 */
export function permitTeamOf(pool: FleetPool, group: BacklogGroup): readonly FleetPool[] | undefined {
  const count = group.deviceCountOn(pool);
  const alike = [...pool.siblings].filter(
    (other) => other.device.class === pool.device.class && group.claimByPool.has(other),
  );
  alike.sort((a, b) => (a.deviceKind < b.deviceKind ? -1 : a.deviceKind > b.deviceKind ? 1 : 0));
  const index = alike.indexOf(pool);
  const first = index - (index % count);
  const team = alike.slice(first, first + count);
  return team.length === count ? team : undefined;
}
