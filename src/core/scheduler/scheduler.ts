import type { RunEvent } from '../events.js';
import { Intake } from './intake.js';
import type { SchedulerOptions } from './options.js';
import { type PermitDemand, permitDemandOf } from './permit-demand.js';
import { Placing } from './placing.js';
import { refusalDueMs, refuseStranded } from './refusals.js';
import { Reservation } from './reservation.js';
import { RunState } from './run-state.js';
import { Speculation } from './speculation.js';
import { Succession } from './succession.js';

/**
 * On-line list scheduling: decides which suite runs where, as events come in. A state machine without a clock; time is
 * what the events say. Drivers start what `suite-started` says, stop what `attempt-stopped` says, and report the end of
 * both. What `successor-named` says starts by itself when its slot is free; its `suite-started` follows. They stop after `run-ended`, which comes once: when the run was opened and every suite has come to its one end.
 *
 * A `slot-down` with a suite running is answered with that suite's `suite-ended` as lost; its driver reports no other
 * end. When a whole machine goes, report its idle slots first, so that nothing is placed on them meanwhile.
 */
export class Scheduler {
  readonly #state: RunState;
  readonly #intake: Intake;
  readonly #reservation: Reservation;
  readonly #speculation: Speculation;
  readonly #placing: Placing;
  readonly #succession: Succession;

  constructor(options: SchedulerOptions) {
    this.#state = new RunState(options);
    const { fleet, backlog, attempts } = this.#state;
    this.#intake = new Intake(this.#state);
    this.#reservation = new Reservation(fleet, backlog, attempts, options.estimates);
    this.#speculation = new Speculation(fleet, backlog, attempts, options.estimates);
    this.#placing = new Placing(this.#state, this.#reservation, this.#speculation);
    this.#succession = new Succession(this.#state, this.#reservation, this.#placing);
  }

  /**
   * Takes in what happened; events that only report are ignored.
   * @returns What is decided, in order, all at the event's time.
   * @throws when the event contradicts earlier ones: a suite is queued twice, or one that does not run ends.
   */
  handle(event: RunEvent): readonly RunEvent[] {
    const state = this.#state;
    state.beginEvent(event.atMs);
    this.#reservation.suspend();
    this.#intake.accept(event);
    if (state.opened && !state.ended) this.#decide();
    return state.decisions;
  }

  /** When a `tick` is due unless another event comes before, ms since the run started; undefined when none is. */
  get nextTickAtMs(): number | undefined {
    const { opened, ended, awaited, backlog, nowMs, speculates } = this.#state;
    if (!opened || ended) return undefined;
    const timesMs = awaited.size > 0 ? [] : [...backlog.stranded].map(refusalDueMs);
    const { reviewAtMs } = this.#placing;
    if (reviewAtMs !== undefined && reviewAtMs > nowMs && backlog.size > 0) timesMs.push(reviewAtMs);
    timesMs.push(...this.#succession.reviewTimesMs());
    if (speculates) timesMs.push(...this.#speculation.overdueTimesMs(nowMs));
    return timesMs.length === 0 ? undefined : timesMs.reduce((least, each) => Math.min(least, each));
  }

  /** Suites that wait for a start. */
  get pendingCount(): number {
    return this.#state.backlog.size;
  }

  isPending(suiteId: string): boolean {
    return this.#state.isPending(suiteId);
  }

  get permitDemand(): PermitDemand {
    return permitDemandOf(this.#state, this.#reservation, this.#speculation);
  }

  #decide(): void {
    const state = this.#state;
    const { backlog, fleet, attempts, successors, options } = state;
    this.#succession.startDue();
    backlog.matchPools(fleet.pools);
    refuseStranded(state);
    do this.#placing.startAll();
    while (this.#succession.nameNext());
    this.#succession.recallStuck();
    this.#placing.checkProgress();
    if (attempts.size > 0 || successors.size > 0 || backlog.size > 0 || options.staysOpen) return;
    state.ended = true;
    state.decide({ type: 'run-ended' });
  }
}
