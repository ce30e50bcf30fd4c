import type { Machine } from '../core/machine/machine.js';
import { detectMachine } from '../detect/detect.js';
import { liveHost } from '../host/live.js';
import { takenMemoryOf, tellsTakenMemory } from '../sensors/taken-memory.js';
import type { DetectParams } from './protocol.js';

/** What the machine of this worker has, under the name that it has in the run. */
export async function detectHere(
  { name, classes, lazy, machineFile, python }: DetectParams,
  projectDir: string,
): Promise<Machine> {
  const machine = await detectMachine({
    projectDir,
    classes,
    lazy,
    ...(python !== undefined && { python }),
    ...(machineFile !== undefined && { machineFile }),
  });
  return { ...machine, machine: { ...machine.machine, name } };
}

/** Memory of devices that is taken before anything of the run is there: others have it. */
export async function memoryTakenOn({ devices }: Machine, classes: DetectParams['classes']) {
  const host = liveHost();
  const asked = devices.filter((device) => classes.includes(device.class) && tellsTakenMemory(host, device));
  const found = [];
  for (const device of asked) {
    const taken = await takenMemoryOf(host, device);
    if (taken === undefined) continue;
    const { bytes: takenBytes, by } = taken;
    found.push({ deviceId: device.id, takenBytes, ...(by !== undefined && { by }) });
  }
  return found;
}
