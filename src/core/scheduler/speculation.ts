/**
 * Speculative execution: a second attempt at a suite that takes far longer than expected, a straggler (Dean and Ghemawat,
 * MapReduce, 2004). As devices are unequal, only where it should end sooner (compare LATE, Zaharia et al. 2008).
 */

import type { Estimates } from '../estimate/estimate.js';
import type { Estimate } from '../events.js';
import type { Permit } from '../machine/permits.js';
import { type Allocation, allocationOn } from './allocation.js';
import type { Attempt, Attempts } from './attempts.js';
import type { Backlog } from './backlog.js';
import type { BacklogGroup, PendingAttempt } from './backlog-group.js';
import type { Fleet, FleetPool } from './fleet.js';
import { permitOn } from './group-permits.js';

// Around: `node bench/tuning.mjs FOLDER --seeds 4`, total time over that with the value as it is, as geometric mean (and
// range) over 16 cases in which 1 % of the suites take ten times as long as expected.
const tuning = {
  /**
   * An attempt is overdue from this multiple of its expected duration on. 1.5: 0.983 (0.76 to 1.00), 6: 1.025 (1.00 to
   * 1.48). So less would be faster; what more second attempts cost in energy and memory these cases do not count.
   */
  overdueFactor: 3,
  /**
   * And not before it has run this long: below, a new process costs more than the second attempt saves. Not tuned: the
   * simulator starts processes for nothing. 2500 and 10,000: 1.000.
   */
  leastOverdueMs: 5000,
  /** A suite that may still wait for other runs is overdue after its expected duration, and not before. Not tuned. */
  leastWaitMs: 1000,
  /**
   * A second attempt must be expected to take less than the elapsed time divided by this. The elapsed time stands for what
   * the first attempt still takes: what is far beyond its expected duration goes on for about as long as it has run.
   * 0.75 and 3: 1.000.
   */
  requiredSpeedup: 1.5,
} as const;

/** A suite that should have a second attempt. */
interface Straggler {
  /** Its second attempt. */
  readonly pending: PendingAttempt;
  /** A group of its own, outside of the backlog. */
  readonly group: BacklogGroup;
  /** Where the second attempt should end before the first one, the best first. */
  readonly pools: readonly FleetPool[];
}

/** Finds suites that run far longer than expected, and better pools for them. */
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

  /** The times, later than now, at which further attempts become overdue. Ms since the run started. */
  overdueTimesMs(nowMs: number): readonly number[] {
    if (this.#unwantedPools().length === 0) return [];
    return [...this.#attempts.all].flatMap((attempt) => {
      const atMs = overdueAtMs(attempt);
      return atMs !== undefined && atMs > nowMs ? atMs : [];
    });
  }

  /** Second attempts that should start now. The caller must start each before it asks for the next. */
  *secondAttempts(
    nowMs: number,
  ): Iterable<{ readonly pending: PendingAttempt; readonly allocation: Allocation }> {
    for (const { pending, group, pools } of this.#stragglers(nowMs)) {
      const [allocation] = pools.flatMap((pool) => allocationOn(pool, group) ?? []);
      if (allocation !== undefined) yield { pending, allocation };
    }
  }

  /** What second attempts need of machines that are shared with other runs: for each, the permit for its best pool. */
  permits(nowMs: number): readonly Permit[] {
    return [...this.#stragglers(nowMs)].flatMap(({ group, pools: [best] }) =>
      best === undefined ? [] : (permitOn(best, group) ?? []),
    );
  }

  *#stragglers(nowMs: number): Iterable<Straggler> {
    if (this.#unwantedPools().length === 0) return;
    for (const attempt of [...this.#attempts.all]) {
      const atMs = overdueAtMs(attempt);
      if (atMs === undefined || atMs > nowMs) continue;
      const { pending, stopped } = attempt;
      // One second attempt a suite, however it ends.
      if (stopped || this.#attempts.lastNumberOf(pending.suite.id) !== pending.attempt) continue;
      const second = { ...pending, attempt: pending.attempt + 1 };
      const group = this.#backlog.matchedAlone(second, this.#fleet.pools);
      const pools = betterPools(attempt, this.#unwantedPools(), this.#estimates, nowMs);
      yield { pending: second, group, pools };
    }
  }

  /** Free pools of machines that no pending suite can use. */
  #unwantedPools(): readonly FleetPool[] {
    if (this.#attempts.size === 0) return [];
    const isWanted = ({ siblings }: FleetPool) =>
      [...siblings].some(({ eligibleGroups }) => eligibleGroups.size > 0);
    return this.#fleet.freePools().filter((pool) => !isWanted(pool));
  }
}

/**
 * When a second attempt may start; undefined when none ever may: the estimate is a mere guess, the two attempts would
 * compete for a lock or a machine, or this is a second attempt itself.
 */
function overdueAtMs({ pending, claim, degraded, estimate, speculative, waits, startedAtMs }: Attempt) {
  const { suite, alone } = pending;
  const { locks, exclusive } = suite.profile;
  const isGuess = estimate.basis === 'default' && !waits;
  if (isGuess || speculative || degraded || alone || exclusive || claim.exclusive || locks.length > 0) {
    return undefined;
  }
  if (waits) return startedAtMs + Math.max(tuning.leastWaitMs, estimate.durationMs);
  return startedAtMs + Math.max(tuning.leastOverdueMs, tuning.overdueFactor * estimate.durationMs);
}

/**
 * Better pools for a second attempt, the best first. Only pools of another device kind or machine count: what makes the
 * first attempt slow would slow the second one there too.
 */
function betterPools(
  attempt: Attempt,
  unwanted: readonly FleetPool[],
  estimates: Estimates,
  nowMs: number,
): readonly FleetPool[] {
  const elapsedMs = nowMs - attempt.startedAtMs;
  const { suite } = attempt.pending;
  const isElsewhere = ({ deviceKind, anySlot }: FleetPool) =>
    deviceKind !== attempt.pool.deviceKind || anySlot.machine.name !== attempt.pool.anySlot.machine.name;
  return (
    unwanted
      .filter(isElsewhere)
      .map((pool) => ({
        pool,
        ms: secondAttemptMs(attempt.estimate, elapsedMs, estimates.estimateOf(suite, pool.deviceKind)),
      }))
      // Where it waits for other runs, for long, any place that is free is better.
      .filter(({ ms }) => attempt.waits || ms * tuning.requiredSpeedup < elapsedMs)
      .sort((a, b) => a.ms - b.ms)
      .map(({ pool }) => pool)
  );
}

/**
 * How long a second attempt should take. Where the suite was measured before, as long as then. Otherwise only the first
 * attempt tells anything: it is expected to take twice what it has run so far, and the second one in proportion to the
 * two estimates.
 */
function secondAttemptMs(here: Estimate, elapsedMs: number, there: Estimate): number {
  const isMeasured = there.basis === 'given' || there.basis.endsWith('-device');
  return isMeasured ? there.durationMs : (2 * elapsedMs * there.durationMs) / here.durationMs;
}
