import type { Placement } from '../../core/events.js';
import { batchSizeOn } from '../../core/machine/batch-size.js';
import type { Device } from '../../core/machine/machine.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';
import type { SuitePlacement } from '../../placement.cjs';

/** Text of `JEST_HARDWARE_PLACEMENT`: what `jest-runner-hardware/placement` tells the test. */
export function placementText(
  { degraded }: Placement,
  devices: readonly [Device, ...Device[]],
  profile: WorkloadProfile,
  cpuThreads: number,
  attempt: number,
): string {
  const [device] = devices;
  const { backends, precisions } = device;
  return JSON.stringify({
    device: described(device),
    devices: devices.map(described),
    backends,
    precision: profile.precisions.find((precision) => precisions.includes(precision)),
    batchSize: batchSizeOn(device, profile),
    cpuThreads,
    degraded,
    attempt,
  } satisfies Record<keyof SuitePlacement, unknown>);
}

function described({ id, class: deviceClass, vendor, model, memoryBytes }: Device) {
  return { id, class: deviceClass, vendor, model, memoryBytes };
}
