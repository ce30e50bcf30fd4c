import type { Host } from '../host/host.js';

const classes = '/sys/class/hwmon';

/** The kernel's sensor chips with one of these names: their folders. */
export function chipsNamed(host: Host, names: ReadonlySet<string>): readonly string[] {
  return host
    .readDirectory(classes)
    .map((entry) => `${classes}/${entry}`)
    .filter((directory) => names.has(host.readFile(`${directory}/name`)?.trim() ?? ''));
}

/** The sensor chip that the driver of a PCI device registers; undefined: none. */
export function chipOf(host: Host, pciAddress: string): string | undefined {
  const directory = `/sys/bus/pci/devices/${pciAddress}/hwmon`;
  const entry = host.readDirectory(directory)[0];
  return entry && `${directory}/${entry}`;
}
