import { type Sourced, sourced } from '../detect/device-draft.js';
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

/** What the driver of a PCI device lets it draw: AMD's `power1_cap`, Intel's `power1_max`. */
export function powerLimitOf(host: Host, pciAddress: string | undefined): Sourced<number> | undefined {
  const chip = pciAddress && chipOf(host, pciAddress);
  if (!chip) return undefined;
  for (const name of ['power1_cap', 'power1_max']) {
    const microwatts = Number(host.readFile(`${chip}/${name}`)?.trim() ?? 0);
    if (microwatts > 0) return sourced(microwatts / 1e6, 'probed', `hwmon ${name}`);
  }
  return undefined;
}
