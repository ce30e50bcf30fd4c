import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Device, Machine, Performance } from '../../core/machine/machine.js';
import { packageVersion } from '../../host/package-version.js';
import { store } from '../../host/tool-cache.js';

export type Speeds = NonNullable<Device['performance']>;

/** The machine with the speed of its CPU as it was measured before, by CPU model, Node and package version; undefined: it was not. */
export function withKeptSpeeds(machine: Machine, directory: string): Machine | undefined {
  const cpu = machine.devices.find((device) => device.class === 'cpu');
  const speeds = cpu && load(fileIn(directory), keyOf(machine, cpu));
  return cpu && speeds && withSpeeds(machine, cpu, speeds);
}

export function withSpeeds(machine: Machine, cpu: Device, performance: Speeds): Machine {
  const devices = machine.devices.map((device) => (device === cpu ? { ...device, performance } : device));
  return { ...machine, devices };
}

export function keepSpeeds(machine: Machine, cpu: Device, directory: string, speeds: Speeds): void {
  store(directory, fileIn(directory), { key: keyOf(machine, cpu), speeds });
}

function fileIn(directory: string): string {
  return join(directory, 'calibration.json');
}

function keyOf({ machine }: Machine, { model }: Device): string {
  return JSON.stringify([model, machine.arch, process.version, packageVersion()]);
}

function load(file: string, key: string): Speeds | undefined {
  try {
    const entry = JSON.parse(readFileSync(file, 'utf8')) as { key?: unknown; speeds?: Speeds } | null;
    if (entry?.key !== key || typeof entry.speeds !== 'object' || entry.speeds === null) return undefined;
    return Object.values(entry.speeds).every(isSpeed) ? entry.speeds : undefined;
  } catch {
    return undefined;
  }
}

function isSpeed(speed: Partial<Performance> | null): boolean {
  return speed === null || (typeof speed.value === 'number' && typeof speed.source === 'string');
}
