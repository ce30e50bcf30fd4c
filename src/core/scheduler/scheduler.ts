import type { Estimates } from '../estimate/estimate.js';
import type { CancelCause, Rejection, RunEvent, Suite, SuiteEnded, SuiteStatus } from '../events.js';
import type { Machine, Slot } from '../machine/machine.js';
import type { Permit } from '../machine/permits.js';
import { bug } from '../vocabulary/bug.js';
import type { UnsatisfiablePolicy } from '../workload/profile.js';
import { nowRejection } from './admission.js';
import { fits, type Room, roomFor, roomOn } from './allocation.js';
import { type Attempt, Attempts } from './attempts.js';
import { Backlog, rejectionsOf } from './backlog.js';
import { Fleet, type FleetType } from './fleet.js';
import type { Group, Pending } from './group.js';
import { Reservation } from './reservation.js';
import { Speculation } from './speculation.js';
import type { ClusterView, Strategy, StrategyRun } from './strategy.js';
import { type TakenMemoryPolicy, takenEverywhere } from './taken-memory.js';
import { comesBefore } from './turn.js';
import { unusableRejections } from './unusable.js';

export interface SchedulerOptions {
  readonly strategy: Strategy;
  /** For suites without a policy of their own. */
  readonly unsatisfiable: UnsatisfiablePolicy;
  /** Whether a suite whose first attempt is lost gets a second one, alone on its machine. */
  readonly retryLost: boolean;
  /** Whether a suite that takes far longer than expected gets a second attempt on a better idle slot. Default true. */
  readonly speculate?: boolean;
  /** For suites that do not fit because other programs have taken the memory of every device. Default `wait`. */
  readonly takenMemory?: TakenMemoryPolicy;
  /** Learns from what passes during the run. */
  readonly estimates: Estimates;
  /** See {@link StrategyOptions}. */
  readonly keepOrder?: boolean;
  readonly finishWithinMs?: number | undefined;
  /**
   * Goes on when nothing is left, as more suites may come: `run-ended` never comes, and a suite that has ended may be queued
   * again. Default false.
   */
  readonly staysOpen?: boolean;
}

/** Ageing: a suite goes before those of the next higher priority that are queued after this many more starts. */
const startsPerPriority = 64;
const highestPriority = 5;

/** What a run needs of a machine that it shares with other runs. */
export interface PermitDemand {
  /** Of all pending suites. */
  readonly needed: readonly Permit[];
  /** What is to be asked for now. */
  readonly requested: readonly Permit[];
}

/** The suite has its result. */
const conclusive: ReadonlySet<SuiteStatus> = new Set(['passed', 'failed', 'skipped', 'timed-out']);

