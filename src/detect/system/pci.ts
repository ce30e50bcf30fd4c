import type { Host } from '../../host/host.js';
import { type PciIdentity, parsePciUevent, pciAddressOf } from './uevent.js';

/** One PCI function as sysfs shows it. */
export interface PciFunction extends PciIdentity {
  /** Where its attributes are: its folder of the bus, then those of the classes that a driver put it into. */
  readonly directories: readonly string[];
  /** What a driver offers for it: `card0`, `renderD128`, `accel0`. */
  readonly nodes: readonly string[];
}

const bus = '/sys/bus/pci/devices';

/**
 * Every PCI function, by address. Read from the bus; a class (DRM, accel) adds nodes, and what the bus does not list.
 * Several probes ask in one detection, and a server has hundreds: a host, which lives for one detection, is read once.
 */
export function pciFunctionsOf(host: Host): readonly PciFunction[] {
  const functions = known.get(host) ?? readFunctions(host);
  known.set(host, functions);
  return functions;
}

const known = new WeakMap<Host, readonly PciFunction[]>();

function readFunctions(host: Host): readonly PciFunction[] {
  const functions: PciFunction[] = host.readDirectory(bus).flatMap((name) => {
    const identity = identityIn(host, `${bus}/${name}`);
    const address = pciAddressOf(name);
    if (identity === undefined) return [];
    return [{ ...identity, ...(address && { address }), directories: [`${bus}/${name}`], nodes: [] }];
  });
  for (const { node, directory } of classEntries(host)) {
    const identity = identityIn(host, directory);
    if (identity === undefined) continue;
    const position = functions.findIndex((other) => isSame(other, identity, node));
    const twin = functions[position] ?? { ...identity, directories: [], nodes: [] };
    const extended = {
      ...twin,
      ...(twin.driver === undefined && identity.driver !== undefined && { driver: identity.driver }),
      directories: [...twin.directories, directory],
      nodes: [...twin.nodes, node],
    };
    functions[position < 0 ? functions.length : position] = extended;
  }
  return functions;
}

/** A one-line attribute of a function; undefined when its driver has none of this name. */
export function attributeOf(host: Host, { directories }: PciFunction, name: string): string | undefined {
  for (const directory of directories) {
    const text = host.readFile(`${directory}/${name}`)?.trim();
    if (text !== undefined && text !== '') return text;
  }
  return undefined;
}

/**
 * Whether it is a virtual function (SR-IOV) that is meant for a virtual machine: nothing uses it here. One that this
 * system's own driver uses is a device like others.
 */
export function isForGuests(host: Host, pci: PciFunction): boolean {
  const isVirtual = pci.directories.some((directory) => host.exists(`${directory}/physfn`));
  return isVirtual && (pci.driver === undefined || isPassedOn(pci));
}

/** Whether a driver holds it for a virtual machine. */
export function isPassedOn({ driver }: PciFunction): boolean {
  return driver !== undefined && passedOn.has(driver);
}

const passedOn: ReadonlySet<string> = new Set(['vfio-pci', 'pci-stub', 'pciback', 'xen-pciback']);

/** `1002:74a1`, as people look it up. */
export function pciIdOf({ vendorId, deviceId }: PciIdentity): string {
  return [vendorId, deviceId].map((id) => id.toString(16).padStart(4, '0')).join(':');
}

function classEntries(host: Host): readonly { readonly node: string; readonly directory: string }[] {
  const entries = (folder: string, pattern: RegExp) =>
    host
      .readDirectory(folder)
      .filter((name) => pattern.test(name))
      .map((node) => ({ node, directory: `${folder}/${node}/device` }));
  return [...entries('/sys/class/drm', /^(card|renderD)\d+$/), ...entries('/sys/class/accel', /^accel\d+$/)];
}

/** By address where both tell one; else the first of that kind which has no such node yet. */
function isSame(known: PciFunction, found: PciIdentity, node: string): boolean {
  if (known.address !== undefined && found.address !== undefined) return known.address === found.address;
  const kind = node.replace(/\d+$/, '');
  return (
    known.vendorId === found.vendorId &&
    known.deviceId === found.deviceId &&
    !known.nodes.some((other) => other.replace(/\d+$/, '') === kind)
  );
}

function identityIn(host: Host, directory: string): PciIdentity | undefined {
  const told = parsePciUevent(host.readFile(`${directory}/uevent`) ?? '');
  if (told !== undefined) return told;
  const number = (name: string) =>
    Number.parseInt(host.readFile(`${directory}/${name}`)?.trim() || 'none', 16);
  const [vendorId, deviceId, classCode] = [number('vendor'), number('device'), number('class')];
  if (Number.isNaN(vendorId) || Number.isNaN(deviceId)) return undefined;
  return { vendorId, deviceId, classCode: Number.isNaN(classCode) ? 0x030000 : classCode };
}
