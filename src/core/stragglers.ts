import type { Attempt } from './attempts.js';
import type { Estimates } from './estimate.js';
import type { Estimate } from './events.js';
import type { FleetType } from './fleet.js';
import type { Group } from './group.js';
import { type Room, roomOn } from './room.js';

/** An attempt counts as a straggler from this multiple of its expected duration on. */
const overdueFactor = 3;
/** And not before it has run this long: below, starting a process anew costs more than it saves. */
const overdueMs = 5000;
/**
 * How long it still takes is not known; what takes far longer than expected usually goes on about as long as it has
 * run. A second attempt must be expected to end well before that.
 */
const certainty = 1.5;

/** When a second attempt may be thought of; undefined when none ever is. */
export function overdueAtMs({ pending, claim, degraded, estimate, speculative, startedAtMs }: Attempt) {
  const { suite, alone } = pending;
  const { locks, exclusive } = suite.profile;
  const isGuess = estimate.basis === 'default';
  if (isGuess || speculative || degraded || alone || exclusive || claim.exclusive || locks.length > 0) {
    return undefined;
  }
  return startedAtMs + Math.max(overdueMs, overdueFactor * estimate.durationMs);
}

/**
 * A better place for a second attempt: free, of another kind or on another machine (what makes the first one slow would
 * slow its twin as well), and expected to end sooner.
 * @param unwanted Free types that no pending suite wants.
 */
export function betterRoom(
  attempt: Attempt,
  group: Group,
  unwanted: readonly FleetType[],
  estimates: Estimates,
  nowMs: number,
): Room | undefined {
  const elapsedMs = nowMs - attempt.startedAtMs;
  const { suite } = attempt.pending;
  const isElsewhere = (type: FleetType) =>
    type.kind !== attempt.type.kind || type.slot.machine.name !== attempt.type.slot.machine.name;
  const [best] = unwanted
    .filter(isElsewhere)
    .map((type) => ({ type, ms: secondMs(attempt.estimate, elapsedMs, estimates.of(suite, type.kind)) }))
    .filter(({ ms }) => ms * certainty < elapsedMs)
    .sort((a, b) => a.ms - b.ms)
    .flatMap(({ type }) => roomOn(type, group) ?? []);
  return best;
}

/**
 * What a second attempt should take: what the suite took there or elsewhere before. Of one that was never measured only
 * the first attempt tells anything: twice what it has run so far, on a device that is so much faster.
 */
function secondMs(here: Estimate, elapsedMs: number, there: Estimate): number {
  const isMeasured = there.basis === 'given' || there.basis.endsWith('-device');
  return isMeasured ? there.durationMs : (2 * elapsedMs * there.durationMs) / here.durationMs;
}
