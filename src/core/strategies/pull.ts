import { costOf, suitabilityOf } from '../machine/suitability.js';
import type { ClusterView, PendingGroup, SlotType, Strategy, SuitePlace } from '../scheduler/strategy.js';
import { firstInTurn } from '../scheduler/turn.js';

/** Each free slot takes the next suite that fits. The floor for every strategy that is offered for speed. */
export const pull: Strategy = {
  name: 'pull',
  start: () => ({ place: next }),
};

function next(view: ClusterView): readonly SuitePlace[] {
  const leaves = leaveAccelerators(view);
  const takes = (group: PendingGroup, type: SlotType) => view.fits(group, type) && !leaves(group, type);
  const group = firstInTurn(view, takes);
  if (group === undefined) return [];
  const { suite } = group.head;
  const [best] = view.freeTypes
    .filter((type) => takes(group, type))
    .map((type) => ({
      type,
      cost: costOf(suite.profile, type.device, view.estimate(suite, type).durationMs),
      suitability: suitabilityOf(suite.profile, type.device).score,
    }))
    .sort((a, b) => a.cost - b.cost || b.suitability - a.suitability || scarcity(a.type) - scarcity(b.type));
  const slot = best?.type.free[0];
  return slot === undefined ? [] : [{ suiteId: suite.id, slotId: slot.id }];
}

/**
 * Tells when a suite that can do with a CPU leaves an accelerator to one that cannot: when such a one, of at least the
 * same priority, would start there now. So the accelerator is never idle for it.
 */
function leaveAccelerators(view: ClusterView): (group: PendingGroup, type: SlotType) => boolean {
  const waiting = new Map<SlotType, number>();
  const priorityWaitingFor = (type: SlotType) => {
    let priority = waiting.get(type);
    if (priority === undefined) {
      priority = 0;
      for (const group of type.candidates) {
        const higher = group.priority > priority && !runsOnCpu(group);
        if (higher && view.fits(group, type)) priority = group.priority;
      }
      waiting.set(type, priority);
    }
    return priority;
  };
  return (group, type) =>
    scarcity(type) > 0 && runsOnCpu(group) && priorityWaitingFor(type) >= group.priority;
}

function scarcity({ device }: SlotType): number {
  return device.class === 'cpu' ? 0 : 1;
}

function runsOnCpu({ slotTypes }: PendingGroup): boolean {
  for (const type of slotTypes.keys()) if (scarcity(type) === 0) return true;
  return false;
}
