import { formatBytes } from '../../core/vocabulary/units.js';
import type { MachineSummary } from '../summary/machines.js';
import { counted } from './counted.js';

/** `linux x64`, `4 CPUs`, `64 GiB`: a simulated machine has no system, and may have no bound of its memory. */
export function machineFacts({
  platform,
  arch,
  cpuBudget,
  memoryBudgetBytes,
}: MachineSummary): readonly string[] {
  return [
    platform === arch ? platform : `${platform} ${arch}`,
    counted(Math.round(cpuBudget * 10) / 10, 'CPU'),
    ...(isBounded(memoryBudgetBytes) ? [formatBytes(memoryBudgetBytes)] : []),
  ];
}

/** Whether somebody said how much there is. */
export function isBounded(bytes: number): boolean {
  return bytes < Number.MAX_SAFE_INTEGER;
}
