import type { RunEvent, Suite } from '../../core/events.js';
import type { Machine, Slot } from '../../core/machine/machine.js';
import { smallestChanges, smallestChangeText } from '../../core/offline/smallest-change.js';

/** Follows a run's events and says what would let a suite run that was refused. */
export class RefusedSuites {
  readonly #machines = new Map<string, Machine>();
  /** One slot of each pool: equal slots refuse alike. */
  readonly #slots = new Map<string, Slot>();
  readonly #suites = new Map<string, Suite>();
  /** By profile, as suites that ask for the same are refused together. */
  readonly #known = new Map<string, string | undefined>();

  event(event: RunEvent): void {
    if (event.type === 'machine-known') this.#machines.set(event.machine.machine.name, event.machine);
    else if (event.type === 'slot-up') this.#slots.set(event.slot.type, event.slot);
    else if (event.type === 'suite-queued') this.#suites.set(event.suite.id, event.suite);
    else return;
    this.#known.clear();
  }

  /**
   * The smallest change of a machine or of what the suite asks for: `would run on 3 machines with 2 GiB less on the device`.
   * To run on a class of hardware that it does not ask for is no small change: a suite for GPUs tests the GPU.
   * @returns Undefined when nothing near would do.
   */
  changeFor(suiteId: string): string | undefined {
    const suite = this.#suites.get(suiteId);
    if (suite === undefined) return undefined;
    const key = JSON.stringify(suite.profile);
    if (!this.#known.has(key)) {
      const changes = smallestChanges(suite, [...this.#slots.values()], this.#machines.values());
      const smallest = changes.find((change) => change.of !== 'class');
      this.#known.set(key, smallest && smallestChangeText(smallest));
    }
    return this.#known.get(key);
  }
}
