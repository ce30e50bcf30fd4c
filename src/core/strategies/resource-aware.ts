import type {
  ClusterView,
  PlacementProposal,
  SlotPool,
  Strategy,
  SuiteGroup,
} from '../scheduler/strategy.js';
import { firstInTurn } from '../scheduler/turn.js';

/**
 * Dominant resource first: suites keep their order, and each goes where the scarcest of what it takes (memory, threads,
 * workers, slots of the pool) is used least afterwards. Even use of machines and devices, not the least total time.
 */
export const resourceAware: Strategy = {
  name: 'resource-aware',
  start: () => ({ place: placeOnLeastUsed }),
};

function placeOnLeastUsed(view: ClusterView): readonly PlacementProposal[] {
  const group = firstInTurn(view, view.fits);
  if (group === undefined) return [];
  const [best] = view.freePools
    .filter((pool) => view.fits(group, pool))
    .map((pool) => ({ pool, share: dominantShare(group, pool) }))
    .sort((a, b) => a.share - b.share);
  const slot = best?.pool.freeSlots[0];
  return slot === undefined ? [] : [{ suiteId: group.head.suite.id, slotId: slot.id }];
}

/** Share of the scarcest resource that is used when the group's head runs there, 0…1. */
function dominantShare(group: SuiteGroup, pool: SlotPool): number {
  const { machine, machineCpuThreads, machineWorkers } = pool.anySlot;
  const claim = group.claimByPool.get(pool);
  const { hostMemoryBytes, cpuThreads, suites } = pool.load;
  return Math.max(
    (hostMemoryBytes + (claim?.hostMemoryBytes ?? 0)) / machine.memoryBudgetBytes,
    (cpuThreads + (claim?.cpuThreads ?? 0)) / machineCpuThreads,
    (suites + 1) / machineWorkers,
    (pool.slotCount - pool.freeSlots.length + 1) / pool.slotCount,
  );
}
