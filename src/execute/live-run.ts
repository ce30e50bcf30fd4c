import { setImmediate } from 'node:timers/promises';
import type { CancelCause, Happening, Placement, RunEvent } from '../core/events.js';
import type { Scheduler } from '../core/scheduler/scheduler.js';
import type { Executor, SuiteOutcome } from './executor.js';

export interface LiveRunOptions<Result> {
  readonly scheduler: Scheduler;
  readonly executor: Executor<Result>;
  /** Integer ms since the run started. */
  nowMs(): number;
  /** Every event, in order, as it happens: given and decided ones. */
  onEvent(event: RunEvent): void;
  /** The end of an attempt that is not tried again. */
  onOutcome(placement: Placement, outcome: SuiteOutcome<Result>): void;
  /**
   * True: suites run one after the other in this very process, where what a suite left behind may end it at any moment.
   * Then an outcome is handed on before anything else may run.
   */
  readonly inProcess?: boolean;
  /** Called after every event, when all that was decided is under way. May tell of further events. */
  afterEvent?(): void;
  /** Asked before anything else starts: does this outcome end the run? */
  cancelAfter(outcome: SuiteOutcome<Result>): CancelCause | undefined;
}

interface Attempt {
  readonly placement: Placement;
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly abort: AbortController;
  /** Why the scheduler wants it stopped: another attempt gave the suite's result. */
  stoppedBecause?: string;
}

/** Drives the scheduler in real time: tells it what happens, does what it decides. */
export class LiveRun<Result> {
  /** Resolves when the run has ended and no attempt is running any more. */
  readonly ended: Promise<void>;
  readonly #options: LiveRunOptions<Result>;
  readonly #abort = new AbortController();
  /** Attempts whose end the scheduler has not been told. */
  readonly #open = new Set<Attempt>();
  #executing = 0;
  #runEnded = false;
  #tick: NodeJS.Timeout | undefined;
  #resolveEnded: () => void = () => {};
  #rejectEnded: (error: unknown) => void = () => {};

  constructor(options: LiveRunOptions<Result>) {
    this.#options = options;
    this.ended = new Promise((resolve, reject) => {
      this.#resolveEnded = resolve;
      this.#rejectEnded = reject;
    });
  }

  /** Tells the scheduler what happened and starts what it decides. Synchronous. */
  tell(happening: Happening): readonly RunEvent[] {
    const event = { atMs: this.#options.nowMs(), ...happening } as RunEvent;
    this.#options.onEvent(event);
    const decisions = this.#options.scheduler.handle(event);
    for (const decision of decisions) {
      this.#options.onEvent(decision);
      if (decision.type === 'suite-started') void this.#execute(decision.placement, decision.attempt);
      if (decision.type === 'attempt-stopped') this.#stop(decision.slotId, decision.cause);
      if (decision.type === 'run-ended') this.#runEnded = true;
    }
    this.#scheduleTick();
    this.#options.afterEvent?.();
    this.#endIfDone();
    return decisions;
  }

  /** Starts nothing more, stops what is running, and has told so when it returns. */
  cancel(cause: CancelCause): void {
    if (this.#abort.signal.aborted || this.#runEnded) return;
    this.#abort.abort();
    this.tell({ type: 'run-cancelled', cause });
    const outcome = { status: 'cancelled', cause: `stopped because of ${cause}` } as const;
    for (const attempt of this.#open) {
      this.#close(attempt, { ...outcome, durationMs: this.#options.nowMs() - attempt.startedAtMs });
    }
  }

  /** Its end is told when its process is gone: until then it holds its slot. */
  #stop(slotId: string, cause: string): void {
    for (const attempt of this.#open) {
      if (attempt.placement.slotId !== slotId) continue;
      attempt.stoppedBecause = cause;
      attempt.abort.abort();
    }
  }

  async #execute(placement: Placement, number: number): Promise<void> {
    const abort = new AbortController();
    const attempt: Attempt = { placement, attempt: number, startedAtMs: this.#options.nowMs(), abort };
    this.#open.add(attempt);
    this.#executing++;
    try {
      const signal = AbortSignal.any([this.#abort.signal, abort.signal]);
      const outcome = await this.#options.executor.run(placement, number, signal);
      if (this.#open.has(attempt)) await this.#finish(attempt, outcome);
      this.#executing--;
      this.#endIfDone();
    } catch (error) {
      // Executors do not reject and the scheduler accepts what it started: this is a bug, and must not hang the run.
      this.#abort.abort();
      this.#rejectEnded(error);
    }
  }

  async #finish(attempt: Attempt, outcome: SuiteOutcome<Result>): Promise<void> {
    if (attempt.stoppedBecause !== undefined) {
      // Whatever came of it meanwhile, the suite has its one result.
      const { durationMs } = outcome;
      this.#close(attempt, { status: 'cancelled', durationMs, cause: attempt.stoppedBecause });
      return;
    }
    const cause = this.#options.cancelAfter(outcome);
    if (cause !== undefined) {
      // Out of the open ones first: it has an outcome of its own.
      this.#open.delete(attempt);
      this.cancel(cause);
    }
    const again = this.#close(attempt, outcome).some(
      (decision) => decision.type === 'suite-requeued' && decision.suiteId === attempt.placement.suiteId,
    );
    if (again) return;
    // The next suite is on its way first: reporting takes a while, in which its worker would have nothing to do.
    if (this.#options.inProcess !== true) await setImmediate();
    this.#options.onOutcome(attempt.placement, outcome);
  }

  #close(open: Attempt, outcome: SuiteOutcome<Result>): readonly RunEvent[] {
    this.#open.delete(open);
    const { result: _result, lastWords: _lastWords, blame: _blame, ...ending } = outcome;
    const { suiteId, slotId, degraded } = open.placement;
    return this.tell({ type: 'suite-ended', suiteId, slotId, attempt: open.attempt, degraded, ...ending });
  }

  #endIfDone(): void {
    if (this.#runEnded && this.#executing === 0) this.#resolveEnded();
  }

  /** Only a suite that waits for a machine needs to be told the time. */
  #scheduleTick(): void {
    clearTimeout(this.#tick);
    const atMs = this.#options.scheduler.nextTickAtMs;
    if (atMs === undefined || this.#runEnded) return;
    this.#tick = setTimeout(() => this.tell({ type: 'tick' }), Math.max(0, atMs - this.#options.nowMs()));
  }
}
