import type { Host } from '../../host/host.js';
import { memoryBudgetOf } from '../budget/budget.js';
import { type Sourced, sourced } from '../findings/device-draft.js';
import type { NvidiaGpu } from './smi.js';

const MiB = 1024 ** 2;

/**
 * Memory that a process can allocate, which is less than `memory.total`: the driver, the firmware and error correction
 * keep a part, and the process's own CUDA context takes another. Never more than that, because suites are admitted by it.
 *
 * - `memory.reserved` is told (drivers since R510): the total less that part is what CUDA calls its total
 *   (`cudaMemGetInfo`; an H200 with driver 580.159: 143771 - 616 MiB, to the MiB). Less room for a context: there it took
 *   526 MiB, and 590 MiB less than CUDA's total could be allocated, 526 less could not. Chips of fewer
 *   multiprocessors need less, so the room is 2.5 % of the total, within 256 and 640 MiB.
 * - It is not told: the total less 3 %, at least 256 MiB. What people report as the difference to CUDA's total is 1.1 %
 *   (A100 80GB), 1.4 % (RTX 4090, V100), 2 % (RTX 3060), 2.9 % (T4, with error correction), about 200 MiB on cards of
 *   4 GiB.
 */
export function cudaMemoryOf(
  { memoryBytes, reservedMemoryBytes }: NvidiaGpu,
  source: string,
): Sourced<number> | undefined {
  if (memoryBytes === undefined) return undefined;
  const total = memoryBytes / MiB;
  const context = Math.ceil(Math.min(640, Math.max(256, total * 0.025)));
  const [kept, words] =
    reservedMemoryBytes === undefined
      ? [Math.max(256, Math.ceil(total * 0.03)), 'that driver and context keep']
      : [Math.ceil(reservedMemoryBytes / MiB) + context, 'memory.reserved and a CUDA context'];
  if (total <= kept) return undefined;
  return sourced(memoryBytes - kept * MiB, 'inferred', `${source} memory.total less ${kept} MiB (${words})`);
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
