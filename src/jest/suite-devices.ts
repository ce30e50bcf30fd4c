import type { RunEvent } from '../core/events.js';
import type { Slot } from '../core/machine/machine.js';
import { deviceName } from '../core/scheduler/device-name.js';

/** Where the suites of a run ran, while it goes on. */
export class SuiteDevices {
  readonly #events: readonly RunEvent[];
  readonly #slots = new Map<string, Slot>();
  readonly #machines = new Set<string>();
  readonly #slotBySuite = new Map<string, string>();
  #seen = 0;

  /** @param events Of the run; more of them come while it goes on. */
  constructor(events: readonly RunEvent[]) {
    this.#events = events;
  }

  /** `gpu0 (NVIDIA A10)`, of several machines `gpu-box/gpu0 (NVIDIA A10)`; undefined for a suite that was never started. */
  deviceOf(suiteId: string): string | undefined {
    for (; this.#seen < this.#events.length; this.#seen++) this.#note(this.#events[this.#seen]);
    const slot = this.#slots.get(this.#slotBySuite.get(suiteId) ?? '');
    if (slot === undefined) return undefined;
    return `${this.#machines.size > 1 ? `${slot.machine.name}/` : ''}${deviceName(slot.device)}`;
  }

  #note(event: RunEvent | undefined): void {
    if (event?.type === 'slot-up') {
      this.#slots.set(event.slot.id, event.slot);
      this.#machines.add(event.slot.machine.name);
    } else if (event?.type === 'suite-started') {
      this.#slotBySuite.set(event.placement.suiteId, event.placement.slotId);
    } else if (event?.type === 'suite-ended' && event.status !== 'cancelled') {
      // Of two attempts at once, the one that gave the result.
      this.#slotBySuite.set(event.suiteId, event.slotId);
    }
  }
}
