import type { Claim, Slot } from '../machine/machine.js';
import { nowRejection } from './admission.js';
import type { BacklogGroup } from './backlog-group.js';
import type { FleetPool } from './fleet.js';
import { permitTeamOf } from './group-permits.js';
import type { SuiteGroup } from './strategy.js';

/** Free slots and the claim that were found for the head of a group. */
export interface Allocation {
  readonly group: BacklogGroup;
  readonly pool: FleetPool;
  /** One for each device that the suite takes, all of one machine, that of `pool` first. */
  readonly slots: readonly Slot[];
  readonly claim: Claim;
}

/** Whether the group's suites can start on a free slot of the pool now. */
export function fits(pool: FleetPool, group: SuiteGroup): boolean {
  return allocationOn(pool, group as BacklogGroup) !== undefined;
}

/** An allocation for the group's head on any pool; undefined when it cannot start now. */
export function anyAllocation(group: BacklogGroup): Allocation | undefined {
  for (const pool of group.claimByPool.keys()) {
    const allocation = allocationOn(pool, group);
    if (allocation !== undefined) return allocation;
  }
  return undefined;
}

/**
 * An allocation for the group's head on the pool; undefined when it cannot start there now.
 * @param slot Default: the pool's first free slot.
 */
export function allocationOn(
  pool: FleetPool,
  group: BacklogGroup,
  slot = pool.freeSlots[0]?.slot,
): Allocation | undefined {
  const claim = group.claimByPool.get(pool);
  if (slot === undefined || claim === undefined || nowRejection(slot, claim, pool.load)) return undefined;
  const { permits } = pool.load;
  const count = group.deviceCountOn(pool);
  if (count === 1) return permits.refusal(claim) ? undefined : { group, pool, slots: [slot], claim };
  const partners = partnersOf(pool, group);
  const team = permits.isShared ? permitTeamOf(pool, group)?.map(({ name }) => name) : undefined;
  const slots = [slot, ...partners.filter((partner) => team?.includes(partner.type) ?? true)].slice(0, count);
  if (slots.length < count || (permits.isShared && team === undefined)) return undefined;
  const wholeClaim = claimOnAll(slots, claim);
  return permits.refusal(wholeClaim) ? undefined : { group, pool, slots, claim: wholeClaim };
}

/**
 * What a reservation can book now: the slot and as many further slots as are free. They may be too few, and other budgets
 * may be exceeded.
 */
export function partialAllocation(pool: FleetPool, group: BacklogGroup, slot: Slot): Allocation | undefined {
  const claim = group.claimByPool.get(pool);
  if (claim === undefined) return undefined;
  const slots = [slot, ...partnersOf(pool, group)].slice(0, group.deviceCountOn(pool));
  return { group, pool, slots, claim: claimOnAll(slots, claim) };
}

/** Free slots of further devices of the machine that suit the group, those of the same device kind first. */
function partnersOf(pool: FleetPool, group: BacklogGroup): readonly Slot[] {
  const kindRank = ({ deviceKind }: FleetPool) => (deviceKind === pool.deviceKind ? 0 : 1);
  return [...pool.siblings]
    .filter((other) => other !== pool && other.device.class === pool.device.class)
    .sort((a, b) => kindRank(a) - kindRank(b))
    .flatMap((other) => {
      const slot = other.freeSlots[0]?.slot;
      const claim = group.claimByPool.get(other);
      return slot && claim && !nowRejection(slot, claim, other.load) ? slot : [];
    });
}

function claimOnAll(slots: readonly Slot[], claim: Claim): Claim {
  return { ...claim, deviceIds: slots.map(({ device }) => device.id) };
}
