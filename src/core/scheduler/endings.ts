import type { SuiteEnded, SuiteStatus } from '../events.js';
import { bug } from '../vocabulary/bug.js';
import { type Attempt, firstSlotOf } from './attempts.js';
import type { RunState } from './run-state.js';

/** With these the suite has its result. */
const conclusive: ReadonlySet<SuiteStatus> = new Set(['passed', 'failed', 'skipped', 'timed-out']);

/** Releases what the attempt held, and learns, stops rivals or queues the suite again as its status demands. */
export function endAttempt(ended: SuiteEnded, state: RunState): void {
  const { suiteId, slotId, attempt: number } = ended;
  const attempt = state.attempts.holderOf(slotId);
  if (
    attempt === undefined ||
    firstSlotOf(attempt).id !== slotId ||
    attempt.pending.suite.id !== suiteId ||
    attempt.pending.attempt !== number
  ) {
    throw bug(`Attempt ${number} of ${suiteId} ended on ${slotId}, but does not run there.`);
  }
  const rivals = state.attempts.rivalsOf(attempt);
  state.attempts.delete(attempt);
  state.fleet.release(attempt.slots, attempt.claim);
  if (!attempt.stopped) conclude(attempt, rivals, ended, state);
  state.forgetIfEnded(suiteId);
}

/** What runs on the slot is lost with it, unless its end was told before. */
export function removeSlot(slotId: string, reason: string, state: RunState): void {
  const attempt = state.attempts.holderOf(slotId);
  if (attempt !== undefined) {
    const lost: SuiteEnded = {
      type: 'suite-ended',
      suiteId: attempt.pending.suite.id,
      slotId: firstSlotOf(attempt).id,
      attempt: attempt.pending.attempt,
      status: attempt.stopped ? 'cancelled' : 'lost',
      degraded: attempt.degraded,
      durationMs: state.nowMs - attempt.startedAtMs,
      cause: reason,
    };
    state.decide(lost);
    endAttempt(lost, state);
  }
  for (const { pending } of state.successors.behind(slotId)) {
    const { suite, attempt: number } = pending;
    state.decide({ type: 'successor-returned', suiteId: suite.id, slotId, attempt: number });
    returnSuccessor(suite.id, state);
  }
  if (state.fleet.removeSlot(slotId)) state.backlog.invalidateMatches();
}

/** The successor waits for a start like others. One that was withdrawn with the run meanwhile is ignored. */
export function returnSuccessor(suiteId: string, state: RunState): void {
  const successor = state.successors.remove(suiteId);
  if (successor === undefined) return;
  state.backlog.add(successor.pending);
  state.changes++;
}

function conclude(
  { pending, pool }: Attempt,
  rivals: readonly Attempt[],
  ended: SuiteEnded,
  state: RunState,
): void {
  const { suiteId, attempt: number, status, durationMs, peakMemoryBytes, cause } = ended;
  const { estimates, retryLost } = state.options;
  if (status === 'passed') {
    const peak = peakMemoryBytes === undefined ? {} : { peakMemoryBytes };
    estimates.observe({ suiteId, deviceKind: pool.deviceKind, durationMs, ...peak });
  }
  if (conclusive.has(status)) stop(rivals, `attempt ${number} gave the result`, state);
  const mayRetry = status === 'lost' && retryLost && !pending.alone && rivals.length === 0;
  if (!mayRetry || state.cancelled !== undefined) return;
  // Not the next number: a rival that was lost before may have had a higher one.
  const attempt = 1 + state.attempts.lastNumberOf(suiteId);
  state.backlog.add({ ...pending, attempt, alone: true });
  state.changes++;
  state.decide({
    type: 'suite-requeued',
    suiteId,
    attempt,
    cause: cause ?? 'the attempt ended without a result',
  });
}

function stop(rivals: readonly Attempt[], cause: string, state: RunState): void {
  for (const rival of rivals) {
    rival.stopped = true;
    const { suite, attempt } = rival.pending;
    const slotId = firstSlotOf(rival).id;
    state.decide({ type: 'attempt-stopped', suiteId: suite.id, slotId, attempt, cause });
  }
}
