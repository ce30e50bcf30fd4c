import type { ClusterView, SlotPool, SuiteGroup, Turn } from './strategy.js';

/** Whether `a` is earlier in the queue. */
export function comesBefore(a: Turn, b: Turn): boolean {
  return (
    a.virtualDeadline < b.virtualDeadline ||
    (a.virtualDeadline === b.virtualDeadline && a.sequence < b.sequence)
  );
}

/** The group whose head is earliest in the queue, among those that some free pool accepts. */
export function firstInTurn(
  view: ClusterView,
  accepts: (group: SuiteGroup, pool: SlotPool) => boolean,
): SuiteGroup | undefined {
  let first: SuiteGroup | undefined;
  for (const pool of view.freePools) {
    for (const group of pool.eligibleGroups) {
      const isEarlier = first === undefined || comesBefore(group.head.turn, first.head.turn);
      if (isEarlier && accepts(group, pool)) first = group;
    }
  }
  return first;
}
