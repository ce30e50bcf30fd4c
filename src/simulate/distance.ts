import type { Slot } from '../core/machine/machine.js';

/** Slots that hear of decisions late: half of their lead is the way there, half the way back. */
export class SimulatedDistance {
  /** When suites that were sent ahead arrive, by suite. */
  readonly #arriveAtMs = new Map<string, number>();
  /** When slots became free as they see it. */
  readonly #freeAtMs = new Map<string, number>();

  send(slot: Slot, suiteId: string, atMs: number): void {
    this.#arriveAtMs.set(suiteId, atMs + orderMs(slot));
  }

  /** @returns Whether it had not started. */
  takeBack(suiteId: string): boolean {
    return this.#arriveAtMs.delete(suiteId);
  }

  /** @returns When the suite really starts. */
  startOn(slot: Slot, suiteId: string, decidedAtMs: number): number {
    const arrivedAtMs = this.#arriveAtMs.get(suiteId);
    this.#arriveAtMs.delete(suiteId);
    if (arrivedAtMs === undefined) return decidedAtMs + orderMs(slot);
    return Math.max(arrivedAtMs, this.#freeAtMs.get(slot.id) ?? 0);
  }

  end(slot: Slot | undefined, toldAtMs: number): void {
    if (slot !== undefined) this.#freeAtMs.set(slot.id, toldAtMs - newsMs(slot));
  }
}

/** From an end on the slot until it is known. */
export function newsMs({ leadMs = 0 }: Slot): number {
  return Math.ceil(leadMs / 2);
}

function orderMs({ leadMs = 0 }: Slot): number {
  return Math.floor(leadMs / 2);
}
