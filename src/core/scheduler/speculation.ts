import type { Estimates } from '../estimate/estimate.js';
import type { Estimate } from '../events.js';
import type { Permit } from '../machine/permits.js';
import { permitOn, type Room, roomOn } from './allocation.js';
import type { Attempt, Attempts } from './attempts.js';
import type { Backlog } from './backlog.js';
import type { Fleet, FleetType } from './fleet.js';
import type { Group, Pending } from './group.js';

/** An attempt counts as a straggler from this multiple of its expected duration on. */
const overdueFactor = 3;
/** And not before it has run this long: below, starting a process anew costs more than it saves. */
const overdueMs = 5000;
/**
 * How long it still takes is not known; what takes far longer than expected usually goes on about as long as it has
 * run. A second attempt must be expected to end well before that.
 */
const certainty = 1.5;

/** Finds suites that run far longer than expected, and better places for them. */
export class Speculation {
  readonly #fleet: Fleet;
  readonly #backlog: Backlog;
  readonly #attempts: Attempts;
  readonly #estimates: Estimates;

  constructor(fleet: Fleet, backlog: Backlog, attempts: Attempts, estimates: Estimates) {
    this.#fleet = fleet;
    this.#backlog = backlog;
    this.#attempts = attempts;
    this.#estimates = estimates;
  }

  /** When further attempts will be overdue: later than now. */
  overdueAtMs(nowMs: number): readonly number[] {
    if (this.#unwantedTypes().length === 0) return [];
    return [...this.#attempts.all].flatMap((attempt) => {
      const atMs = overdueAtMs(attempt);
      return atMs !== undefined && atMs > nowMs ? atMs : [];
    });
  }

  /** Second attempts that should start now; one of them must have started when the next is asked for. */
  *secondAttempts(nowMs: number): Iterable<{ readonly pending: Pending; readonly room: Room }> {
    for (const { pending, group, types } of this.#overdue(nowMs)) {
      const [room] = types.flatMap((type) => roomOn(type, group) ?? []);
      if (room !== undefined) yield { pending, room };
    }
  }

  /** What second attempts need of machines that are shared with other runs: the best place of each. */
  permits(nowMs: number): readonly Permit[] {
    return [...this.#overdue(nowMs)].flatMap(({ group, types: [best] }) =>
      best === undefined ? [] : (permitOn(best, group) ?? []),
    );
  }

  /** Suites that should have a second attempt, and where it should end sooner, the best first. */
  *#overdue(
    nowMs: number,
  ): Iterable<{ readonly pending: Pending; readonly group: Group; readonly types: readonly FleetType[] }> {
    if (this.#unwantedTypes().length === 0) return;
    for (const attempt of [...this.#attempts.all]) {
      const atMs = overdueAtMs(attempt);
      if (atMs === undefined || atMs > nowMs) continue;
      const { pending, stopped } = attempt;
      // One second attempt a suite, whatever became of it.
      if (stopped || this.#attempts.lastNumberOf(pending.suite.id) !== pending.attempt) continue;
      const second = { ...pending, attempt: pending.attempt + 1 };
      const group = this.#backlog.placesOf(second, this.#fleet.types);
      const types = betterTypes(attempt, this.#unwantedTypes(), this.#estimates, nowMs);
      yield { pending: second, group, types };
    }
  }

  /** Free types of machines that no pending suite can use. */
  #unwantedTypes(): readonly FleetType[] {
    if (this.#attempts.size === 0) return [];
    const isWanted = ({ siblings }: FleetType) => [...siblings].some(({ candidates }) => candidates.size > 0);
    return this.#fleet.freeTypes().filter((type) => !isWanted(type));
  }
}

/** When a second attempt may be thought of; undefined when none ever is. */
function overdueAtMs({ pending, claim, degraded, estimate, speculative, startedAtMs }: Attempt) {
  const { suite, alone } = pending;
  const { locks, exclusive } = suite.profile;
  const isGuess = estimate.basis === 'default';
  if (isGuess || speculative || degraded || alone || exclusive || claim.exclusive || locks.length > 0) {
    return undefined;
  }
  return startedAtMs + Math.max(overdueMs, overdueFactor * estimate.durationMs);
}

/**
 * Better places for a second attempt, the best first: free, of another kind or on another machine (what makes the first
 * one slow would slow its twin as well), and expected to end sooner.
 */
function betterTypes(
  attempt: Attempt,
  unwanted: readonly FleetType[],
  estimates: Estimates,
  nowMs: number,
): readonly FleetType[] {
  const elapsedMs = nowMs - attempt.startedAtMs;
  const { suite } = attempt.pending;
  const isElsewhere = (type: FleetType) =>
    type.kind !== attempt.type.kind || type.slot.machine.name !== attempt.type.slot.machine.name;
  return unwanted
    .filter(isElsewhere)
    .map((type) => ({
      type,
      ms: secondMs(attempt.estimate, elapsedMs, estimates.estimateOf(suite, type.kind)),
    }))
    .filter(({ ms }) => ms * certainty < elapsedMs)
    .sort((a, b) => a.ms - b.ms)
    .map(({ type }) => type);
}

/**
 * What a second attempt should take: what the suite took there or elsewhere before. Of one that was never measured only
 * the first attempt tells anything: twice what it has run so far, on a device that is so much faster.
 */
function secondMs(here: Estimate, elapsedMs: number, there: Estimate): number {
  const isMeasured = there.basis === 'given' || there.basis.endsWith('-device');
  return isMeasured ? there.durationMs : (2 * elapsedMs * there.durationMs) / here.durationMs;
}
