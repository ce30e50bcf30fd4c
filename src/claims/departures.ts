import type { Machine } from '../core/machine/machine.js';
import type { Permit } from '../core/machine/permits.js';
import type { Ticket } from './ticket.js';

/** The run's workers, as far as they hold devices. */
export interface DeviceWorkers {
  /** Somebody else has the devices: starts a worker for them meanwhile. */
  prepare(machine: Machine, deviceIds: readonly string[]): void;
  /** Resolves when no idle worker holds any of the devices' memory; must not reject. */
  endIdle(deviceIds: readonly string[]): Promise<void>;
}

/** Releases tickets when nothing of the run holds memory of their devices any more: the next run is promised all of it. */
export class Departures {
  readonly #workers: DeviceWorkers;
  readonly #leaving = new Set<Ticket>();

  constructor(workers: DeviceWorkers) {
    this.#workers = workers;
  }

  release(ticket: Ticket, { deviceIds }: Permit): void {
    if (deviceIds.length === 0) {
      ticket.release();
      return;
    }
    this.#leaving.add(ticket);
    void this.#workers.endIdle(deviceIds).then(() => {
      this.#leaving.delete(ticket);
      ticket.release();
    });
  }

  /** Releases at once what was waited for. Synchronous. */
  close(): void {
    for (const ticket of this.#leaving) ticket.release();
  }
}
