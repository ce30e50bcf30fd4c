import type { Attempt } from './attempts.js';
import type { Estimates } from './estimate.js';
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
  const known = estimate.basis === 'given' || estimate.basis === 'own-device';
  if (!known || speculative || degraded || alone || exclusive || claim.exclusive || locks.length > 0) {
    return undefined;
  }
  return startedAtMs + Math.max(overdueMs, overdueFactor * estimate.durationMs);
}

/**
 * A better place for a second attempt: free, not wanted by any pending suite, of another kind or on another machine
 * (what makes the first one slow would slow its twin as well), and expected to end sooner.
 */
export function betterRoom(
  attempt: Attempt,
  group: Group,
  freeTypes: readonly FleetType[],
  estimates: Estimates,
  nowMs: number,
): Room | undefined {
  const elapsedMs = nowMs - attempt.startedAtMs;
  const isElsewhere = (type: FleetType) =>
    type.kind !== attempt.type.kind || type.slot.machine.name !== attempt.type.slot.machine.name;
  const [best] = freeTypes
    .filter((type) => isElsewhere(type) && type.candidates.size === 0)
    .map((type) => ({ type, ms: estimates.of(attempt.pending.suite, type.kind).durationMs }))
    .filter(({ ms }) => ms * certainty < elapsedMs)
    .sort((a, b) => a.ms - b.ms)
    .flatMap(({ type }) => roomOn(type, group) ?? []);
  return best;
}
