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
    const lost = lostWithSlot(attempt, reason, state);
    state.decide(lost);
    endAttempt(lost, state);
  }
  returnSuccessors(slotId, state);
  if (state.fleet.removeSlot(slotId)) state.backlog.invalidateMatches();
}

/** All slots of a machine go before anything is decided, so that no suite that is lost there starts there again. */
export function removeMachine(machine: string, reason: string, state: RunState): void {
  const { attempts, fleet, backlog } = state;
  const slotIds = fleet.slotIdsOf(machine);
  const running = [...new Set(slotIds.flatMap((id) => attempts.holderOf(id) ?? []))];
  const endings = running.map((attempt) => ({
    attempt,
    rivals: attempts.rivalsOf(attempt).filter((rival) => !running.includes(rival)),
    lost: lostWithSlot(attempt, reason, state),
  }));
  for (const { attempt, lost } of endings) {
    state.decide(lost);
    attempts.delete(attempt);
    fleet.release(attempt.slots, attempt.claim);
  }
  for (const id of slotIds) {
    returnSuccessors(id, state);
    fleet.removeSlot(id);
  }
  backlog.invalidateMatches();
  for (const { attempt, rivals, lost } of endings) {
    const { suiteId } = lost;
    const isWanted = !attempt.stopped && rivals.length === 0 && !state.isPending(suiteId);
    if (isWanted && state.options.retryLost) requeue(attempt, attempt.pending.alone, lost, state);
    state.forgetIfEnded(suiteId);
  }
}

/** The successor waits for a start like others. One that was withdrawn with the run meanwhile is ignored. */
export function returnSuccessor(suiteId: string, state: RunState): void {
  const successor = state.successors.remove(suiteId);
  if (successor === undefined) return;
  state.backlog.add(successor.pending);
  state.changes++;
}

function returnSuccessors(slotId: string, state: RunState): void {
  for (const { pending } of state.successors.behind(slotId)) {
    const { suite, attempt: number } = pending;
    state.decide({ type: 'successor-returned', suiteId: suite.id, slotId, attempt: number });
    returnSuccessor(suite.id, state);
  }
}

function lostWithSlot(attempt: Attempt, reason: string, { nowMs }: RunState): SuiteEnded {
  return {
    type: 'suite-ended',
    suiteId: attempt.pending.suite.id,
    slotId: firstSlotOf(attempt).id,
    attempt: attempt.pending.attempt,
    status: attempt.stopped ? 'cancelled' : 'lost',
    degraded: attempt.degraded,
    durationMs: nowMs - attempt.startedAtMs,
    cause: reason,
  };
}

function conclude(attempt: Attempt, rivals: readonly Attempt[], ended: SuiteEnded, state: RunState): void {
  const { suiteId, attempt: number, status, durationMs, peakMemoryBytes } = ended;
  const { estimates, retryLost } = state.options;
  if (status === 'passed') {
    const peak = peakMemoryBytes === undefined ? {} : { peakMemoryBytes };
    estimates.observe({ suiteId, deviceKind: attempt.pool.deviceKind, durationMs, ...peak });
  }
  if (conclusive.has(status)) stop(rivals, `attempt ${number} gave the result`, state);
  const mayRetry = status === 'lost' && retryLost && !attempt.pending.alone && rivals.length === 0;
  if (mayRetry) requeue(attempt, true, ended, state);
}

function requeue({ pending, pool }: Attempt, alone: boolean, ended: SuiteEnded, state: RunState): void {
  if (state.cancelled !== undefined) return;
  const { suiteId, cause = 'the attempt ended without a result' } = ended;
  // Not the next number: a rival that was lost before may have had a higher one.
  const attempt = 1 + state.attempts.lastNumberOf(suiteId);
  state.backlog.add({ ...pending, attempt, alone, lostOn: pool.anySlot.machine.name });
  state.changes++;
  state.decide({ type: 'suite-requeued', suiteId, attempt, cause });
}

function stop(rivals: readonly Attempt[], cause: string, state: RunState): void {
  for (const rival of rivals) {
    rival.stopped = true;
    const { suite, attempt } = rival.pending;
    const slotId = firstSlotOf(rival).id;
    state.decide({ type: 'attempt-stopped', suiteId: suite.id, slotId, attempt, cause });
  }
}
