import type { Device, MachineProblem } from '../core/machine/machine.js';
import type { ProbeFindings } from './findings/probe.js';
import { comparePciAddresses } from './system/uevent.js';

/**
 * One list out of what all probes found: what several of them see at one PCI address is one device, and `gpu0`,
 * `gpu1` … are numbered by PCI address, so that a number stays whether or not a driver is loaded. Devices without an
 * address follow in the order of the probes.
 */
export function uniteFindings(findings: readonly ProbeFindings[]): {
  readonly devices: readonly Device[];
  readonly problems: readonly MachineProblem[];
} {
  const found = withoutTwins(findings.flatMap(foundBy));
  const names = namesOf(found);
  const renamed = (source: number, id: string) => {
    const base = baseOf(id);
    const name = names.get(`${source} ${base}`);
    return name === undefined ? undefined : name + id.slice(base.length);
  };
  return {
    devices: found.map(({ device, source, address }) => ({
      ...device,
      id: renamed(source, device.id) ?? device.id,
      ...(address !== undefined && { pciAddress: address }),
    })),
    problems: findings.flatMap(({ devices, problems }, source) =>
      problems.flatMap((problem) => {
        const id = /^[a-z]+\d+[^\s:,]*/.exec(problem.message)?.[0];
        if (id === undefined || !devices.some((device) => device.id === id)) return [problem];
        const name = renamed(source, id);
        return name === undefined ? [] : [{ ...problem, message: name + problem.message.slice(id.length) }];
      }),
    ),
  };
}

interface Found {
  readonly device: Device;
  /** Position of the probe in the registry. */
  readonly source: number;
  readonly address: string | undefined;
}

function foundBy({ devices, pciAddresses }: ProbeFindings, source: number): readonly Found[] {
  return devices.map((device) => ({ device, source, address: pciAddresses?.[baseOf(device.id)] }));
}

/** Drops devices whose PCI address an earlier probe has found, and sorts the rest as they are shown and numbered. */
function withoutTwins(found: readonly Found[]): readonly Found[] {
  const owners = new Map<string, number>();
  for (const { address, source } of found) {
    if (address !== undefined && !owners.has(address)) owners.set(address, source);
  }
  const prefixes = [...new Set(found.map(({ device }) => idPrefixOf(device.id)))];
  return found
    .filter(({ address, source }) => address === undefined || owners.get(address) === source)
    .sort((a, b) => {
      const byPrefix = prefixes.indexOf(idPrefixOf(a.device.id)) - prefixes.indexOf(idPrefixOf(b.device.id));
      if (byPrefix !== 0) return byPrefix;
      if (a.address === undefined || b.address === undefined) {
        return Number(a.address === undefined) - Number(b.address === undefined);
      }
      return comparePciAddresses(a.address, b.address);
    });
}

/** The id that a device gets on the machine, by its probe's position and the id that the probe gave it. */
function namesOf(found: readonly Found[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  for (const { device, source } of found) {
    const base = baseOf(device.id);
    const key = `${source} ${base}`;
    if (names.has(key)) continue;
    const prefix = idPrefixOf(base);
    if (prefix === base) {
      names.set(key, base);
      continue;
    }
    const count = counts.get(prefix) ?? 0;
    counts.set(prefix, count + 1);
    names.set(key, `${prefix}${count}`);
  }
  return names;
}

/** `gpu0` of `gpu0.mig1`; an id without a number stands for itself. */
function baseOf(id: string): string {
  return /^[a-z]+\d+/.exec(id)?.[0] ?? id;
}

/** `gpu` of `gpu0.mig1`. */
function idPrefixOf(id: string): string {
  return /^([a-z]+)\d/.exec(id)?.[1] ?? id;
}
