import type { Host } from '../../host/host.js';
import { type Sourced, sourced } from '../findings/device-draft.js';
import { memoryBudgetOf } from './budget.js';

const GiB = 1024 ** 3;

/**
 * Memory of a GPU that has none of its own and whose driver tells no figure: Intel's GPUs in processors and the GPUs of ARM
 * boards. Mesa's Vulkan drivers (anv, panvk, turnip, v3dv, honeykrisp) give half of the RAM up to 4 GiB of it, three
 * quarters above; Intel's own OpenCL gives a little more. Never more than the limit of the container, which counts such
 * memory as the process's own.
 */
export function sharedMemoryOf(host: Host): Sourced<number> {
  const ram = host.totalMemoryBytes;
  const { amount } = memoryBudgetOf(host);
  const share = Math.floor(ram <= 4 * GiB ? ram / 2 : (ram * 3) / 4);
  const part = ram <= 4 * GiB ? 'half' : 'three quarters';
  return amount < share
    ? sourced(amount, 'inferred', 'shared with the CPU: the memory budget of the machine')
    : sourced(share, 'inferred', `shared with the CPU: ${part} of the RAM, as Mesa's drivers give`);
}
