import type { Estimates } from '../estimate/estimate.js';
import { meanResidualLifeMs } from '../estimate/residual-life.js';
import { fits, partOfRoom, type Room, roomOn } from './allocation.js';
import type { Attempt, Attempts } from './attempts.js';
import type { Backlog, Demand } from './backlog.js';
import type { Fleet, FleetType } from './fleet.js';
import type { Group } from './group.js';
import type { Turn } from './strategy.js';
import { comesBefore } from './turn.js';

/** When this many later suites have started on machines where a suite found no room, room is kept for it. */
const passesBeforeReservation = 32;

/** A place is given up when it takes this many times as long as it seemed. */
const patience = 2;

/** Where a suite may wait for room. */
interface Place {
  readonly group: Group;
  readonly types: readonly [FleetType, ...FleetType[]];
}

/** Where it does. */
interface Target extends Place {
  /** When it should end there, ms from now. */
  readonly endMs: number;
  /** If it should end later than this, ms since the run started, another place may be better. */
  readonly latestMs: number;
}

/**
 * Keeps small suites from starving a big one. What the suite would take is booked, as if it ran, on the machine where it
 * should end first: others start there only beside it, so that the machine drains as far as needed. One suite at a time,
 * so that no two reservations can wait for each other.
 */
export class Reservation {
  readonly #fleet: Fleet;
  readonly #backlog: Backlog;
  readonly #attempts: Attempts;
  readonly #estimates: Estimates;
  readonly #overdue = new Set<Group>();
  /** Kept while the group waits, so that the same machine goes on draining. */
  #target: Target | undefined;
  /** Kept while suspended, so that the same slot is booked again. */
  #room: Room | undefined;
  #booked = false;

  constructor(fleet: Fleet, backlog: Backlog, attempts: Attempts, estimates: Estimates) {
    this.#fleet = fleet;
    this.#backlog = backlog;
    this.#attempts = attempts;
    this.#estimates = estimates;
  }

  /** Books nothing until `renew`. To be called before slots go down or suites come and go. */
  suspend(): void {
    if (this.#room && this.#booked) this.#fleet.release(this.#room.slots, this.#room.claim);
    this.#booked = false;
  }

  /** Books room for the suite that was passed over too often, or returns it when it is there: then it must start. */
  renew(nowMs: number): Room | undefined {
    this.suspend();
    const group = this.#mostOverdue();
    this.#target = group && this.#targetFor(group, nowMs);
    if (this.#target === undefined) return undefined;
    const room = this.#roomNow(this.#target);
    this.#room = room ? undefined : this.#part(this.#target);
    if (this.#room) {
      this.#fleet.take(this.#room.slots, this.#room.claim);
      this.#booked = true;
    }
    return room;
  }

  /** For whom room is kept. */
  get beneficiary(): Group | undefined {
    return this.#target?.group;
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

  /** The one that waits goes on waiting; else the earliest. */
  #mostOverdue(): Group | undefined {
    if (this.#target && isOverdue(this.#target.group)) return this.#target.group;
    let first: Group | undefined;
    for (const group of this.#overdue) {
      if (!isOverdue(group)) this.#overdue.delete(group);
      else if (!first || comesBefore(group.head.turn, first.head.turn)) first = group;
    }
    return first;
  }

  /** Where it waits already, else where it should end first. */
  #targetFor(group: Group, nowMs: number): Target | undefined {
    if (this.#target?.group === group && this.#target.types.every((type) => group.slotTypes.has(type))) {
      const endMs = this.#endMs(this.#target, nowMs);
      const isInTime = nowMs + endMs <= this.#target.latestMs;
      if (isInTime && endMs < Number.POSITIVE_INFINITY) return { ...this.#target, endMs };
    }
    let first: Target | undefined;
    for (const place of placesOf(group)) {
      const endMs = this.#endMs(place, nowMs);
      if (first !== undefined && endMs >= first.endMs) continue;
      first = { ...place, endMs, latestMs: nowMs + patience * endMs };
    }
    return first;
  }

  /**
   * When the group's head should end there, ms from now: what runs on the machine is thought away, first what ends
   * first, until there is room. Infinite where that does not help: a device is hot, a lock is held elsewhere.
   */
  #endMs({ group, types }: Place, nowMs: number): number {
    const [first] = types;
    const running = [...this.#attempts.all]
      .filter(({ type }) => type.load === first.load)
      .map((attempt) => ({
        ...attempt,
        leftMs: meanResidualLifeMs(attempt.estimate, nowMs - attempt.startedAtMs),
      }))
      .sort((a, b) => a.leftMs - b.leftMs);
    const ended: Attempt[] = [];
    let drainMs = 0;
    while (!types.some((type) => fits(type, group))) {
      const next = running[ended.length];
      drainMs = next?.leftMs ?? Number.POSITIVE_INFINITY;
      if (next === undefined) break;
      this.#fleet.release(next.slots, next.claim);
      ended.push(next);
    }
    for (const { slots, claim } of ended) this.#fleet.take(slots, claim);
    return drainMs + this.#durationMs(group, first);
  }

  /** Where it can start now and ends no later than where it waits. */
  #roomNow({ group, endMs }: Target): Room | undefined {
    const [best] = [...group.slotTypes.keys()]
      .flatMap((type) => roomOn(type, group) ?? [])
      .map((room) => ({ room, durationMs: this.#durationMs(group, room.type) }))
      .sort((a, b) => a.durationMs - b.durationMs);
    return best && best.durationMs <= endMs ? best.room : undefined;
  }

  #durationMs({ head }: Group, { kind }: FleetType): number {
    return this.#estimates.estimateOf(head.suite, kind).durationMs;
  }

  /** The slot booked before, else a free one, with what else is there of what it needs. */
  #part({ group, types }: Target): Room | undefined {
    const before = this.#room?.slots[0]?.id;
    const free = types.flatMap((type) => type.free.map(({ id, slot }) => ({ type, id, slot })));
    const chosen = free.find(({ id }) => id === before) ?? free[0];
    return chosen && partOfRoom(chosen.type, group, chosen.slot);
  }
}

function isOverdue(group: Group): boolean {
  return group.passes >= passesBeforeReservation && group.size > 0 && group.slotTypes.size > 0;
}

/** The types of each machine that are alike: whichever of them is free first will do. */
function placesOf(group: Group): readonly Place[] {
  const places = new Map<string, [FleetType, ...FleetType[]]>();
  for (const type of group.slotTypes.keys()) {
    const key = JSON.stringify([type.slot.machine.name, type.kind]);
    const types = places.get(key);
    if (types) types.push(type);
    else places.set(key, [type]);
  }
  return [...places.values()].map((types) => ({ group, types }));
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
