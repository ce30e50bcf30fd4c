import type { Backlog } from './backlog.js';
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
  passing(turn: Turn, { siblings }: FleetType): void {
    const types = [...siblings].filter(({ free }) => free.length > 0);
    for (const group of this.#backlog.groups) {
      if (!comesBefore(group.head.turn, turn)) continue;
      const here = types.filter((type) => group.slotTypes.has(type));
      if (here.length > 0 && !here.some((type) => fits(type, group))) group.passes++;
    }
  }

  /** The one that has room booked goes on having it; else the earliest. */
  #mostOverdue(): Group | undefined {
    if (this.#room && isOverdue(this.#room.group)) return this.#room.group;
    let first: Group | undefined;
    for (const group of this.#backlog.groups) {
      const earlier = isOverdue(group) && (!first || comesBefore(group.head.turn, first.head.turn));
      if (earlier) first = group;
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
  if (group.passes < passesBeforeReservation || group.size === 0) return false;
  return [...group.slotTypes.keys()].some(({ free }) => free.length > 0);
}
