import type { Estimate } from '../events.js';
import type { Claim, Slot } from '../machine/machine.js';
import { bug } from '../vocabulary/bug.js';
import type { PendingAttempt } from './backlog-group.js';
import type { FleetPool } from './fleet.js';

/** A suite that is running. */
export interface Attempt {
  readonly pending: PendingAttempt;
  readonly pool: FleetPool;
  /** One for each device that the suite holds; the first is the one that the placement names. */
  readonly slots: readonly Slot[];
  /** What it takes; with successors: what it or any of them takes, each figure by itself. */
  claim: Claim;
  readonly degraded: boolean;
  readonly estimate: Estimate;
  readonly startedAtMs: number;
  /** True when it was started beside another attempt at the same suite. */
  readonly speculative: boolean;
  /** Others used the place when it started: it may have to wait for its turn there. */
  readonly waits: boolean;
  /** Another attempt has given the suite's result, so the result of this one will not count. */
  stopped: boolean;
}

/** All attempts that are running, by slot and by suite. */
export class Attempts {
  readonly #all = new Set<Attempt>();
  readonly #bySlot = new Map<string, Attempt>();
  readonly #bySuite = new Map<string, Attempt[]>();
  readonly #lastNumbers = new Map<string, number>();
  #freedSlotIds: string[] = [];
  /** Those that may want a successor: the others have been asked, and what they said has not changed since. */
  readonly unasked = new Set<Attempt>();

  get size(): number {
    return this.#all.size;
  }

  /** In the order of their starts. */
  get all(): Iterable<Attempt> {
    return this.#all;
  }

  /** The attempt that holds the slot, as its first or as a further one. */
  holderOf(slotId: string): Attempt | undefined {
    return this.#bySlot.get(slotId);
  }

  /** Other attempts that are running at the same suite. */
  rivalsOf(attempt: Attempt): readonly Attempt[] {
    return this.runningAt(attempt.pending.suite.id).filter((other) => other !== attempt);
  }

  runningAt(suiteId: string): readonly Attempt[] {
    return this.#bySuite.get(suiteId) ?? [];
  }

  /** The number of the suite's last attempt, even if it has ended; 0 when there was none. */
  lastNumberOf(suiteId: string): number {
    return this.#lastNumbers.get(suiteId) ?? 0;
  }

  /** To be called when no further attempt at the suite will follow. */
  forgetNumberOf(suiteId: string): void {
    this.#lastNumbers.delete(suiteId);
  }

  /** All attempts are to be asked again whether they want a successor. */
  askAgain(): void {
    for (const attempt of this.#all) this.unasked.add(attempt);
  }

  /** @returns Slots whose suites have ended since the last call. */
  takeFreedSlotIds(): readonly string[] {
    const freed = this.#freedSlotIds;
    this.#freedSlotIds = [];
    return freed;
  }

  add(attempt: Attempt): void {
    const { id } = attempt.pending.suite;
    this.#lastNumbers.set(id, attempt.pending.attempt);
    this.#all.add(attempt);
    this.unasked.add(attempt);
    for (const slot of attempt.slots) this.#bySlot.set(slot.id, attempt);
    this.#bySuite.set(id, [...this.runningAt(id), attempt]);
  }

  delete(attempt: Attempt): void {
    const { id } = attempt.pending.suite;
    this.#all.delete(attempt);
    this.unasked.delete(attempt);
    for (const slot of attempt.slots) {
      this.#bySlot.delete(slot.id);
      this.#freedSlotIds.push(slot.id);
    }
    const rivals = this.rivalsOf(attempt);
    if (rivals.length === 0) this.#bySuite.delete(id);
    else this.#bySuite.set(id, [...rivals]);
  }
}

/** The slot by which events name the attempt. */
export function firstSlotOf({ slots: [first] }: Pick<Attempt, 'slots'>): Slot {
  if (first === undefined) throw bug('A suite runs on no slot.');
  return first;
}
