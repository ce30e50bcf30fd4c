import { isForMany, type Permit } from '../core/machine/permits.js';
import type { Ticket } from './ticket.js';

/** A ticket that holds and that the scheduler knows of. */
export interface Held {
  readonly ticket: Ticket;
  /** No suite has run on it yet. */
  fresh: boolean;
  /** How many attempts of the run had ended when it was granted. */
  readonly endsBefore: number;
}

/** The tickets that a run has for one permit, and how many suites use them. */
export class PermitAccount {
  readonly permit: Permit;
  /** In the line; undefined: none is. */
  waiting: Ticket | undefined;
  /** It holds, and is told to the scheduler when it is known what others have taken of the devices. */
  looking: Ticket | undefined;
  /** The last one was of no use: none is asked for until something else happens. */
  resting = false;
  readonly #forMany: boolean;
  readonly #mostAtOnce: number;
  #held: readonly Held[] = [];
  /** No longer told, released as soon as their suites have ended. */
  #draining: readonly Ticket[] = [];
  #used = 0;

  /** @param mostAtOnce How many suites of the run could use such permits at once. */
  constructor(permit: Permit, mostAtOnce: number) {
    this.permit = permit;
    this.#forMany = isForMany(permit);
    this.#mostAtOnce = mostAtOnce;
  }

  /** An attempt begins to use what the scheduler knows of. */
  beginUse(): void {
    this.#used++;
    const fresh = this.#held.find((held) => held.fresh);
    for (const held of this.#forMany ? this.#held : fresh ? [fresh] : []) held.fresh = false;
  }

  endUse(): void {
    this.#used--;
  }

  get held(): readonly Held[] {
    return this.#held;
  }

  /** Whether a further ticket would be of use, and none is on its way. */
  get lacksTicket(): boolean {
    if (this.waiting !== undefined || this.resting || this.looking !== undefined) return false;
    if (this.#forMany) return this.#held.length === 0;
    const count = this.#held.length;
    return count <= this.#used && count + this.#draining.length < this.#mostAtOnce;
  }

  hold(ticket: Ticket, endsBefore: number): void {
    this.#held = [...this.#held, { ticket, fresh: true, endsBefore }];
  }

  /** The ticket is to be released when its suites have ended, see {@link takeDrained}. */
  drain(held: Held): void {
    this.#held = this.#held.filter((other) => other !== held);
    this.#draining = [...this.#draining, held.ticket];
  }

  /** Those drained that no suite uses any more. */
  takeDrained(): readonly Ticket[] {
    const kept = this.#forMany
      ? this.#used > 0
        ? this.#draining.length
        : 0
      : Math.min(this.#draining.length, Math.max(0, this.#used - this.#held.length));
    const drained = this.#draining.slice(0, this.#draining.length - kept);
    this.#draining = this.#draining.slice(drained.length);
    return drained;
  }

  /** Those kept for the next suite, for which somebody waits, also one that has not said so yet. */
  contended(): readonly Held[] {
    const used = this.#held.filter(({ fresh, ticket }) => !fresh && !this.#forMany && ticket.isContended());
    return used.slice(0, Math.max(0, this.#held.length - this.#used));
  }

  /** One that is kept for the next suite. */
  get kept(): Held | undefined {
    const kept = this.#held.find(({ fresh }) => !fresh);
    return this.#held.length > this.#used ? kept : undefined;
  }

  /** The scheduler is to know of it no more; the ticket holds on. */
  hide(held: Held): void {
    this.#held = this.#held.filter((other) => other !== held);
  }

  /** Leaves the line. */
  stopWaiting(): void {
    this.waiting?.release();
    this.waiting = undefined;
  }

  /** Gives everything back, and leaves the line. Synchronous. */
  release(): void {
    this.stopWaiting();
    this.looking?.release();
    this.looking = undefined;
    for (const { ticket } of this.#held) ticket.release();
    for (const ticket of this.#draining) ticket.release();
    this.#held = [];
    this.#draining = [];
  }
}
