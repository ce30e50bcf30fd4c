import type { Host } from '../../host/host.js';
import { chipOf } from '../../sensors/hwmon.js';
import { type Sourced, sourced } from '../findings/device-draft.js';

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
