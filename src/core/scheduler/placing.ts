import { bug } from '../vocabulary/bug.js';
import { nowRejection } from './admission.js';
import { type Allocation, allocationOn, anyAllocation, fits } from './allocation.js';
import type { BacklogGroup, PendingAttempt } from './backlog-group.js';
import type { FleetPool } from './fleet.js';
import { batchSizeAfter } from './recovery.js';
import type { Reservation } from './reservation.js';
import type { RunState } from './run-state.js';
import type { Speculation } from './speculation.js';
import type { ClusterView, PlacementProposal, StrategyRun } from './strategy.js';
import { withLead } from './succession.js';

/** Where a suite starts. */
export interface StartOn extends Omit<Allocation, 'group'> {
  readonly degraded: boolean;
}

/** Starts suites: those that the reservation has waited for, those that the strategy proposes, then second attempts. */
export class Placing {
  readonly #state: RunState;
  readonly #reservation: Reservation;
  readonly #speculation: Speculation;
  readonly #strategy: StrategyRun;
  readonly #queries: Pick<ClusterView, 'fits' | 'estimate' | 'isPending'>;

  constructor(state: RunState, reservation: Reservation, speculation: Speculation) {
    const { strategy, keepOrder, finishWithinMs, estimates } = state.options;
    this.#state = state;
    this.#reservation = reservation;
    this.#speculation = speculation;
    this.#strategy = strategy.start({ keepOrder, finishWithinMs });
    this.#queries = {
      fits: (group, pool) => fits(pool as FleetPool, group),
      estimate: (suite, pool) => withLead(estimates.estimateOf(suite, pool.deviceKind), pool, state),
      isPending: (suiteId) => state.isPending(suiteId),
    };
  }

  /** When the strategy wants to be asked again, see {@link StrategyRun}. */
  get reviewAtMs(): number | undefined {
    return this.#strategy.reviewAtMs;
  }

  startAll(): void {
    const { nowMs, speculates, fleet } = this.#state;
    this.#startFitting();
    if (fleet.isShared) {
      // Only what finds no place that is free now waits for one that other runs have.
      fleet.letSuitesWait(true);
      this.#startFitting();
      fleet.letSuitesWait(false);
    }
    if (!speculates) return;
    for (const { pending, allocation } of this.#speculation.secondAttempts(nowMs)) {
      this.start(pending, startOn(allocation), true);
    }
  }

  #startFitting(): void {
    const { nowMs } = this.#state;
    do {
      for (let due = this.#reservation.renew(nowMs); due; due = this.#reservation.renew(nowMs)) {
        this.#startPending(due.group.head.suite.id, due);
      }
    } while (this.#startProposed());
  }

  /** @throws when nothing runs although a pending suite could start: the run would never end. */
  checkProgress(): void {
    const { attempts, backlog, options } = this.#state;
    if (attempts.size === 0 && [...backlog.groups].some(anyAllocation)) {
      throw bug(`Strategy ${options.strategy.name} leaves every slot idle although suites could run.`);
    }
  }

  /** @returns Whether the strategy proposed any. */
  #startProposed(): boolean {
    const { fleet, backlog } = this.#state;
    const freePools = fleet.freePools();
    if (freePools.length === 0 || backlog.size === 0) return false;
    const proposals = this.#proposals(freePools, this.#queries.fits);
    for (const { suiteId, slotId } of proposals) this.#startPending(suiteId, this.#checked(suiteId, slotId));
    return proposals.length > 0;
  }

  /** What the strategy would start on the pool if only this were allowed. Nothing is started. */
  proposalOn(pool: FleetPool, mayStart: (group: BacklogGroup) => boolean): string | undefined {
    const [proposal] = this.#proposals(
      [pool],
      (group, other) => other === pool && mayStart(group as BacklogGroup),
    );
    return proposal?.suiteId;
  }

  #proposals(freePools: readonly FleetPool[], fits: ClusterView['fits']): readonly PlacementProposal[] {
    const { fleet, backlog, attempts, nowMs, changes } = this.#state;
    return this.#strategy.place({
      ...this.#queries,
      fits,
      atMs: nowMs,
      freePools,
      pools: fleet.pools,
      groups: backlog.groups,
      pendingCount: backlog.size,
      running: attempts.all,
      changes,
    });
  }

  /** The allocation that a strategy proposes, if the suite fits there. */
  #checked(suiteId: string, slotId: string): Allocation {
    const { backlog, fleet, options } = this.#state;
    const who = `Strategy ${options.strategy.name} placed ${suiteId} on ${slotId}`;
    const group = backlog.groupOf(suiteId);
    if (group === undefined) throw bug(`${who}, but the suite is not pending.`);
    const found = fleet.findSlot(slotId);
    if (found === undefined) throw bug(`${who}, but there is no such slot.`);
    const claim = group.claimByPool.get(found.pool);
    if (claim === undefined) throw bug(`${who}, which can never run it.`);
    const rejection = nowRejection(found.slot, claim, found.pool.load);
    if (rejection !== undefined) throw bug(`${who}: ${rejection.reason}.`);
    const allocation = allocationOn(found.pool, group, found.slot);
    if (allocation === undefined) throw bug(`${who}, but the other devices it needs are busy.`);
    return allocation;
  }

  #startPending(suiteId: string, allocation: Allocation): void {
    const pending = this.#state.backlog.remove(suiteId);
    this.#reservation.countBypasses(pending.turn, allocation.pool);
    this.start(pending, startOn(allocation), false);
  }

  /** Starts a suite that is not pending any more. Its slots must be free. */
  start(pending: PendingAttempt, { degraded, slots, pool, claim }: StartOn, speculative: boolean): void {
    const { fleet, attempts, nowMs, options } = this.#state;
    const { suite, attempt } = pending;
    const waited = pool.load.permits.takeWait(claim);
    const waits = claim.deviceIds.some((id) => pool.load.isTakenByOtherRuns(id));
    fleet.allocate(slots, claim);
    this.#state.starts++;
    const estimate = options.estimates.estimateOf(suite, pool.deviceKind);
    attempts.add({
      pending,
      pool,
      slots,
      claim,
      degraded,
      estimate,
      startedAtMs: nowMs,
      speculative,
      waits,
      stopped: false,
    });
    const [slotId = '', ...partnerSlotIds] = slots.map(({ id }) => id);
    this.#state.decide({
      type: 'suite-started',
      placement: {
        suiteId: suite.id,
        slotId,
        ...(partnerSlotIds.length > 0 && { partnerSlotIds }),
        claim,
        estimate,
        degraded,
        ...batchSizeAfter(pending),
      },
      attempt,
      ...(speculative && { speculative }),
      ...waited,
    });
  }
}

function startOn({ group: { degraded }, ...where }: Allocation): StartOn {
  return { ...where, degraded };
}
