/** List scheduling (Graham 1966): no slot is idle while a suite fits on it. */

import { costOf, suitabilityOf } from '../machine/suitability.js';
import type {
  ClusterView,
  PlacementProposal,
  SlotPool,
  Strategy,
  SuiteGroup,
} from '../scheduler/strategy.js';
import { firstInTurn } from '../scheduler/turn.js';

/** Each free slot takes the next suite that fits. The yardstick for every strategy that is offered for speed. */
export const pull: Strategy = {
  name: 'pull',
  start: () => ({ place: placeNext }),
};

function placeNext(view: ClusterView): readonly PlacementProposal[] {
  const yields = yieldsAccelerators(view);
  const accepts = (group: SuiteGroup, pool: SlotPool) => view.fits(group, pool) && !yields(group, pool);
  const group = firstInTurn(view, accepts);
  if (group === undefined) return [];
  const { suite } = group.head;
  const [best] = view.freePools
    .filter((pool) => accepts(group, pool))
    .map((pool) => ({
      pool,
      cost: costOf(suite.profile, pool.device, view.estimate(suite, pool).durationMs),
      suitability: suitabilityOf(suite.profile, pool.device).score,
    }))
    .sort((a, b) => a.cost - b.cost || b.suitability - a.suitability || scarcity(a.pool) - scarcity(b.pool));
  const slot = best?.pool.freeSlots[0];
  return slot === undefined ? [] : [{ suiteId: suite.id, slotId: slot.id }];
}

/**
 * Whether a suite that can run on a CPU leaves an accelerator to one that cannot. It does when such a suite, of at least
 * the same priority, could start there now, so no accelerator is left idle by this.
 */
function yieldsAccelerators(view: ClusterView): (group: SuiteGroup, pool: SlotPool) => boolean {
  const highest = new Map<SlotPool, number>();
  /** 0: none waits. */
  const highestPriorityWaitingFor = (pool: SlotPool) => {
    let priority = highest.get(pool);
    if (priority === undefined) {
      priority = 0;
      for (const group of pool.eligibleGroups) {
        const isHigher = group.priority > priority && !runsOnCpu(group);
        if (isHigher && view.fits(group, pool)) priority = group.priority;
      }
      highest.set(pool, priority);
    }
    return priority;
  };
  return (group, pool) =>
    scarcity(pool) > 0 && runsOnCpu(group) && highestPriorityWaitingFor(pool) >= group.priority;
}

function scarcity({ device }: SlotPool): number {
  return device.class === 'cpu' ? 0 : 1;
}

function runsOnCpu({ claimByPool }: SuiteGroup): boolean {
  for (const pool of claimByPool.keys()) if (scarcity(pool) === 0) return true;
  return false;
}
