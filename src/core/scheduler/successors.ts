import type { Estimate } from '../events.js';
import type { Claim, Slot } from '../machine/machine.js';
import type { PendingAttempt } from './backlog-group.js';
import type { FleetPool } from './fleet.js';

/** A suite that waits on a slot's machine for the slot's suite to end. */
export interface Successor {
  readonly pending: PendingAttempt;
  readonly pool: FleetPool;
  readonly slot: Slot;
  readonly claim: Claim;
  readonly degraded: boolean;
  readonly estimate: Estimate;
  /** It was asked back, and its machine has not answered. */
  recalled: boolean;
}

/** All successors, in the order in which they follow on their slots. */
export class Successors {
  readonly #bySlot = new Map<string, readonly Successor[]>();
  readonly #bySuite = new Map<string, Successor>();

  get size(): number {
    return this.#bySuite.size;
  }

  get slotIds(): Iterable<string> {
    return [...this.#bySlot.keys()];
  }

  /** The first one starts next. */
  behind(slotId: string): readonly Successor[] {
    return this.#bySlot.get(slotId) ?? [];
  }

  add(successor: Successor): void {
    const { id } = successor.slot;
    this.#bySlot.set(id, [...this.behind(id), successor]);
    this.#bySuite.set(successor.pending.suite.id, successor);
  }

  /** @returns The one that was removed; undefined when the suite is none. */
  remove(suiteId: string): Successor | undefined {
    const removed = this.#bySuite.get(suiteId);
    if (removed === undefined) return undefined;
    this.#bySuite.delete(suiteId);
    const { id } = removed.slot;
    const left = this.behind(id).filter((each) => each !== removed);
    if (left.length === 0) this.#bySlot.delete(id);
    else this.#bySlot.set(id, left);
    return removed;
  }

  /** @returns All, which are none any more. */
  clear(): readonly Successor[] {
    const all = [...this.#bySlot.values()].flat();
    this.#bySlot.clear();
    this.#bySuite.clear();
    return all;
  }
}
