import type { SuiteEnded, SuiteStatus } from '../events.js';
import { bug } from '../vocabulary/bug.js';
import { type Attempt, firstSlotOf } from './attempts.js';
import { isEndedByDevice, type Recovery, recoveryAfter, recoveryAfterMachine } from './recovery.js';
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
  const isWanted = !attempt.stopped && state.cancelled === undefined;
  if (ended.status === 'cancelled' && isWanted && !ended.notStarted)
    throw bug(`Attempt ${number} of ${suiteId} was cancelled, and nobody had asked for it.`);
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
  state.returnSuccessors(slotId);
  if (state.fleet.removeSlot(slotId)) state.backlog.invalidateMatches();
}

/** All slots of a machine go before anything is decided, so that no suite that is lost there starts there again. */
export function removeMachine(machine: string, reason: string, state: RunState): void {
  const { attempts, fleet, backlog } = state;
  const slotIds = fleet.slotIdsOf(machine);
  const running = [...new Set(slotIds.flatMap((id) => attempts.holderOf(id) ?? []))];
  const endings = running.map((attempt) => ({
    attempt,
    wasAlone: running.length === 1,
    rivals: attempts.rivalsOf(attempt).filter((rival) => !running.includes(rival)),
    lost: lostWithSlot(attempt, reason, state),
  }));
  for (const { attempt, lost } of endings) {
    state.decide(lost);
    attempts.delete(attempt);
    fleet.release(attempt.slots, attempt.claim);
  }
  for (const id of slotIds) {
    state.returnSuccessors(id);
    fleet.removeSlot(id);
  }
  backlog.invalidateMatches();
  for (const { attempt, wasAlone, rivals, lost } of endings) {
    const { suiteId } = lost;
    const isWanted = !attempt.stopped && rivals.length === 0 && !state.isPending(suiteId);
    if (isWanted && state.options.retryLost && state.cancelled === undefined) {
      recover(attempt, recoveryAfterMachine({ ...attempt, wasAlone }, lost), state);
    }
    state.forgetIfEnded(suiteId);
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
  const { estimates } = state.options;
  if (status === 'passed') {
    const peak = peakMemoryBytes === undefined ? {} : { peakMemoryBytes };
    estimates.observe({ suiteId, deviceKind: attempt.pool.deviceKind, durationMs, ...peak });
  }
  state.health.note(attempt, ended, state);
  if (rivals.length === 0) {
    const recovery = recoveryAfter(attempt, ended, state);
    if (recovery !== undefined) recover(attempt, recovery, state);
  } else if (conclusive.has(status) && !isEndedByDevice(attempt, ended)) {
    stop(rivals, `attempt ${number} gave the result`, state);
  }
}

/** Queues the suite again as the recovery says, or says why it is given up. */
function recover({ pending }: Attempt, { again, cause }: Recovery, state: RunState): void {
  const suiteId = pending.suite.id;
  if (again === undefined) {
    state.decide({ type: 'suite-given-up', suiteId, cause });
    return;
  }
  // Not the next number: a rival that was lost before may have had a higher one.
  const attempt = 1 + state.attempts.lastNumberOf(suiteId);
  state.backlog.add({ ...pending, ...again, attempt });
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
