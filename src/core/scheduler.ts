import { Backlog, rejectionsOf } from './backlog.js';
import { bug } from './bug.js';
import type { Estimates } from './estimate.js';
import type { CancelCause, Rejection, RunEvent, Suite, SuiteEnded } from './events.js';
import { nowRejection } from './filters.js';
import { Fleet, type FleetType } from './fleet.js';
import type { Group, Pending } from './group.js';
import { type Claim, kindOf, type Slot } from './machine.js';
import { fits, Reservation, type Room, roomFor } from './reservation.js';
import type { ClusterView, Strategy, StrategyRun } from './strategies/strategy.js';
import type { UnsatisfiablePolicy } from './workload.js';

export interface SchedulerOptions {
  readonly strategy: Strategy;
  /** For suites without a policy of their own. */
  readonly unsatisfiable: UnsatisfiablePolicy;
  /** Whether a suite whose first attempt is lost gets a second one, alone on its machine. */
  readonly retryLost: boolean;
  /** Learns from what passes during the run. */
  readonly estimates: Estimates;
  /** Default 0. */
  readonly seed?: number;
}

/** Ageing: a suite goes before those of the next higher priority that are queued after this many more starts. */
const startsPerPriority = 64;
const highestPriority = 5;

interface Running {
  readonly pending: Pending;
  readonly slot: Slot;
  readonly claim: Claim;
  readonly degraded: boolean;
  readonly startedAtMs: number;
}

