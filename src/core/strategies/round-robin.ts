import type { ClusterView, FreeSlot, Strategy, SuiteGroup } from '../scheduler/strategy.js';
import { firstInTurn } from '../scheduler/turn.js';

/** Round-robin: suites keep their order and slots take turns. Predictable, not fast. */
export const roundRobin: Strategy = {
  name: 'round-robin',
  start: () => {
    let lastOrdinal = -1;
    return {
      place: (view) => {
        const group = firstInTurn(view, view.fits);
        if (group === undefined) return [];
        const slot = nextSlot(view, group, lastOrdinal);
        lastOrdinal = slot.ordinal;
        return [{ suiteId: group.head.suite.id, slotId: slot.id }];
      },
    };
  },
};

/** The next free slot in the round; after the last slot the round begins anew. */
function nextSlot(view: ClusterView, group: SuiteGroup, lastOrdinal: number): FreeSlot {
  const round = ({ ordinal }: FreeSlot) => (ordinal > lastOrdinal ? 0 : 1);
  const isEarlier = (a: FreeSlot, b: FreeSlot) => (round(a) - round(b) || a.ordinal - b.ordinal) <= 0;
  return view.freePools
    .filter((pool) => view.fits(group, pool))
    .flatMap((pool) => pool.freeSlots)
    .reduce((best, slot) => (isEarlier(best, slot) ? best : slot));
}
