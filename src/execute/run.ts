import { setImmediate } from 'node:timers/promises';
import type { CancelCause, Happening, RunEvent } from '../core/events.js';
import type { Scheduler } from '../core/scheduler/scheduler.js';
import { bug } from '../core/vocabulary/bug.js';
import type { Executor, Start, SuiteOutcome } from './executor.js';
import { StartFinder } from './start-finder.js';

export interface RunOptions<Result> {
  readonly scheduler: Scheduler;
  /**
   * True: suites run one after the other in this very process, where what a suite left behind may end it at any moment.
   * Then an outcome is handed on before anything else may run. Default false.
   */
  readonly inProcess?: boolean;
  /** Asked before anything else starts: does this outcome end the run? */
  cancelAfter(outcome: SuiteOutcome<Result>): CancelCause | undefined;
}

/** Hears of a run. Synchronous; what it throws ends the run. */
export interface RunListener<Result = unknown> {
  /** Every event, in order, as it happens: what was told, and what the scheduler decided. The first is `run-started`. */
  event?(event: RunEvent): void;
  /** The end of an attempt that is not tried again, with what the record leaves out. */
  outcome?(start: Start, outcome: SuiteOutcome<Result>): void;
  /** All that a told event led to is under way, and was heard. The listener may tell of further events. */
  settled?(events: readonly RunEvent[]): void;
}

interface Attempt {
  readonly start: Start;
  readonly startedAtMs: number;
  readonly abort: AbortController;
  /** Why the scheduler wants it stopped: another attempt gave the suite's result. */
  stoppedBecause?: string;
}

/**
 * A run in real time: tells the scheduler what happens, does what it decides, and lets listeners hear of both.
 * It starts suites when {@link start} was called; suites, machines and slots are told before.
 */
export class Run<Result> {
  readonly #options: RunOptions<Result>;
  readonly #startedMs = performance.now();
  readonly #listeners: RunListener<Result>[] = [];
  readonly #starts = new StartFinder();
  readonly #abort = new AbortController();
  /** Attempts whose end the scheduler has not been told. */
  readonly #open = new Set<Attempt>();
  #executor: Executor<Result> | undefined;
  #executing = 0;
  #hasEnded = false;
  #tick: NodeJS.Timeout | undefined;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(options: RunOptions<Result>) {
    this.#options = options;
  }

  /** The listener hears of what happens from now on, after those that came before it. */
  on(listener: RunListener<Result>): void {
    this.#listeners.push(listener);
  }

  /** Opens the run. @returns Resolves when it has ended and no attempt is running any more. */
  start(executor: Executor<Result>): Promise<void> {
    this.#executor = executor;
    const ended = new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.tell({ type: 'run-opened' });
    return ended;
  }

  /** Tells the scheduler what happened and starts what it decides. Synchronous. */
  tell(happening: Happening): readonly RunEvent[] {
    const event = { atMs: this.#nowMs(), ...happening } as RunEvent;
    this.#starts.learn(event);
    this.#hear(event);
    const decisions = this.#options.scheduler.handle(event);
    for (const decision of decisions) {
      this.#hear(decision);
      if (decision.type === 'suite-started') {
        void this.#execute(this.#starts.find(decision.placement, decision.attempt));
      }
      if (decision.type === 'attempt-stopped') this.#stop(decision.slotId, decision.cause);
      if (decision.type === 'run-ended') this.#hasEnded = true;
    }
    this.#scheduleTick();
    for (const listener of this.#listeners) listener.settled?.([event, ...decisions]);
    this.#endIfDone();
    return decisions;
  }

  /** Starts nothing more, stops what is running, and has told so when it returns. */
  cancel(cause: CancelCause): void {
    if (this.#abort.signal.aborted || this.#hasEnded) return;
    this.#abort.abort();
    this.tell({ type: 'run-cancelled', cause });
    const outcome = { status: 'cancelled', cause: `stopped because of ${cause}` } as const;
    for (const attempt of this.#open) {
      this.#close(attempt, { ...outcome, durationMs: this.#nowMs() - attempt.startedAtMs });
    }
  }

  #hear(event: RunEvent): void {
    for (const listener of this.#listeners) listener.event?.(event);
  }

  /** Its end is told when its process is gone: until then it holds its slot. */
  #stop(slotId: string, cause: string): void {
    for (const attempt of this.#open) {
      if (attempt.start.placement.slotId !== slotId) continue;
      attempt.stoppedBecause = cause;
      attempt.abort.abort();
    }
  }

  async #execute(start: Start): Promise<void> {
    const abort = new AbortController();
    const attempt: Attempt = { start, startedAtMs: this.#nowMs(), abort };
    this.#open.add(attempt);
    this.#executing++;
    try {
      if (this.#executor === undefined) throw bug('A suite was started before its run.');
      const signal = AbortSignal.any([this.#abort.signal, abort.signal]);
      const outcome = await this.#executor.run(start, signal);
      if (this.#open.has(attempt)) await this.#finish(attempt, outcome);
      this.#executing--;
      this.#endIfDone();
    } catch (error) {
      // Executors do not reject and the scheduler accepts what it started: this is a bug, and must not hang the run.
      this.#abort.abort();
      this.#reject(error);
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
    const { suite } = attempt.start;
    const isTriedAgain = this.#close(attempt, outcome).some(
      (decision) => decision.type === 'suite-requeued' && decision.suiteId === suite.id,
    );
    if (isTriedAgain) return;
    // The next suite is on its way first: reporting takes a while, in which its worker would have nothing to do.
    if (this.#options.inProcess !== true) await setImmediate();
    for (const listener of this.#listeners) listener.outcome?.(attempt.start, outcome);
  }

  #close(open: Attempt, outcome: SuiteOutcome<Result>): readonly RunEvent[] {
    this.#open.delete(open);
    const { result: _result, lastWords: _lastWords, blame: _blame, ...ending } = outcome;
    const { placement, attempt } = open.start;
    const { suiteId, slotId, degraded } = placement;
    return this.tell({ type: 'suite-ended', suiteId, slotId, attempt, degraded, ...ending });
  }

  #endIfDone(): void {
    if (this.#hasEnded && this.#executing === 0) this.#resolve();
  }

  /** Only a suite that waits for a machine needs to be told the time. */
  #scheduleTick(): void {
    clearTimeout(this.#tick);
    const atMs = this.#options.scheduler.nextTickAtMs;
    if (atMs === undefined || this.#hasEnded) return;
    this.#tick = setTimeout(() => this.tell({ type: 'tick' }), Math.max(0, atMs - this.#nowMs()));
  }

  /** An integer: ms since the run began. */
  #nowMs(): number {
    return Math.round(performance.now() - this.#startedMs);
  }
}