/**
 * Decides which suite runs where. A state machine: it is told what happens, in order, and answers with what is to be
 * done. It has no clock; time is what the events say. Drivers start what `suite-started` says, report its end, and stop
 * after `run-ended`, which comes once: when the run was opened and every suite has come to its one end.
 *
 * A `slot-down` with a suite running is answered with that suite's `suite-ended` as lost; its driver reports no other
 * end. When a whole machine goes, its idle slots should be told first, so that nothing is placed on them meanwhile.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #run: StrategyRun;
  readonly #fleet = new Fleet();
  readonly #backlog: Backlog;
  readonly #suiteIds = new Set<string>();
  readonly #running = new Map<string, Running>();
  readonly #reservation: Reservation;
  readonly #view: Pick<ClusterView, 'fits' | 'estimate'>;
  #nowMs = 0;
  #opened = false;
  #ended = false;
  #cancelled: CancelCause | undefined;
  #starts = 0;
  #decided: RunEvent[] = [];

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#run = options.strategy.start({ seed: options.seed ?? 0 });
    this.#backlog = new Backlog(options.unsatisfiable, options.estimates);
    this.#reservation = new Reservation(this.#fleet, this.#backlog);
    this.#view = {
      fits: (group, type) => fits(type as FleetType, group),
      estimate: (suite, type) => options.estimates.of(suite, type.kind),
    };
  }

  /** Suites that wait for a start. */
  get pendingCount(): number {
    return this.#backlog.size;
  }

  /** When a `tick` is due unless another event comes before; undefined when nothing waits for time to pass. */
  get nextTickAtMs(): number | undefined {
    if (!this.#opened || this.#ended) return undefined;
    const deadlines = [...this.#backlog.stranded].map(deadlineOf);
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  /**
   * Tells what happened; events that only report are ignored.
   * @returns What is decided, in order, all at the event's time.
   * @throws when the event contradicts the ones before (a suite queued twice, an end of what does not run).
   */
  handle(event: RunEvent): readonly RunEvent[] {
    this.#nowMs = Math.max(this.#nowMs, event.atMs);
    this.#decided = [];
    this.#reservation.suspend();
    this.#take(event);
    if (this.#opened && !this.#ended) this.#decide();
    return this.#decided;
  }

  #take(event: RunEvent): void {
    switch (event.type) {
      case 'slot-up':
        if (this.#fleet.up(event.slot)) this.#backlog.rematch();
        break;
      case 'slot-down':
        this.#slotDown(event.slotId, event.reason);
        break;
      case 'suite-queued':
        this.#queue(event.suite);
        break;
      case 'run-opened':
        this.#opened = true;
        break;
      case 'suite-ended':
        this.#suiteEnded(event);
        break;
      case 'run-cancelled':
        this.#cancelled = event.cause;
        for (const { suite } of this.#backlog.clear()) this.#notStarted(suite.id, event.cause);
    }
  }

  #queue(suite: Suite): void {
    if (this.#suiteIds.has(suite.id)) throw bug(`${suite.id} was queued twice.`);
    if (this.#ended) throw bug(`${suite.id} was queued after the run had ended.`);
    const sequence = this.#suiteIds.size;
    this.#suiteIds.add(suite.id);
    this.#options.estimates.announce(suite);
    if (this.#cancelled !== undefined) {
      this.#notStarted(suite.id, this.#cancelled);
      return;
    }
    const due = this.#starts + (highestPriority - suite.profile.priority) * startsPerPriority;
    this.#backlog.add({ suite, attempt: 1, turn: { due, sequence }, queuedAtMs: this.#nowMs });
  }

  /** What runs on the slot is lost with it, unless its end was told before. */
  #slotDown(slotId: string, reason: string): void {
    const running = this.#running.get(slotId);
    if (running !== undefined) {
      const { pending, degraded, startedAtMs } = running;
      const lost: SuiteEnded = {
        type: 'suite-ended',
        suiteId: pending.suite.id,
        slotId,
        attempt: pending.attempt,
        status: 'lost',
        degraded,
        durationMs: this.#nowMs - startedAtMs,
        cause: reason,
      };
      this.#decided.push({ atMs: this.#nowMs, ...lost });
      this.#suiteEnded(lost);
    }
    if (this.#fleet.down(slotId)) this.#backlog.rematch();
  }

  #suiteEnded({ suiteId, slotId, attempt, status, durationMs, peakMemoryBytes, cause }: SuiteEnded): void {
    const running = this.#running.get(slotId);
    if (running?.pending.suite.id !== suiteId || running.pending.attempt !== attempt) {
      throw bug(`Attempt ${attempt} of ${suiteId} ended on ${slotId}, but does not run there.`);
    }
    this.#running.delete(slotId);
    this.#fleet.release(slotId, running.claim);
    if (status === 'passed') {
      const peak = peakMemoryBytes === undefined ? {} : { peakMemoryBytes };
      this.#options.estimates.observe({
        suiteId,
        deviceKind: kindOf(running.slot.device),
        durationMs,
        ...peak,
      });
    }
    const again = status === 'lost' && this.#options.retryLost && attempt === 1;
    if (!again || this.#cancelled !== undefined) return;
    this.#backlog.add({ ...running.pending, attempt: 2 });
    const why = cause ?? 'the attempt ended without a result';
    this.#decided.push({ atMs: this.#nowMs, type: 'suite-requeued', suiteId, attempt: 2, cause: why });
  }

  #notStarted(suiteId: string, cause: CancelCause): void {
    this.#decided.push({ atMs: this.#nowMs, type: 'suite-not-started', suiteId, cause });
  }

  #decide(): void {
    this.#backlog.match(this.#fleet.types);
    this.#settleStranded();
    do {
      for (let room = this.#reservation.renew(); room; room = this.#reservation.renew()) {
        this.#start(room.group.head.suite.id, room);
      }
    } while (this.#place());
    if (this.#running.size > 0) return;
    if (this.#backlog.size === 0) {
      this.#ended = true;
      this.#decided.push({ atMs: this.#nowMs, type: 'run-ended' });
    } else if ([...this.#backlog.groups].some(roomFor)) {
      throw bug(`Strategy ${this.#options.strategy.name} leaves every slot idle although suites could run.`);
    }
  }

  /** Applies the policy to what no slot of the run can ever run. */
  #settleStranded(): void {
    for (const group of [...this.#backlog.stranded]) {
      const action = group.policy.action === 'skip' ? 'skip' : 'fail';
      let rejections: readonly Rejection[] | undefined;
      while (group.size > 0 && deadlineOf(group) <= this.#nowMs) {
        const suiteId = group.head.suite.id;
        rejections ??= rejectionsOf(group, this.#fleet.types);
        this.#backlog.remove(suiteId);
        this.#decided.push({ atMs: this.#nowMs, type: 'suite-unplaceable', suiteId, action, rejections });
      }
    }
  }

  /** Lets the strategy place suites. @returns Whether it placed any. */
  #place(): boolean {
    const freeTypes = this.#fleet.freeTypes();
    if (freeTypes.length === 0 || this.#backlog.size === 0) return false;
    const places = this.#run.place({ ...this.#view, atMs: this.#nowMs, freeTypes });
    for (const { suiteId, slotId } of places) this.#start(suiteId, this.#checked(suiteId, slotId));
    return places.length > 0;
  }

  /** The room that a strategy chose, if it is there. */
  #checked(suiteId: string, slotId: string): Room {
    const who = `Strategy ${this.#options.strategy.name} placed ${suiteId} on ${slotId}`;
    const group = this.#backlog.groupOf(suiteId);
    if (group === undefined) throw bug(`${who}, but the suite is not pending.`);
    const known = this.#fleet.find(slotId);
    if (known === undefined) throw bug(`${who}, but there is no such slot.`);
    const claim = group.slotTypes.get(known.type);
    if (claim === undefined) throw bug(`${who}, which can never run it.`);
    const rejection = nowRejection(known.slot, claim, known.type.load);
    if (rejection !== undefined) throw bug(`${who}: ${rejection.reason}.`);
    return { group, slot: known.slot, type: known.type, claim };
  }

  #start(suiteId: string, { group, slot, type, claim }: Room): void {
    const slotId = slot.id;
    const { degraded } = group;
    const pending = this.#backlog.remove(suiteId);
    this.#reservation.passing(pending.turn, type);
    this.#fleet.take(slotId, claim);
    this.#starts++;
    this.#running.set(slotId, { pending, slot, claim, degraded, startedAtMs: this.#nowMs });
    const estimate = this.#options.estimates.of(pending.suite, type.kind);
    const placement = { suiteId, slotId, claim, estimate, degraded };
    this.#decided.push({ atMs: this.#nowMs, type: 'suite-started', placement, attempt: pending.attempt });
  }
}

/** When the policy applies to the group's head, should no slot type come that can run it. */
function deadlineOf({ policy, head }: Group): number {
  return policy.action === 'wait' ? head.queuedAtMs + policy.waitMs : 0;
}
