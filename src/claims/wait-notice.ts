import { relative } from 'node:path';
import type { Machine } from '../core/machine/machine.js';
import { heldText, ownSuite, type Permit } from '../core/machine/permits.js';
import { formatElapsed } from '../core/vocabulary/units.js';
import { resourceText } from './resources.js';
import type { Ticket } from './ticket.js';

/** The first notice of a wait, and how often it is repeated. */
const sayAfterMs = 3000;
const sayEveryMs = 60_000;

/** Tells the user which run or suite a long wait is for. */
export class WaitNotice {
  readonly #machine: Machine;
  readonly #say: (message: string) => void;
  readonly #timers = new Map<Ticket, NodeJS.Timeout>();

  constructor(machine: Machine, say: (message: string) => void) {
    this.#machine = machine;
    this.#say = say;
  }

  /** The ticket waits from now on. */
  begin(ticket: Ticket, permit: Permit): void {
    this.#sayAfter(sayAfterMs, ticket, permit);
  }

  /** It waits no longer. */
  end(ticket: Ticket | undefined): void {
    if (ticket === undefined) return;
    clearTimeout(this.#timers.get(ticket));
    this.#timers.delete(ticket);
  }

  #sayAfter(afterMs: number, ticket: Ticket, permit: Permit): void {
    const timer = setTimeout(() => {
      // Waiting for another suite of the same run is normal.
      if (ticket.holder()?.content.pid !== process.pid) {
        this.#say(`jest-runner-hardware: waiting: ${blockedText(ticket, permit, this.#machine, true)}`);
      }
      this.#sayAfter(sayEveryMs, ticket, permit);
    }, afterMs);
    this.#timers.set(ticket, timer.unref());
  }
}

/** `gpu0 is held by pid 4711 in ../app`, and for a person `, 2:10`. */
export function blockedText(ticket: Ticket, permit: Permit, machine: Machine, withTime = false): string {
  const holder = ticket.holder();
  if (holder === undefined) return `${permit.deviceIds.join(' and ') || 'the machine'} is about to be free`;
  const { resource, content } = holder;
  const { pid, cwd, sinceMs } = content;
  const what = resourceText(resource, machine);
  if (pid === process.pid) return heldText(what, ownSuite);
  const near = relative(process.cwd(), cwd) || '.';
  const where = near.length < cwd.length ? near : cwd;
  const time = withTime ? `, ${formatElapsed(Math.max(0, Date.now() - sinceMs))}` : '';
  return heldText(what, `pid ${pid} in ${where}${time}`);
}
