/**
 * Task prefetching for machines that are far away: a suite is sent ahead to a busy slot, as the slot would otherwise be idle
 * from the end of its suite until the next decision arrives (compare the latency hiding of multiple outstanding requests).
 * Binding stays as late as it can: a suite is sent ahead only where the idle time would matter, and may be asked back.
 */

import { meanResidualLifeMs } from '../estimate/residual-life.js';
import type { Estimate } from '../events.js';
import type { Claim } from '../machine/machine.js';
import { nowRejection } from './admission.js';
import { allocationOn } from './allocation.js';
import { type Attempt, firstSlotOf } from './attempts.js';
import type { BacklogGroup } from './backlog-group.js';
import type { FleetPool } from './fleet.js';
import type { Placing } from './placing.js';
import { batchSizeAfter } from './recovery.js';
import type { Reservation } from './reservation.js';
import type { RunState } from './run-state.js';
import type { SlotPool } from './strategy.js';
import type { Successor } from './successors.js';

const tuning = {
  /** A suite that takes longer than this many leads has no successor: its slot is idle for less than 2 % of the time. */
  longestInLeads: 50,
  /** What a suite counts as of which nothing is known: a guess is no reason to send nothing ahead. */
  unknownMs: 1000,
  /** Successors of a slot should keep it busy for this many leads: the news of an end and the next suite cross the distance. */
  coveredLeads: 1.5,
  /** Of one slot; more would be sent where suites take next to no time. */
  mostPerSlot: 16,
} as const;

export class Succession {
  readonly #state: RunState;
  readonly #reservation: Reservation;
  readonly #placing: Placing;
  /** Suites that were asked back once, so that none goes to and fro. */
  readonly #askedBack = new Set<string>();
  #changes = 0;

  constructor(state: RunState, reservation: Reservation, placing: Placing) {
    this.#state = state;
    this.#reservation = reservation;
    this.#placing = placing;
  }

  /** Successors whose slot is free run there already. */
  startDue(): void {
    const { successors, attempts } = this.#state;
    for (const slotId of attempts.takeFreedSlotIds()) {
      const [next] = successors.behind(slotId);
      if (next === undefined || attempts.holderOf(slotId) !== undefined) continue;
      successors.remove(next.pending.suite.id);
      this.#placing.start(next.pending, { ...next, slots: [next.slot] }, false);
      const started = attempts.holderOf(slotId);
      if (started !== undefined) this.#cover(started, successors.behind(slotId));
    }
  }

