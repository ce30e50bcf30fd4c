import { join } from 'node:path';
import type { Device, Machine } from '../../src/core/machine/machine.js';
import { detectMachine } from '../../src/detect/detect.js';
import { recordedHost } from '../../src/host/recorded.js';

/** Detects a machine of `fixtures/hosts`. */
export function replay(name: string, projectDir?: string): Promise<Machine> {
  const host = recordedHost(join(process.cwd(), 'fixtures', 'hosts', name));
  return detectMachine({ host, ...(projectDir && { projectDir }) });
}

export function device(machine: Machine, id: string): Device {
  const found = machine.devices.find((entry) => entry.id === id);
  if (found === undefined) throw new Error(`no ${id} among ${machine.devices.map((entry) => entry.id)}`);
  return found;
}
