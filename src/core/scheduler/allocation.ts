import type { Claim, Slot } from '../machine/machine.js';
import type { Permit } from '../machine/permits.js';
import { nowRejection } from './admission.js';
import { deviceCountOf } from './claim.js';
import type { FleetType } from './fleet.js';
import type { Group } from './group.js';
import type { PendingGroup } from './strategy.js';

/** Free slots for the head of a group. */
export interface Room {
  readonly group: Group;
  readonly type: FleetType;
  /** One for each device it takes, all of one machine, the one of `type` first. */
  readonly slots: readonly Slot[];
  readonly claim: Claim;
}

/** Whether the group's suites fit on a free slot of the type now. */
export function fits(type: FleetType, group: PendingGroup): boolean {
  return roomOn(type, group as Group) !== undefined;
}

/** Where the group's head may start now, on whatever type. */
export function roomFor(group: Group): Room | undefined {
  for (const type of group.slotTypes.keys()) {
    const room = roomOn(type, group);
    if (room !== undefined) return room;
  }
  return undefined;
}

/** Where the group's head may start now with the type's first free slot, or with the one that is named. */
export function roomOn(type: FleetType, group: Group, slot = type.free[0]?.slot): Room | undefined {
  const claim = group.slotTypes.get(type);
  if (slot === undefined || claim === undefined || nowRejection(slot, claim, type.load)) return undefined;
  const { permits } = type.load;
  const count = claimedDevices(group, type);
  if (count === 1) return permits.refusal(claim) ? undefined : { group, type, slots: [slot], claim };
  const partners = partnersOf(type, group);
  const team = permits.isShared ? teamOf(type, group)?.map(({ name }) => name) : undefined;
  const slots = [slot, ...partners.filter((partner) => team?.includes(partner.type) ?? true)].slice(0, count);
  if (slots.length < count || (permits.isShared && team === undefined)) return undefined;
  const onAllOfThem = onAll(slots, claim);
  return permits.refusal(onAllOfThem) ? undefined : { group, type, slots, claim: onAllOfThem };
}

/** What the group's suites may take, of machines that are shared with other runs; any one of them will do. */
export function permitsOf(group: Group): readonly Permit[] {
  return [...group.slotTypes.keys()].flatMap((type) => permitOn(type, group) ?? []);
}

/** What a suite of the group may take on the type, of a machine that is shared with other runs. */
export function permitOn(type: FleetType, group: Group): Permit | undefined {
  const claim = group.slotTypes.get(type);
  const { permits } = type.load;
  if (claim === undefined || !permits.isShared) return undefined;
  if (claimedDevices(group, type) === 1) return permits.permitOf(claim);
  const team = teamOf(type, group);
  if (team?.[0] !== type) return undefined;
  return permits.permitOf({ ...claim, deviceIds: team.map(({ device }) => device.id) });
}

/**
 * The devices that suites of the group take together with this one, where they must be asked for before it is known
 * which are free: each device is in one team, so that the claims of one run do not stand in each other's way.
 */
function teamOf(type: FleetType, group: Group): readonly FleetType[] | undefined {
  const count = claimedDevices(group, type);
  const alike = [...type.siblings].filter(
    (other) => other.device.class === type.device.class && group.slotTypes.has(other),
  );
  alike.sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0));
  const start = alike.indexOf(type);
  const first = start - (start % count);
  const team = alike.slice(first, first + count);
  return team.length === count ? team : undefined;
}

/** The slot and as many of the others as are free, though they may be too few or the machine too full. */
export function partOfRoom(type: FleetType, group: Group, slot: Slot): Room | undefined {
  const claim = group.slotTypes.get(type);
  if (claim === undefined) return undefined;
  const slots = [slot, ...partnersOf(type, group)].slice(0, claimedDevices(group, type));
  return { group, type, slots, claim: onAll(slots, claim) };
}

function claimedDevices(group: Group, type: FleetType): number {
  return group.degraded ? 1 : deviceCountOf(group.head.suite.profile, type.device.class);
}

/** Free slots of the other devices that will do, those of equal kind first. */
function partnersOf(type: FleetType, group: Group): readonly Slot[] {
  const alike = ({ kind }: FleetType) => (kind === type.kind ? 0 : 1);
  return [...type.siblings]
    .filter((other) => other !== type && other.device.class === type.device.class)
    .sort((a, b) => alike(a) - alike(b))
    .flatMap((other) => {
      const slot = other.free[0]?.slot;
      const claim = group.slotTypes.get(other);
      return slot && claim && !nowRejection(slot, claim, other.load) ? slot : [];
    });
}

function onAll(slots: readonly Slot[], claim: Claim): Claim {
  return { ...claim, deviceIds: slots.map(({ device }) => device.id) };
}
