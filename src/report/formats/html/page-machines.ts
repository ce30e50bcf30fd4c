import type { RunEvent } from '../../../core/events.js';
import type { Device } from '../../../core/machine/machine.js';
import type { DeviceSummary, MachineSummary } from '../../summary/machines.js';
import type { RunSummary } from '../../summary/summary.js';
import { isBounded, machineFacts } from '../../text/machine-facts.js';
import type { PageDevice, PageMachine } from './page-data.js';

export function pageMachinesOf(summary: RunSummary, events: readonly RunEvent[]): readonly PageMachine[] {
  const detected = detectedDevices(events);
  const energy = measuredEnergy(summary);
  const heat = new Map(summary.heat.map((each) => [each.device, each]));
  return summary.machines.map((machine) => ({
    name: machine.name,
    facts: factsOf(machine),
    devices: machine.devices.map((device): PageDevice => {
      const { id, type, model, memoryBytes, slots, suites, busyMs, utilisation } = device;
      const { driver, sensors } = detected.get(type) ?? {};
      const hot = heat.get(type);
      const celsius = hot?.celsius ?? sensors?.temperature?.value;
      const joules = energy.get(type);
      return {
        type,
        id,
        class: device.class,
        ...(model !== undefined && { model }),
        ...(driver !== undefined && { driver }),
        ...(memoryBytes !== undefined && isBounded(memoryBytes) && { memoryBytes }),
        remarks: remarksOn(device),
        ...{ slots, suites, busyMs, utilisation },
        ...(celsius !== undefined && { celsius }),
        ...(hot && { hotMs: hot.hotMs }),
        ...(joules !== undefined && { joules: Math.round(joules * 10) / 10 }),
        ...(joules !== undefined && device.energyBasis !== 'measured' && { joulesArePartial: true }),
      };
    }),
  }));
}

function factsOf(machine: MachineSummary): string {
  const { origin } = machine;
  return [...machineFacts(machine), ...(origin === 'detected' ? [] : [origin.replace('-', ' ')])].join(', ');
}

function remarksOn({ origin, software, usable, unusableBecause }: DeviceSummary): readonly string[] {
  return [
    ...(origin === 'detected' ? [] : [origin.replace('-', ' ')]),
    ...(software ? ['emulated on the CPU'] : []),
    ...(usable ? [] : [unusableBecause === undefined ? 'not usable' : `not usable: ${unusableBecause}`]),
  ];
}

function detectedDevices(events: readonly RunEvent[]): ReadonlyMap<string, Device> {
  const devices = new Map<string, Device>();
  for (const event of events) {
    if (event.type === 'machine-known') {
      const { machine, devices: known } = event.machine;
      for (const device of known) devices.set(`${machine.name}/${device.id}`, device);
    } else if (event.type === 'slot-up') devices.set(event.slot.type, event.slot.device);
  }
  return devices;
}

/** Joules by device type, of the attempts for which they were measured. */
function measuredEnergy({ suites }: RunSummary): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { attempts } of suites) {
    for (const { energy } of attempts) {
      for (const [type, { joules, basis }] of Object.entries(energy)) {
        if (basis === 'measured') sums.set(type, (sums.get(type) ?? 0) + joules);
      }
    }
  }
  return sums;
}
