import type { Permit } from '../core/machine/permits.js';
import type { PermitAccount } from './permit-account.js';

/** Measures how much of a device's memory other programs have taken. */
export interface MemoryWatch {
  /** A suite of this run starts to use the devices. @returns To be called when it has ended. */
  begin(deviceIds: readonly string[]): () => void;
  /** Measures and tells the run; never rejects. Undefined: no suite needs memory of these devices. */
  measure(deviceIds: readonly string[]): Promise<void> | undefined;
  /** Ends it: nothing is told from now on. */
  close(): void;
}

/** There is no event for memory that becomes free, so it is polled. */
const pollMs = 5000;

/** Measures the memory of devices before the scheduler gets the permits for them. */
export class MemoryGate {
  readonly #memory: MemoryWatch;
  readonly #timers = new Map<PermitAccount, NodeJS.Timeout>();
  #closed = false;

  constructor(memory: MemoryWatch) {
    this.#memory = memory;
  }

  /** Resolves when the run was told; undefined: nothing to measure. */
  measure({ deviceIds }: Permit): Promise<void> | undefined {
    return this.#memory.measure(deviceIds);
  }

  /** Polls while no suite uses the permit: the memory may be too full for the suites that wait. */
  pollWhileUnused(account: PermitAccount): void {
    clearTimeout(this.#timers.get(account));
    const timer = setTimeout(() => {
      if (this.#closed || !account.held.some(({ fresh }) => fresh)) return;
      void this.measure(account.permit)?.then(() => this.pollWhileUnused(account));
    }, pollMs);
    this.#timers.set(account, timer);
  }

  /** See {@link MemoryWatch.begin}. */
  begin({ deviceIds }: Pick<Permit, 'deviceIds'>): () => void {
    return this.#memory.begin(deviceIds);
  }

  close(): void {
    this.#closed = true;
    this.#memory.close();
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}
