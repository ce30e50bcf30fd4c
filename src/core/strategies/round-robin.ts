import type { ClusterView, FreeSlot, PendingGroup, Strategy } from '../scheduler/strategy.js';
import { firstInTurn } from '../scheduler/turn.js';

/** Suites keep their order and slots take turns: predictable, not fast. */
export const roundRobin: Strategy = {
  name: 'round-robin',
  start: () => {
    let last = -1;
    return {
      place: (view) => {
        const group = firstInTurn(view, view.fits);
        if (group === undefined) return [];
        const slot = nextSlot(view, group, last);
        last = slot.ordinal;
        return [{ suiteId: group.head.suite.id, slotId: slot.id }];
      },
    };
  },
};

/** A round begins anew after the slot that was used last. */
function nextSlot(view: ClusterView, group: PendingGroup, last: number): FreeSlot {
  const round = ({ ordinal }: FreeSlot) => (ordinal > last ? 0 : 1);
  const earlier = (a: FreeSlot, b: FreeSlot) => (round(a) - round(b) || a.ordinal - b.ordinal) <= 0;
  return view.freeTypes
    .filter((type) => view.fits(group, type))
    .flatMap((type) => type.free)
    .reduce((best, slot) => (earlier(best, slot) ? best : slot));
}
