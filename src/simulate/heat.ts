import type { RunEvent } from '../core/events.js';
import { HeatWatch, heatLimitsOf, temperatureAfter, timeToReach } from '../core/machine/heat.js';
import type { Slot } from '../core/machine/machine.js';

/** Made up, so that a device under full load gets too hot after one to two minutes. */
const thermals = {
  ambientC: 35,
  /** Temperature that a device under full load approaches. */
  fullLoadC: { cpu: 103, other: 96 },
  /** Time in which 63 % of a change of temperature happens. */
  timeConstantMs: 90_000,
} as const;

interface Body {
  readonly slots: number;
  readonly slot: Slot;
  celsius: number;
  busy: number;
  atMs: number;
  /** Counts changes of load. A heat change that was foreseen under an earlier load does not happen. */
  loads: number;
}

/** A future change between hot and cool, which happens unless the load changes before. */
export interface HeatChange {
  readonly atMs: number;
  readonly key: string;
  readonly loads: number;
}

/** Simulated temperatures. A device gets hotter with the share of its slots that are busy. */
export class SimulatedHeat {
  readonly #bodies = new Map<string, Body>();
  readonly #watch = new HeatWatch();

  constructor(slots: readonly Slot[]) {
    for (const slot of slots) {
      const key = keyOf(slot);
      const count = (this.#bodies.get(key)?.slots ?? 0) + 1;
      this.#bodies.set(key, { slots: count, slot, celsius: thermals.ambientC, busy: 0, atMs: 0, loads: 0 });
    }
  }

  /** Counts one suite more (1) or fewer (-1) on the slot's device. @returns The next change to check, if any. */
  changeLoad(slot: Slot, by: 1 | -1, atMs: number): HeatChange | undefined {
    const key = keyOf(slot);
    const body = this.#advance(key, atMs);
    if (body === undefined) return undefined;
    body.busy = Math.max(0, body.busy + by);
    body.loads++;
    return this.#nextChange(key, body);
  }

  /** Checks a foreseen change. @returns An event when the device became hot or cool, and the next change to check. */
  check({ key, loads, atMs }: HeatChange): {
    readonly next?: HeatChange | undefined;
    readonly event?: RunEvent;
  } {
    if (this.#bodies.get(key)?.loads !== loads) return {};
    const body = this.#advance(key, atMs);
    if (body === undefined) return {};
    const { device, machine } = body.slot;
    // Rounded, so that a temperature a hair below the limit counts as the limit.
    const celsius = Math.round(body.celsius * 100) / 100;
    const hot = this.#watch.update(key, celsius, heatLimitsOf(device.class));
    const event = {
      type: 'device-heat',
      atMs,
      machine: machine.name,
      deviceId: device.id,
      celsius,
      source: 'simulated',
    } as const;
    return { next: this.#nextChange(key, body), ...(hot !== undefined && { event: { ...event, hot } }) };
  }

  #advance(key: string, atMs: number): Body | undefined {
    const body = this.#bodies.get(key);
    if (body === undefined) return undefined;
    body.celsius = temperatureAfter(body.celsius, steadyOf(body), thermals.timeConstantMs, atMs - body.atMs);
    body.atMs = atMs;
    return body;
  }

  #nextChange(key: string, body: Body): HeatChange | undefined {
    const { throttleC, recoverC } = heatLimitsOf(body.slot.device.class);
    const steadyC = steadyOf(body);
    const limitC = steadyC > body.celsius ? throttleC : recoverC;
    const leftMs = timeToReach(limitC, body.celsius, steadyC, thermals.timeConstantMs);
    return leftMs === undefined
      ? undefined
      : { key, loads: body.loads, atMs: Math.ceil(body.atMs + leftMs) + 1 };
  }
}

function steadyOf({ slot, slots, busy }: Body): number {
  const { ambientC, fullLoadC } = thermals;
  const full = slot.device.class === 'cpu' ? fullLoadC.cpu : fullLoadC.other;
  return ambientC + (full - ambientC) * Math.min(1, busy / slots);
}

function keyOf({ machine, device }: Slot): string {
  return `${machine.name}/${device.id}`;
}
