import { memoryBudgetOf } from '../budget.js';
import { type Sourced, sourced } from '../device-draft.js';
import type { Host } from '../host.js';
import type { NvidiaGpu } from '../parse/nvidia-smi.js';

const MiB = 1024 ** 2;

/**
 * Memory that CUDA gives (`cudaMemGetInfo`), which is less than `memory.total`: the driver, the firmware and error
 * correction keep a part. Never more than CUDA gives, because suites are admitted by it.
 *
 * - `memory.reserved` is told (drivers since R510): the total less that part, less 64 MiB, because CUDA gives a few
 *   MiB less than that difference.
 * - It is not told: the total less 3 %, at least 256 MiB. What people report as the difference is 1.1 % (A100
 *   80GB), 1.4 % (RTX 4090, V100), 2 % (RTX 3060), 2.9 % (T4, with error correction), about 200 MiB on cards of 4 GiB.
 */
export function cudaMemoryOf(
  { memoryBytes, reservedMemoryBytes }: NvidiaGpu,
  source: string,
): Sourced<number> | undefined {
  if (memoryBytes === undefined) return undefined;
  if (reservedMemoryBytes !== undefined) {
    const usable = memoryBytes - reservedMemoryBytes - 64 * MiB;
    if (usable <= 0) return undefined;
    return sourced(usable, 'inferred', `${source} memory.total less memory.reserved and 64 MiB`);
  }
  const margin = Math.max(256 * MiB, Math.ceil((memoryBytes / MiB) * 0.03) * MiB);
  if (memoryBytes <= margin) return undefined;
  const kept = `${margin / MiB} MiB that the driver keeps`;
  return sourced(memoryBytes - margin, 'inferred', `${source} memory.total less ${kept}`);
}

/** Chips without memory of their own use the machine's: as much as the machine's budget, whatever window a tool tells. */
export function sharedMemoryOf(host: Host): Sourced<number> {
  const { amount, evidence } = memoryBudgetOf(host);
  return sourced(
    amount,
    'inferred',
    `the memory budget of the machine, which it shares (${evidence.source})`,
  );
}
