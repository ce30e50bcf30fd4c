import type { Backlog, Demand } from './backlog.js';
import type { Fleet, FleetType } from './fleet.js';
import type { Group } from './group.js';
import { fits, partOfRoom, type Room, roomFor } from './room.js';
import type { Turn } from './strategies/strategy.js';
import { comesBefore } from './strategies/turn.js';

/** When this many later suites have started on machines where a suite found no room, room is kept for it. */
const passesBeforeReservation = 32;

/**
 * Keeps small suites from starving a big one. What the suite would take is booked on one of its machines as if it ran:
 * others start there only beside it, so that the machine drains as far as needed. One suite at a time, so that no two
 * reservations can wait for each other.
 */
export class Reservation {
  readonly #fleet: Fleet;
  readonly #backlog: Backlog;
  /** Kept while suspended, so that the same slot is booked again. */
  #room: Room | undefined;
  #booked = false;
  readonly #overdue = new Set<Group>();

  constructor(fleet: Fleet, backlog: Backlog) {
    this.#fleet = fleet;
    this.#backlog = backlog;
  }

  /** Books nothing until `renew`. To be called before slots go down or suites come and go. */
  suspend(): void {
    if (this.#room && this.#booked) this.#fleet.release(this.#room.slots, this.#room.claim);
    this.#booked = false;
  }

  /** Books room for the suite that was passed over too often, or returns it when it is there: then it must start. */
  renew(): Room | undefined {
    this.suspend();
    const group = this.#mostOverdue();
    const room = group && roomFor(group);
    this.#room = group && !room ? this.#choose(group) : undefined;
    if (this.#room) {
      this.#fleet.take(this.#room.slots, this.#room.claim);
      this.#booked = true;
    }
    return room;
  }

  /** Tells that a suite is about to start; counts the earlier ones that find no room on that machine. */
  passing(turn: Turn, type: FleetType): void {
    if (hasRoomForAll(type, this.#backlog.peak)) return;
    const types = [...type.siblings].filter(({ free }) => free.length > 0);
    for (const group of this.#backlog.groups) {
      if (!comesBefore(group.head.turn, turn)) continue;
      const here = types.filter((each) => group.slotTypes.has(each));
      if (here.length === 0 || here.some((each) => fits(each, group))) continue;
      group.passes++;
      if (isOverdue(group)) this.#overdue.add(group);
    }
  }

  /** The one that has room booked goes on having it; else the earliest. */
  #mostOverdue(): Group | undefined {
    if (this.#room && isOverdue(this.#room.group) && hasFreeSlot(this.#room.group)) return this.#room.group;
    let first: Group | undefined;
    for (const group of this.#overdue) {
      if (!isOverdue(group)) this.#overdue.delete(group);
      else if (!hasFreeSlot(group)) continue;
      else if (!first || comesBefore(group.head.turn, first.head.turn)) first = group;
    }
    return first;
  }

  /** The slot booked before, else one on the machine where the least is running. */
  #choose(group: Group): Room | undefined {
    const before = this.#room?.slots[0]?.id;
    const rank = ({ free, load }: FleetType) => (free.some(({ id }) => id === before) ? -1 : load.suites);
    const [type] = [...group.slotTypes.keys()]
      .filter(({ free }) => free.length > 0)
      .sort((a, b) => rank(a) - rank(b));
    const slot = type?.free.find(({ id }) => id === before) ?? type?.free[0];
    return type && slot && partOfRoom(type, group, slot.slot);
  }
}

function isOverdue(group: Group): boolean {
  return group.passes >= passesBeforeReservation && group.size > 0;
}

function hasFreeSlot(group: Group): boolean {
  return [...group.slotTypes.keys()].some(({ free }) => free.length > 0);
}

/** True when whatever is pending finds room on the machine as long as one of its slots is free. */
function hasRoomForAll({ load, slot }: FleetType, peak: Demand): boolean {
  return (
    peak.isPlain &&
    load.exclusiveSuites === 0 &&
    load.hotDevices.size === 0 &&
    load.suites < slot.machineWorkers &&
    load.cpuThreads + peak.cpuThreads <= slot.machineCpuThreads &&
    load.hostMemoryBytes + peak.hostMemoryBytes <= slot.machine.memoryBudgetBytes
  );
}