  /** @returns Whether a suite was sent ahead. Others may have to be decided about anew. */
  nameNext(): boolean {
    const { attempts, backlog, cancelled, changes } = this.#state;
    if (changes !== this.#changes) attempts.askAgain();
    this.#changes = changes;
    // What a reservation waits for must not be delayed.
    if (backlog.size === 0 || cancelled !== undefined || this.#reservation.beneficiary) return false;
    for (const attempt of attempts.unasked) {
      const answer = this.#wantsSuccessor(attempt);
      if (answer === 'no') attempts.unasked.delete(attempt);
      if (answer === 'yes' && this.#name(attempt)) return true;
    }
    return false;
  }

  /** Asks back what waits for long while another slot is free, if it should end sooner there. */
  recallStuck(): void {
    const { successors, attempts, backlog, fleet } = this.#state;
    if (successors.size === 0) return;
    const isUnused = (pool: FleetPool) => pool.eligibleGroups.size === 0;
    const pools = fleet.freePools().filter(isUnused);
    if (pools.length === 0) return;
    let free = pools.reduce((sum, { freeSlots }) => sum + freeSlots.length, 0) - this.#recalledCount();
    for (const slotId of successors.slotIds) {
      if (free <= 0) return;
      const last = successors.behind(slotId).at(-1);
      const attempt = attempts.holderOf(slotId);
      if (last === undefined || attempt === undefined || this.#askedBack.has(last.pending.suite.id)) continue;
      const group = backlog.matchedAlone(last.pending, fleet.pools);
      const endHereMs = this.#waitMs(attempt);
      const endThereMs = (pool: FleetPool) =>
        last.pool.load.leadMs + pool.load.leadMs + this.#estimateOf(last, pool).durationMs;
      if (!pools.some((pool) => allocationOn(pool, group) && endThereMs(pool) < endHereMs)) continue;
      last.recalled = true;
      this.#askedBack.add(last.pending.suite.id);
      free--;
      const { suite, attempt: number } = last.pending;
      this.#state.decide({ type: 'successor-recalled', suiteId: suite.id, slotId, attempt: number });
    }
  }

  /** When successors that wait longer and longer should be looked at again, ms since the run started. */
  reviewTimesMs(): readonly number[] {
    const { successors, attempts, fleet, nowMs } = this.#state;
    if (successors.size === 0 || fleet.freePools().length === 0) return [];
    return [...successors.slotIds].flatMap((slotId) => {
      const attempt = attempts.holderOf(slotId);
      if (attempt === undefined) return [];
      let afterMs = Math.max(attempt.estimate.durationMs, attempt.pool.load.leadMs);
      while (attempt.startedAtMs + afterMs <= nowMs) afterMs *= 2;
      return attempt.startedAtMs + afterMs;
    });
  }

  /** @returns `no`: nor will it before something comes or goes; `not-yet`: nor while a slot of its pool is free. */
  #wantsSuccessor(attempt: Attempt): 'yes' | 'no' | 'not-yet' {
    const { successors, nowMs } = this.#state;
    const { slots, pool, estimate, claim, stopped, startedAtMs } = attempt;
    const slot = firstSlotOf(attempt);
    const { leadMs } = pool.load;
    if (leadMs === 0 || slots.length > 1 || claim.exclusive || stopped || pool.setAside !== undefined)
      return 'no';
    if (pool.eligibleGroups.size === 0 || pool.load.permits.isShared) return 'no';
    if (!isShort(estimate, leadMs) || nowMs - startedAtMs > tuning.longestInLeads * leadMs) return 'no';
    const waiting = successors.behind(slot.id);
    const coveredMs = waiting.reduce((sum, each) => sum + each.estimate.durationMs, 0);
    if (coveredMs >= tuning.coveredLeads * leadMs || waiting.length >= tuning.mostPerSlot) return 'no';
    return pool.freeSlots.length > 0 && !pool.isLeftToOthers ? 'not-yet' : 'yes';
  }

  /** Lets the strategy choose as if the slot were free. */
  #name(attempt: Attempt): boolean {
    const { backlog, fleet, successors } = this.#state;
    const { pool } = attempt;
    const slot = firstSlotOf(attempt);
    const mayFollow = (group: BacklogGroup) => {
      const claim = group.claimByPool.get(pool);
      // A lock, a whole machine or further devices would have to be kept free while it waits.
      if (claim === undefined || claim.exclusive || claim.locks.length > 0) return false;
      if (group.alone || group.deviceCountOn(pool) > 1) return false;
      return nowRejection(slot, covering(attempt.claim, claim), pool.load) === undefined;
    };
    fleet.release(attempt.slots, attempt.claim);
    const suiteId = this.#placing.proposalOn(pool, mayFollow);
    const group = suiteId === undefined ? undefined : backlog.groupOf(suiteId);
    const claim = group && mayFollow(group) ? group.claimByPool.get(pool) : undefined;
    fleet.allocate(attempt.slots, attempt.claim);
    if (suiteId === undefined || group === undefined || claim === undefined) return false;
    const { degraded } = group;
    const pending = backlog.remove(suiteId);
    this.#reservation.countBypasses(pending.turn, pool);
    const estimate = this.#state.options.estimates.estimateOf(pending.suite, pool.deviceKind);
    const successor = { pending, pool, slot, claim, degraded, estimate, recalled: false };
    successors.add(successor);
    this.#cover(attempt, [successor]);
    const placement = { suiteId, slotId: slot.id, claim, estimate, degraded, ...batchSizeAfter(pending) };
    this.#state.decide({ type: 'successor-named', placement, attempt: pending.attempt });
    return true;
  }

  /** Books what the successors take, as far as it is more: they start without asking again. */
  #cover(attempt: Attempt, successors: readonly Successor[]): void {
    const { fleet } = this.#state;
    fleet.release(attempt.slots, attempt.claim);
    attempt.claim = successors.reduce((claim, each) => covering(claim, each.claim), attempt.claim);
    fleet.allocate(attempt.slots, attempt.claim);
  }

  #recalledCount(): number {
    const { successors } = this.#state;
    return [...successors.slotIds].flatMap((id) => successors.behind(id)).filter(({ recalled }) => recalled)
      .length;
  }

  /** Until the last successor of the attempt's slot should have ended, ms from now. */
  #waitMs(attempt: Attempt): number {
    const { successors, nowMs } = this.#state;
    const leftMs = meanResidualLifeMs(attempt.estimate, nowMs - attempt.startedAtMs);
    return successors
      .behind(firstSlotOf(attempt).id)
      .reduce((sum, each) => sum + each.estimate.durationMs, leftMs);
  }

  #estimateOf({ pending }: Successor, { deviceKind }: FleetPool): Estimate {
    return this.#state.options.estimates.estimateOf(pending.suite, deviceKind);
  }
}

/**
 * The estimate with what the distance adds to it. Where more suites wait than there are slots, successors hide that from short
 * ones.
 */
export function withLead(estimate: Estimate, { load: { leadMs } }: SlotPool, state: RunState): Estimate {
  if (leadMs === 0) return estimate;
  if (state.backlog.size > state.slotCount && isShort(estimate, leadMs)) return estimate;
  return { ...estimate, durationMs: estimate.durationMs + leadMs };
}

function isShort({ durationMs, basis }: Estimate, leadMs: number): boolean {
  return (basis === 'default' ? tuning.unknownMs : durationMs) <= tuning.longestInLeads * leadMs;
}

/** What is enough for both, one after the other. */
function covering(first: Claim, second: Claim): Claim {
  return {
    ...first,
    cpuThreads: Math.max(first.cpuThreads, second.cpuThreads),
    hostMemoryBytes: Math.max(first.hostMemoryBytes, second.hostMemoryBytes),
    deviceMemoryBytes: Math.max(first.deviceMemoryBytes, second.deviceMemoryBytes),
  };
}
