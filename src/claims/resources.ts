import type { Device, Machine } from '../core/machine/machine.js';
import type { Permit } from '../core/machine/permits.js';
import { everybody, type Need, type Needs } from './needs.js';

/** Every suite takes one unit, an exclusive suite takes all units. */
const wholeMachine = 'machine';

/** Devices that one run at a time uses. Not the CPU, which workers and budgets share out, nor devices that it emulates. */
export function claimedDevices({ devices }: Machine): readonly Device[] {
  return devices.filter((device) => device.usable && device.class !== 'cpu' && !device.software);
}

/** The resources that a ticket claims for a permit. */
export function needsOf({ deviceIds, locks, exclusive }: Permit, machine: Machine): Needs {
  const needs: [string, Need][] = [[wholeMachine, { units: exclusive ? everybody : 1, of: everybody }]];
  for (const id of deviceIds) {
    const device = machine.devices.find((each) => each.id === id);
    if (device === undefined) continue;
    for (const name of namesOf(device, machine)) needs.push([name, { units: 1, of: device.shares ?? 1 }]);
  }
  for (const lock of locks) needs.push([`lock ${lock}`, { units: 1, of: 1 }]);
  return Object.fromEntries(needs);
}

/** The name of a resource in messages. */
export function resourceText(resource: string, machine: Machine): string {
  if (resource === wholeMachine) return 'the machine';
  const device = claimedDevices(machine).find((each) => namesOf(each, machine).includes(resource));
  return device?.id ?? resource;
}

/**
 * The names under which a device is claimed. All names that are known: one run may know the UUID, and another one, in a
 * container without the vendor's tool, only the bus address.
 */
function namesOf(device: Device, machine: Machine): readonly string[] {
  const { devices } = machine;
  const carrier = device.architecture === 'gpu-webgpu' ? carrierOf(device, devices) : device;
  if (carrier !== device) return namesOf(carrier, machine);
  const { uuid, pciAddress } = device;
  // Slices and partitions of a card have the card's address, and are used side by side.
  const isOwn = devices.filter((other) => other.pciAddress === pciAddress).length === 1;
  const names = [
    ...(uuid === undefined ? [] : [uuid]),
    ...(pciAddress !== undefined && isOwn ? [`pci ${pciAddress.toLowerCase()}`] : []),
  ];
  if (names.length > 0) return names;
  if (device.evidence['class']?.confidence === 'declared') return [`${machine.machine.name}/${device.id}`];
  const alike = devices.filter((other) => other.class === device.class && other.model === device.model);
  return [`${device.class} ${device.model ?? ''} ${alike.indexOf(device)}`];
}

/** The card that a browser's adapter computes on, where there is only one that it can be. */
function carrierOf(adapter: Device, devices: readonly Device[]): Device {
  const cards = devices.filter(
    ({ class: deviceClass, architecture, software, vendor, usable }) =>
      deviceClass === adapter.class &&
      architecture !== 'gpu-webgpu' &&
      !software &&
      usable &&
      (vendor === undefined || adapter.vendor === undefined || vendor === adapter.vendor),
  );
  const [card] = cards;
  return card !== undefined && cards.length === 1 ? card : adapter;
}
