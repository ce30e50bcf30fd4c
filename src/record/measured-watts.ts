import type { RunEvent } from '../core/events.js';
import { deviceKindOf, type Machine, type Slot } from '../core/machine/machine.js';

/** Over less time a figure says nothing of a device. */
const leastBusyMs = 1000;
/** Weight of the newest run in the mean. */
const newestWeight = 0.3;

/** By kind of device, what it drew on average while suites held it, W > 0. */
export type MeasuredWatts = ReadonlyMap<string, number>;

/** What was known, with what a run measured. */
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

/** The machine as strategies should see it: what its devices really draw counts before what they may. */
export function withMeasuredWatts(machine: Machine, watts: MeasuredWatts): Machine {
  if (watts.size === 0) return machine;
  const devices = machine.devices.map((device) => {
    const measuredWatts = device.measuredWatts ?? watts.get(deviceKindOf(device));
    return measuredWatts === undefined ? device : { ...device, measuredWatts };
  });
  return { ...machine, devices };
}

/** What was measured, and how long a device was held by at least one suite of which it was. */
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
