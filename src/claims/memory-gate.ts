import type { Permit } from '../core/machine/permits.js';
import type { PermitAccount } from './permit-account.js';

/** Knows how much of a device's memory others have taken. */
export interface MemoryWatch {
  /** A suite is about to use the devices. @returns To be called when it no longer does. */
  begin(deviceIds: readonly string[]): () => void;
  /** Looks, tells the run, and never rejects; undefined: no suite asks for any of it. */
  look(deviceIds: readonly string[]): Promise<void> | undefined;
  /** Tells nothing any more. */
  close(): void;
}

/** Nobody tells when memory becomes free. */
const lookAgainMs = 5000;

/** Has the memory of devices looked at before the scheduler may use permits for them. */
export class MemoryGate {
  readonly #memory: MemoryWatch;
  readonly #timers = new Map<PermitAccount, NodeJS.Timeout>();
  #closed = false;

  constructor(memory: MemoryWatch) {
    this.#memory = memory;
  }

  /** Resolves when the run was told; undefined: there is nothing to look at. */
  look({ deviceIds }: Permit): Promise<void> | undefined {
    return this.#memory.look(deviceIds);
  }

  /** Looks now and then as long as the scheduler has no use for the permit: others may have too much of the memory. */
  lookWhileUnused(account: PermitAccount): void {
    clearTimeout(this.#timers.get(account));
    const timer = setTimeout(() => {
      if (this.#closed || !account.held.some(({ fresh }) => fresh)) return;
      void this.look(account.permit)?.then(() => this.lookWhileUnused(account));
    }, lookAgainMs);
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
