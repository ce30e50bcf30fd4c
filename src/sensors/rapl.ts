import type { Host } from '../host/host.js';

const powercap = '/sys/class/powercap';

/** The energy counters of all CPU packages, of Intel and AMD alike; parts of a package are in its number. */
export function raplPackagesOf(host: Host): readonly string[] {
  return host
    .readDirectory(powercap)
    .filter((name) => /^intel-rapl:\d+$/.test(name))
    .map((name) => `${powercap}/${name}`)
    .filter((directory) => host.readFile(`${directory}/name`)?.startsWith('package') === true);
}
