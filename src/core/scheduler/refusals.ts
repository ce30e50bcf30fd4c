import type { Rejection } from '../events.js';
import type { BacklogGroup } from './backlog-group.js';
import { explainStranded } from './matching.js';
import type { RunState } from './run-state.js';
import { explainTakenMemory } from './taken-memory.js';
import { unusableRejections } from './unusable.js';

/** Refuses suites that no slot of the run can ever run, once their policy does not let them wait any longer. */
export function refuseStranded(state: RunState): void {
  // A machine that is still to come may run them.
  if (state.awaited.size > 0) return;
  for (const group of [...state.backlog.stranded]) {
    const action = group.policy.action === 'skip' ? 'skip' : 'fail';
    let rejections: readonly Rejection[] | undefined;
    while (group.size > 0 && refusalDueMs(group) <= state.nowMs) {
      rejections ??= [
        ...absentRejections(state),
        ...unusableRejections(group.head.suite, state.machines.values()),
        ...explainStranded(group, state.fleet.pools),
      ];
      refuseHead(group, action, rejections, state);
    }
  }
}

/** Machines that might have run the suite, and did not take part. */
function absentRejections({ absent }: RunState): readonly Rejection[] {
  return [...absent].map(([machine, problem]) => ({
    slotId: machine,
    filter: 'absent',
    reason: problem,
    until: 'never',
  }));
}

/** With `takenMemory: 'fail'`, refuses suites that do not fit because other programs have taken the memory they need. */
export function refuseTakenMemory(state: RunState): void {
  const { options, backlog, fleet, awaited } = state;
  // A machine that is still to come may have the room.
  if (options.takenMemory !== 'fail' || awaited.size > 0) return;
  backlog.matchPools(fleet.pools);
  for (const group of [...backlog.groups]) {
    const rejections = explainTakenMemory(group);
    while (rejections !== undefined && group.size > 0) refuseHead(group, 'fail', rejections, state);
  }
}

/** When the head of a stranded group is refused, unless a pool comes up that can run it. Ms since the run started. */
export function refusalDueMs({ policy, head }: BacklogGroup): number {
  return policy.action === 'wait' ? head.queuedAtMs + policy.waitMs : 0;
}

function refuseHead(
  group: BacklogGroup,
  action: 'fail' | 'skip',
  rejections: readonly Rejection[],
  state: RunState,
): void {
  const suiteId = group.head.suite.id;
  state.backlog.remove(suiteId);
  state.decide({ type: 'suite-unplaceable', suiteId, action, rejections });
  state.forgetIfEnded(suiteId);
}
