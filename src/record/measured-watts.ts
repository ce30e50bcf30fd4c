import type { RunEvent } from '../core/events.js';
import { deviceKindOf, type Machine, type Slot } from '../core/machine/machine.js';

/** Devices that were busy for less time teach nothing: their figures are too noisy. */
const leastBusyMs = 1000;
/** α of the exponentially weighted moving average over runs. */
const newestWeight = 0.3;

/** Average power by kind of device while suites held it, W > 0. */
export type MeasuredWatts = ReadonlyMap<string, number>;

/** The averages with one run added. */
export function withRun(before: MeasuredWatts, events: readonly RunEvent[]): MeasuredWatts {
  const after = new Map(before);
  for (const [kind, { joules, busyMs }] of useByKind(events)) {
    if (busyMs < leastBusyMs || joules <= 0) continue;
    const watts = (1000 * joules) / busyMs;
    const known = before.get(kind) ?? watts;
    after.set(kind, Math.max(0.1, Math.round(10 * (known + newestWeight * (watts - known))) / 10));
  }
  return after;
}

/** The machine with the measured power of its devices, which strategies prefer to the rated power. */
export function withMeasuredWatts(machine: Machine, watts: MeasuredWatts): Machine {
  if (watts.size === 0) return machine;
  const devices = machine.devices.map((device) => {
    const measuredWatts = device.measuredWatts ?? watts.get(deviceKindOf(device));
    return measuredWatts === undefined ? device : { ...device, measuredWatts };
  });
  return { ...machine, devices };
}

/** Energy by kind of device, and for how long at least one measured suite held the device. */
function useByKind(events: readonly RunEvent[]): ReadonlyMap<string, { joules: number; busyMs: number }> {
  const slots = new Map<string, Slot>();
  const kinds = new Map<string, string>();
  const startedAtMs = new Map<string, number>();
  const held = new Map<string, { fromMs: number; toMs: number; joules: number }[]>();
  for (const event of events) {
    if (event.type === 'slot-up') {
      slots.set(event.slot.id, event.slot);
      kinds.set(event.slot.type, deviceKindOf(event.slot.device));
    } else if (event.type === 'suite-started') {
      startedAtMs.set(`${event.attempt} ${event.placement.suiteId}`, event.atMs);
    } else if (event.type === 'suite-ended') {
      const fromMs = startedAtMs.get(`${event.attempt} ${event.suiteId}`);
      const machine = slots.get(event.slotId)?.machine.name;
      if (fromMs === undefined || machine === undefined) continue;
      for (const [deviceId, joules] of Object.entries(event.energyJoules ?? {})) {
        const type = `${machine}/${deviceId}`;
        held.set(type, [...(held.get(type) ?? []), { fromMs, toMs: event.atMs, joules }]);
      }
    }
  }
  const use = new Map<string, { joules: number; busyMs: number }>();
  for (const [type, times] of held) {
    const kind = kinds.get(type);
    if (kind === undefined) continue;
    const sum = use.get(kind) ?? { joules: 0, busyMs: 0 };
    use.set(kind, sum);
    let untilMs = 0;
    for (const { fromMs, toMs, joules } of times.sort((a, b) => a.fromMs - b.fromMs)) {
      sum.joules += joules;
      sum.busyMs += Math.max(0, toMs - Math.max(fromMs, untilMs));
      untilMs = Math.max(untilMs, toMs);
    }
  }
  return use;
}