/**
 * Decides which suite runs where. A state machine: it is told what happens, in order, and answers with what is to be
 * done. It has no clock; time is what the events say. Drivers start what `suite-started` says, stop what
 * `attempt-stopped` says, report the end of both, and stop after `run-ended`, which comes once: when the run was opened
 * and every suite has come to its one end.
 *
 * A `slot-down` with a suite running is answered with that suite's `suite-ended` as lost; its driver reports no other
 * end. When a whole machine goes, its idle slots should be told first, so that nothing is placed on them meanwhile.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #run: StrategyRun;
  readonly #fleet = new Fleet();
  /** By name, for what is present on them and not usable. */
  readonly #machines = new Map<string, Machine>();
  readonly #backlog: Backlog;
  /** Those that have not ended, where the scheduler stays open; else all. */
  readonly #suiteIds = new Set<string>();
  readonly #attempts = new Attempts();
  readonly #reservation: Reservation;
  readonly #speculation: Speculation;
  readonly #view: Pick<ClusterView, 'fits' | 'estimate' | 'isPending'>;
  #nowMs = 0;
  #opened = false;
  #ended = false;
  #cancelled: CancelCause | undefined;
  #queued = 0;
  #starts = 0;
  /** Counts what a plan of the rest depends on: suites that came, slots that came or went. */
  #changes = 0;
  #decided: RunEvent[] = [];

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const { keepOrder, finishWithinMs } = options;
    this.#run = options.strategy.start({ keepOrder, finishWithinMs });
    this.#backlog = new Backlog(options.unsatisfiable, options.estimates);
    const { estimates } = options;
    this.#reservation = new Reservation(this.#fleet, this.#backlog, this.#attempts, estimates);
    this.#speculation = new Speculation(this.#fleet, this.#backlog, this.#attempts, estimates);
    this.#view = {
      fits: (group, type) => fits(type as FleetType, group),
      estimate: (suite, type) => estimates.estimateOf(suite, type.kind),
      isPending: (suiteId) => this.#backlog.groupOf(suiteId) !== undefined,
    };
  }

  /** Suites that wait for a start. */
  get pendingCount(): number {
    return this.#backlog.size;
  }

  isPending(suiteId: string): boolean {
    return this.#backlog.groupOf(suiteId) !== undefined;
  }

  /**
   * What pending suites, and second attempts, need of machines that are shared with other runs (`machine-shared`). A machine for itself is
   * asked for when nothing else runs or is to run first, as everything else then has to stop.
   */
  get permitDemand(): PermitDemand {
    const seconds = this.#opened && this.#speculates ? this.#speculation.permits(this.#nowMs) : [];
    const needed = [...this.#backlog.permits, ...seconds];
    const exclusive = needed.filter((permit) => permit.exclusive);
    if (exclusive.length === 0) return { needed, requested: needed };
    const others = needed.filter((permit) => !permit.exclusive);
    for (const { claim } of this.#attempts.all) {
      return { needed, requested: claim.exclusive ? [] : others };
    }
    const { beneficiary = this.#firstInTurn() } = this.#reservation;
    const alone = beneficiary?.permits.filter((permit) => permit.exclusive) ?? [];
    return { needed, requested: alone.length > 0 ? alone.slice(0, 1) : others };
  }

  #firstInTurn(): Group | undefined {
    let first: Group | undefined;
    for (const group of this.#backlog.groups) {
      if (group.permits.length === 0) continue;
      if (first === undefined || comesBefore(group.head.turn, first.head.turn)) first = group;
    }
    return first;
  }

  /** When a `tick` is due unless another event comes before; undefined when nothing waits for time to pass. */
  get nextTickAtMs(): number | undefined {
    if (!this.#opened || this.#ended) return undefined;
    const dueMs = [...this.#backlog.stranded].map(deadlineOf);
    const { reviewAtMs } = this.#run;
    if (reviewAtMs !== undefined && reviewAtMs > this.#nowMs && this.#backlog.size > 0)
      dueMs.push(reviewAtMs);
    if (this.#speculates) dueMs.push(...this.#speculation.overdueAtMs(this.#nowMs));
    return dueMs.length === 0 ? undefined : dueMs.reduce((least, each) => Math.min(least, each));
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

  get #speculates(): boolean {
    return (this.#options.speculate ?? true) && this.#cancelled === undefined;
  }

  #take(event: RunEvent): void {
    switch (event.type) {
      case 'machine-known':
        this.#machines.set(event.machine.machine.name, event.machine);
        break;
      case 'slot-up':
        this.#changes++;
        if (this.#fleet.up(event.slot)) this.#backlog.rematch();
        break;
      case 'slot-down':
        this.#changes++;
        this.#slotDown(event.slotId, event.reason);
        break;
      case 'device-heat':
        this.#fleet.heat(event.machine, event.deviceId, event.hot);
        break;
      case 'device-memory':
        this.#fleet.takenByOthers(event.machine, event.deviceId, event.takenBytes, event.by);
        this.#failTaken();
        break;
      case 'machine-shared':
        this.#fleet.permitsOf(event.machine)?.share(event.deviceIds);
        this.#backlog.rematch();
        break;
      case 'permit-awaited':
        this.#fleet.permitsOf(event.machine)?.awaitTurn(event.permit, event.by, event.atMs);
        break;
      case 'permit-granted':
        this.#fleet.permitsOf(event.machine)?.grant(event.permit, event.atMs);
        break;
      case 'permit-withdrawn':
        this.#fleet.permitsOf(event.machine)?.withdraw(event.permit);
        break;
      case 'suite-queued':
        this.#changes++;
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
    const sequence = this.#queued++;
    this.#suiteIds.add(suite.id);
    this.#options.estimates.announce(suite);
    if (this.#cancelled !== undefined) {
      this.#notStarted(suite.id, this.#cancelled);
      return;
    }
    const waits = (highestPriority - suite.profile.priority) * startsPerPriority;
    const due = this.#starts + waits - (suite.failedLast ? 1 : 0);
    this.#backlog.add({ suite, attempt: 1, alone: false, turn: { due, sequence }, queuedAtMs: this.#nowMs });
  }

  /** What runs on the slot is lost with it, unless its end was told before. */
  #slotDown(slotId: string, reason: string): void {
    const attempt = this.#attempts.on(slotId);
    if (attempt !== undefined) {
      const lost: SuiteEnded = {
        type: 'suite-ended',
        suiteId: attempt.pending.suite.id,
        slotId: firstOf(attempt.slots).id,
        attempt: attempt.pending.attempt,
        status: attempt.stopped ? 'cancelled' : 'lost',
        degraded: attempt.degraded,
        durationMs: this.#nowMs - attempt.startedAtMs,
        cause: reason,
      };
      this.#decided.push({ atMs: this.#nowMs, ...lost });
      this.#suiteEnded(lost);
    }
    if (this.#fleet.down(slotId)) this.#backlog.rematch();
  }

  #suiteEnded(ended: SuiteEnded): void {
    const { suiteId, slotId, attempt: number } = ended;
    const attempt = this.#attempts.on(slotId);
    if (
      attempt === undefined ||
      firstOf(attempt.slots).id !== slotId ||
      attempt.pending.suite.id !== suiteId ||
      attempt.pending.attempt !== number
    ) {
      throw bug(`Attempt ${number} of ${suiteId} ended on ${slotId}, but does not run there.`);
    }
    const rivals = this.#attempts.rivalsOf(attempt);
    this.#attempts.delete(attempt);
    this.#fleet.release(attempt.slots, attempt.claim);
    if (!attempt.stopped) this.#conclude(attempt, rivals, ended);
    this.#forgetEnded(suiteId);
  }

  /** Learns from the end of an attempt, stops its rivals, tries again what was lost. */
  #conclude({ pending, type }: Attempt, rivals: readonly Attempt[], ended: SuiteEnded): void {
    const { suiteId, attempt: number, status, durationMs, peakMemoryBytes, cause } = ended;
    if (status === 'passed') {
      const peak = peakMemoryBytes === undefined ? {} : { peakMemoryBytes };
      this.#options.estimates.observe({ suiteId, deviceKind: type.kind, durationMs, ...peak });
    }
    if (conclusive.has(status)) this.#stop(rivals, `attempt ${number} gave the result`);
    const again = status === 'lost' && this.#options.retryLost && !pending.alone && rivals.length === 0;
    if (!again || this.#cancelled !== undefined) return;
    // A rival that was lost before may have had a higher number.
    const next = 1 + this.#attempts.lastNumberOf(suiteId);
    this.#backlog.add({ ...pending, attempt: next, alone: true });
    this.#changes++;
    const why = cause ?? 'the attempt ended without a result';
    this.#decided.push({ atMs: this.#nowMs, type: 'suite-requeued', suiteId, attempt: next, cause: why });
  }

  /** A scheduler that stays open may live for long: of what has ended only what it took is remembered. */
  #forgetEnded(suiteId: string): void {
    if (!this.#options.staysOpen || this.isPending(suiteId) || this.#attempts.of(suiteId).length > 0) return;
    this.#suiteIds.delete(suiteId);
    this.#attempts.forget(suiteId);
    this.#options.estimates.forget(suiteId);
  }

  #stop(rivals: readonly Attempt[], cause: string): void {
    for (const rival of rivals) {
      rival.stopped = true;
      const { pending, slots } = rival;
      const { suite, attempt } = pending;
      const slotId = firstOf(slots).id;
      this.#decided.push({
        atMs: this.#nowMs,
        type: 'attempt-stopped',
        suiteId: suite.id,
        slotId,
        attempt,
        cause,
      });
    }
  }

  #notStarted(suiteId: string, cause: CancelCause): void {
    this.#decided.push({ atMs: this.#nowMs, type: 'suite-not-started', suiteId, cause });
  }

  #decide(): void {
    this.#backlog.match(this.#fleet.types);
    this.#settleStranded();
    const now = this.#nowMs;
    do {
      for (let room = this.#reservation.renew(now); room; room = this.#reservation.renew(now)) {
        this.#startPending(room.group.head.suite.id, room);
      }
    } while (this.#place());
    if (this.#speculates) {
      for (const { pending, room } of this.#speculation.secondAttempts(now)) this.#start(pending, room, true);
    }
    if (this.#attempts.size > 0) return;
    if (this.#backlog.size === 0) {
      if (this.#options.staysOpen) return;
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
        rejections ??= [
          ...unusableRejections(group.head.suite, this.#machines.values()),
          ...rejectionsOf(group, this.#fleet.types),
        ];
        this.#giveUp(suiteId, action, rejections);
      }
    }
  }

  /** Others have taken the memory that suites need, and the option says not to wait for it. */
  #failTaken(): void {
    if (this.#options.takenMemory !== 'fail') return;
    this.#backlog.match(this.#fleet.types);
    for (const group of [...this.#backlog.groups]) {
      const rejections = takenEverywhere(group);
      while (rejections !== undefined && group.size > 0)
        this.#giveUp(group.head.suite.id, 'fail', rejections);
    }
  }

  #giveUp(suiteId: string, action: 'fail' | 'skip', rejections: readonly Rejection[]): void {
    this.#backlog.remove(suiteId);
    this.#decided.push({ atMs: this.#nowMs, type: 'suite-unplaceable', suiteId, action, rejections });
    this.#forgetEnded(suiteId);
  }

  /** Lets the strategy place suites. @returns Whether it placed any. */
  #place(): boolean {
    const freeTypes = this.#fleet.freeTypes();
    if (freeTypes.length === 0 || this.#backlog.size === 0) return false;
    const places = this.#run.place({
      ...this.#view,
      atMs: this.#nowMs,
      freeTypes,
      types: this.#fleet.types,
      groups: this.#backlog.groups,
      pendingCount: this.#backlog.size,
      running: this.#attempts.all,
      changes: this.#changes,
    });
    for (const { suiteId, slotId } of places) this.#startPending(suiteId, this.#checked(suiteId, slotId));
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
    const room = roomOn(known.type, group, known.slot);
    if (room === undefined) throw bug(`${who}, but the other devices it needs are busy.`);
    return room;
  }

  #startPending(suiteId: string, room: Room): void {
    const pending = this.#backlog.remove(suiteId);
    this.#reservation.passing(pending.turn, room.type);
    this.#start(pending, room, false);
  }

  #start(pending: Pending, { group: { degraded }, slots, type, claim }: Room, speculative: boolean): void {
    const waited = type.load.permits.takeWait(claim);
    this.#fleet.take(slots, claim);
    this.#starts++;
    const { suite, attempt } = pending;
    const estimate = this.#options.estimates.estimateOf(suite, type.kind);
    this.#attempts.add({
      pending,
      type,
      slots,
      claim,
      degraded,
      estimate,
      startedAtMs: this.#nowMs,
      speculative,
      stopped: false,
    });
    const [slotId = '', ...partnerSlotIds] = slots.map(({ id }) => id);
    this.#decided.push({
      atMs: this.#nowMs,
      type: 'suite-started',
      placement: {
        suiteId: suite.id,
        slotId,
        ...(partnerSlotIds.length > 0 && { partnerSlotIds }),
        claim,
        estimate,
        degraded,
      },
      attempt,
      ...(speculative && { speculative }),
      ...waited,
    });
  }
}

/** When the policy applies to the group's head, should no slot type come that can run it. */
function deadlineOf({ policy, head }: Group): number {
  return policy.action === 'wait' ? head.queuedAtMs + policy.waitMs : 0;
}

function firstOf(slots: readonly Slot[]): Slot {
  const [first] = slots;
  if (first === undefined) throw bug('A suite runs on no slot.');
  return first;
}
