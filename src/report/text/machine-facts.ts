import { formatBytes, formatDuration } from '../../core/vocabulary/units.js';
import type { MachineSummary } from '../summary/machines.js';
import type { JoinedSummary } from '../summary/other-machines.js';
import { counted } from './counted.js';

/** `linux x64`, `4 CPUs`, `64 GiB`, and how another machine joined: a simulated machine has no system, and may have no bound of its memory. */
export function machineFacts({
  platform,
  arch,
  cpuBudget,
  memoryBudgetBytes,
  joined,
}: MachineSummary): readonly string[] {
  return [
    platform === arch ? platform : `${platform} ${arch}`,
    counted(Math.round(cpuBudget * 10) / 10, 'CPU'),
    ...(isBounded(memoryBudgetBytes) ? [formatBytes(memoryBudgetBytes)] : []),
    ...(joined === undefined ? [] : [joinedText(joined)]),
  ];
}

/** Whether somebody said how much there is. */
export function isBounded(bytes: number): boolean {
  return bytes < Number.MAX_SAFE_INTEGER;
}

/** `joined after 1.3 s with tree 0123abcd`. */
function joinedText({ afterMs, treeId }: JoinedSummary): string {
  const tree = treeId === undefined ? '' : ` with tree ${treeId.slice(0, 8)}`;
  return `joined after ${formatDuration(afterMs)}${tree}`;
}
