import type { ClusterView, PendingGroup, SlotType, Turn } from './strategy.js';

/** Whether `a` is earlier in the queue. */
export function comesBefore(a: Turn, b: Turn): boolean {
  return a.due < b.due || (a.due === b.due && a.sequence < b.sequence);
}

/** The group whose head is earliest in the queue among those that some free slot type takes. */
export function firstInTurn(
  view: ClusterView,
  takes: (group: PendingGroup, type: SlotType) => boolean,
): PendingGroup | undefined {
  let first: PendingGroup | undefined;
  for (const type of view.freeTypes) {
    for (const group of type.candidates) {
      const earlier = first === undefined || comesBefore(group.head.turn, first.head.turn);
      if (earlier && takes(group, type)) first = group;
    }
  }
  return first;
}
