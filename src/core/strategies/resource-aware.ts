import type { ClusterView, PendingGroup, SlotType, Strategy, SuitePlace } from '../scheduler/strategy.js';
import { firstInTurn } from '../scheduler/turn.js';

/**
 * Suites keep their order; each goes where the fullest of what it takes (memory, threads, slots of the device) is least
 * full afterwards. Even use of machines and devices, not the shortest run.
 */
export const resourceAware: Strategy = {
  name: 'resource-aware',
  start: () => ({ place: leastLoaded }),
};

function leastLoaded(view: ClusterView): readonly SuitePlace[] {
  const group = firstInTurn(view, view.fits);
  if (group === undefined) return [];
  const [best] = view.freeTypes
    .filter((type) => view.fits(group, type))
    .map((type) => ({ type, load: loadWith(group, type) }))
    .sort((a, b) => a.load - b.load);
  const slot = best?.type.free[0];
  return slot === undefined ? [] : [{ suiteId: group.head.suite.id, slotId: slot.id }];
}

/** Share of the scarcest thing that is taken when the group's head runs there, 0…1. */
function loadWith(group: PendingGroup, type: SlotType): number {
  const { machine, machineCpuThreads, machineWorkers } = type.slot;
  const claim = group.slotTypes.get(type);
  const { hostMemoryBytes, cpuThreads, suites } = type.load;
  return Math.max(
    (hostMemoryBytes + (claim?.hostMemoryBytes ?? 0)) / machine.memoryBudgetBytes,
    (cpuThreads + (claim?.cpuThreads ?? 0)) / machineCpuThreads,
    (suites + 1) / machineWorkers,
    (type.slots - type.free.length + 1) / type.slots,
  );
}
