import { batchSizeOn } from '../../core/machine/batch-size.js';
import type { Device } from '../../core/machine/machine.js';
import type { Start } from '../../execute/executor.js';
import { poolThreadsOf } from '../../execute/local-workers.js';
import type { SuitePlacement } from '../../placement.cjs';

/**
 * Text of `JEST_HARDWARE_PLACEMENT`: what `jest-runner-hardware/placement` tells the test.
 * @param fairThreads See `LocalWorkersOptions`.
 */
export function placementText(start: Start, fairThreads: number): string {
  const { suite, attempt, placement, devices } = start;
  const { profile } = suite;
  const [device] = devices;
  const { backends, precisions } = device;
  return JSON.stringify({
    device: described(device),
    devices: devices.map(described),
    backends,
    precision: profile.precisions.find((precision) => precisions.includes(precision)),
    batchSize: placement.batchSize ?? batchSizeOn(device, profile),
    cpuThreads: poolThreadsOf(start, fairThreads),
    degraded: placement.degraded,
    attempt,
  } satisfies Record<keyof SuitePlacement, unknown>);
}

function described({ id, class: deviceClass, vendor, model, memoryBytes }: Device) {
  return { id, class: deviceClass, vendor, model, memoryBytes };
}
