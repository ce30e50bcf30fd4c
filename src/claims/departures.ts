import type { Machine } from '../core/machine/machine.js';
import type { Permit } from '../core/machine/permits.js';
import type { Ticket } from './ticket.js';

/** The run's worker processes, whose memory on a device outlives the suites that ran in them. */
export interface DeviceWorkers {
  /** Starts a worker for the devices while another run still holds them. */
  prepare(machine: Machine, deviceIds: readonly string[]): void;
  /** Ends idle workers that were bound to the devices; resolves when they are gone. Must not reject. */
  endIdle(deviceIds: readonly string[]): Promise<void>;
}

/** Releases tickets after the workers of their devices have ended, because the next run expects all of the memory. */
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

  /** Releases all remaining tickets without waiting. Synchronous. */
  close(): void {
    for (const ticket of this.#leaving) ticket.release();
  }
}
