import type { Estimate } from '../events.js';
import type { Claim, Slot } from '../machine/machine.js';
import type { FleetType } from './fleet.js';
import type { Pending } from './group.js';

/** A suite that is running. */
export interface Attempt {
  readonly pending: Pending;
  readonly type: FleetType;
  /** One for each device it holds; the first is the one that the placement names. */
  readonly slots: readonly Slot[];
  readonly claim: Claim;
  readonly degraded: boolean;
  readonly estimate: Estimate;
  readonly startedAtMs: number;
  /** True when it was started beside another attempt at the same suite. */
  readonly speculative: boolean;
  /** Another attempt gave the result: whatever comes of this one comes too late. */
  stopped: boolean;
}

/** All attempts that are running, by slot and by suite. */
export class Attempts {
  readonly #all = new Set<Attempt>();
  readonly #bySlot = new Map<string, Attempt>();
  readonly #bySuite = new Map<string, Attempt[]>();
  readonly #lastNumbers = new Map<string, number>();

  get size(): number {
    return this.#all.size;
  }

  /** In the order of their starts. */
  get all(): Iterable<Attempt> {
    return this.#all;
  }

  /** The attempt that holds the slot, as its first or as a further one. */
  on(slotId: string): Attempt | undefined {
    return this.#bySlot.get(slotId);
  }

  /** Those that are running beside this one for the same suite. */
  rivalsOf(attempt: Attempt): readonly Attempt[] {
    return this.of(attempt.pending.suite.id).filter((other) => other !== attempt);
  }

  of(suiteId: string): readonly Attempt[] {
    return this.#bySuite.get(suiteId) ?? [];
  }

  /** The number of the suite's last attempt, also when it has ended; 0: there was none. */
  lastNumberOf(suiteId: string): number {
    return this.#lastNumbers.get(suiteId) ?? 0;
  }

  /** Tells that no further attempt will follow. */
  forget(suiteId: string): void {
    this.#lastNumbers.delete(suiteId);
  }

  add(attempt: Attempt): void {
    const { id } = attempt.pending.suite;
    this.#lastNumbers.set(id, attempt.pending.attempt);
    this.#all.add(attempt);
    for (const slot of attempt.slots) this.#bySlot.set(slot.id, attempt);
    this.#bySuite.set(id, [...this.of(id), attempt]);
  }

  delete(attempt: Attempt): void {
    const { id } = attempt.pending.suite;
    this.#all.delete(attempt);
    for (const slot of attempt.slots) this.#bySlot.delete(slot.id);
    const rivals = this.rivalsOf(attempt);
    if (rivals.length === 0) this.#bySuite.delete(id);
    else this.#bySuite.set(id, [...rivals]);
  }
}
