import { isForMany, type Permit } from '../core/machine/permits.js';
import type { Ticket } from './ticket.js';

/** A granted ticket that the scheduler may use. */
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
  /** The ticket that waits in the queue. */
  waiting: Ticket | undefined;
  /** A granted ticket of which the scheduler learns when the devices' memory has been measured. */
  measuring: Ticket | undefined;
  /** True: the last ticket was not used, so none is requested until something else happens. */
  resting = false;
  readonly #forMany: boolean;
  readonly #mostAtOnce: number;
  #held: readonly Held[] = [];
  /** Withdrawn from the scheduler, and released as soon as their suites have ended. */
  #draining: readonly Ticket[] = [];
  #used = 0;

  /** @param mostAtOnce How many suites of the run could use such permits at once. */
  constructor(permit: Permit, mostAtOnce: number) {
    this.permit = permit;
    this.#forMany = isForMany(permit);
    this.#mostAtOnce = mostAtOnce;
  }

  /** An attempt starts to use a held ticket. */
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

  /** Whether one more ticket could be used and none is requested yet. */
  get lacksTicket(): boolean {
    if (this.waiting !== undefined || this.resting || this.measuring !== undefined) return false;
    if (this.#forMany) return this.#held.length === 0;
    const count = this.#held.length;
    return count <= this.#used && count + this.#draining.length < this.#mostAtOnce;
  }

  addGranted(ticket: Ticket, endsBefore: number): void {
    this.#held = [...this.#held, { ticket, fresh: true, endsBefore }];
  }

  /** Withdraws the ticket; {@link takeDrained} returns it when its suites have ended. */
  drain(held: Held): void {
    this.#held = this.#held.filter((other) => other !== held);
    this.#draining = [...this.#draining, held.ticket];
  }

  /** Removes and returns the drained tickets that no suite uses any more. */
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

  /** Idle tickets that another ticket in the queue waits for, even if it has not connected yet. */
  contended(): readonly Held[] {
    const used = this.#held.filter(({ fresh, ticket }) => !fresh && !this.#forMany && ticket.isContended());
    return used.slice(0, Math.max(0, this.#held.length - this.#used));
  }

  /** An idle ticket that the next suite would use. */
  get kept(): Held | undefined {
    const kept = this.#held.find(({ fresh }) => !fresh);
    return this.#held.length > this.#used ? kept : undefined;
  }

  /** Takes the ticket from the scheduler without releasing it. */
  withhold(held: Held): void {
    this.#held = this.#held.filter((other) => other !== held);
  }

  /** Leaves the queue. */
  stopWaiting(): void {
    this.waiting?.release();
    this.waiting = undefined;
  }

  /** Releases every ticket. Synchronous. */
  release(): void {
    this.stopWaiting();
    this.measuring?.release();
    this.measuring = undefined;
    for (const { ticket } of this.#held) ticket.release();
    for (const ticket of this.#draining) ticket.release();
    this.#held = [];
    this.#draining = [];
  }
}
