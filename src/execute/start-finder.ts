import type { Placement, RunEvent, Suite } from '../core/events.js';
import type { Machine, Slot } from '../core/machine/machine.js';
import { bug } from '../core/vocabulary/bug.js';
import type { Start } from './executor.js';

/** Remembers the suites, slots and machines of a run, and finds those of a placement by their ids. */
export class StartFinder {
  readonly #suites = new Map<string, Suite>();
  readonly #slots = new Map<string, Slot>();
  readonly #machines = new Map<string, Machine>();

  remember(event: RunEvent): void {
    if (event.type === 'suite-queued') this.#suites.set(event.suite.id, event.suite);
    else if (event.type === 'slot-up') this.#slots.set(event.slot.id, event.slot);
    else if (event.type === 'machine-known') this.#machines.set(event.machine.machine.name, event.machine);
  }

  startOf(placement: Placement, attempt: number): Start {
    const { suiteId, slotId, partnerSlotIds = [] } = placement;
    const slot = known(this.#slots, slotId);
    return {
      suite: known(this.#suites, suiteId),
      attempt,
      placement,
      devices: [slot.device, ...partnerSlotIds.map((id) => known(this.#slots, id).device)],
      machine: known(this.#machines, slot.machine.name),
    };
  }
}

function known<Value>(values: ReadonlyMap<string, Value>, id: string): Value {
  const value = values.get(id);
  if (value === undefined) throw bug(`The run was not told of ${id}.`);
  return value;
}
