import { setImmediate } from 'node:timers/promises';
import type { CancelCause, Happening, RunEvent, SuiteEnded, SuiteStatus } from '../core/events.js';
import type { Scheduler } from '../core/scheduler/scheduler.js';
import { bug } from '../core/vocabulary/bug.js';
import type { Executor, Start, SuiteOutcome } from './executor.js';
import { SentAhead } from './sent-ahead.js';
import { StartFinder } from './start-finder.js';

export interface RunOptions<Result> {
  readonly scheduler: Scheduler;
  /**
   * True: suites run one after another in this process. Something that a suite left behind may end the process at any
   * moment, so listeners get each outcome before anything else runs. Default false.
   */
  readonly inProcess?: boolean;
  /** Called with each outcome before the next suite starts. @returns Why the run must end now, or undefined. */
  cancelAfter(outcome: SuiteOutcome<Result>): CancelCause | undefined;
}

/** A consumer of a run's events: a record, a report. Synchronous; an error that it throws breaks off the run. */
export interface RunListener<Result = unknown> {
  /** Called with every event, told or decided, in the order of the record. The first one is `run-started`. */
  event?(event: RunEvent): void;
  /** Called when a suite has its one outcome, which holds more than its event `suite-ended`. */
  outcome?(start: Start, outcome: SuiteOutcome<Result>): void;
  /** Called when all that a told event led to has been started. The listener may tell further events. */
  settled?(events: readonly RunEvent[]): void;
}

interface Attempt {
  readonly start: Start;
  startedAtMs: number;
  readonly abort: AbortController;
  /** Why the scheduler wants it stopped: another attempt gave the suite's result. */
  stoppedBecause?: string;
  /** Its slot is gone, and its end was told. */
  isLost?: true;
}

/**
 * A run in real time: tells the scheduler what happens, carries out what it decides, and passes both on to listeners.
 * Suites, machines and slots are told first; nothing is started before {@link start}.
 */
export class Run<Result> {
  readonly #options: RunOptions<Result>;
  readonly #startedMs = performance.now();
  readonly #listeners: RunListener<Result>[] = [];
  readonly #starts = new StartFinder();
  readonly #abort = new AbortController();
  /** Attempts whose end the scheduler has not been told. */
  readonly #open = new Set<Attempt>();
  /** Attempts that were sent ahead and have not started, by suite. */
  readonly #ahead = new Map<string, { readonly sent: SentAhead; readonly attempt: Attempt }>();
  #executor: Executor<Result> | undefined;
  #executing = 0;
  #hasEnded = false;
  #tick: NodeJS.Timeout | undefined;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(options: RunOptions<Result>) {
    this.#options = options;
  }

  /** Adds a listener for what happens from now on. Listeners are called in the order of their registration. */
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
    this.#starts.remember(event);
    this.#emit(event);
    const decisions = this.#options.scheduler.handle(event);
    for (const decision of decisions) {
      this.#emit(decision);
      if (decision.type === 'suite-started') {
        if (!this.#begin(decision.placement.suiteId)) {
          const attempt = this.#attemptAt(this.#starts.startOf(decision.placement, decision.attempt));
          this.#open.add(attempt);
          void this.#execute(attempt);
        }
      }
      if (decision.type === 'successor-named') {
        this.#sendAhead(new SentAhead(this.#starts.startOf(decision.placement, decision.attempt)));
      }
      if (decision.type === 'successor-recalled') this.#ahead.get(decision.suiteId)?.sent.recall();
      if (decision.type === 'successor-returned' || decision.type === 'suite-not-started') {
        this.#giveUp(decision.suiteId);
      }
      if (decision.type === 'suite-ended') this.#loseWithSlot(decision, decisions);
      if (decision.type === 'attempt-stopped') this.#stopOn(decision.slotId, decision.cause);
      if (decision.type === 'run-ended') this.#hasEnded = true;
    }
    this.#scheduleTick();
    for (const listener of this.#listeners) listener.settled?.([event, ...decisions]);
    this.#endIfDone();
    return decisions;
  }

  /** Starts nothing more and stops what is running. The listeners have every event of it when it returns. */
  cancel(cause: CancelCause): void {
    if (this.#abort.signal.aborted || this.#hasEnded) return;
    this.#abort.abort();
    this.tell({ type: 'run-cancelled', cause });
    const outcome = { status: 'cancelled', cause: `stopped because of ${cause}` } as const;
    for (const attempt of this.#open) {
      this.#close(attempt, { ...outcome, durationMs: this.#nowMs() - attempt.startedAtMs });
    }
  }

  /** Tells that an attempt which was lost has given a result all the same. It counts for nothing but this. */
  #tellLate({ suite, placement: { slotId }, attempt }: Start, status: SuiteStatus): void {
    if (this.#hasEnded) return;
    this.tell({ type: 'late-result', suiteId: suite.id, slotId, attempt, status });
  }

  #emit(event: RunEvent): void {
    for (const listener of this.#listeners) listener.event?.(event);
  }

  /** The scheduler ended the attempt with its slot: whatever its executor still answers counts no more. */
  #loseWithSlot({ slotId, status, durationMs, cause }: SuiteEnded, decisions: readonly RunEvent[]): void {
    for (const attempt of this.#open) {
      if (attempt.start.placement.slotId !== slotId) continue;
      this.#open.delete(attempt);
      attempt.isLost = true;
      attempt.abort.abort();
      if (status === 'cancelled' || this.#goesOn(attempt.start.suite.id, decisions)) continue;
      const outcome = {
        status,
        durationMs,
        ...(cause !== undefined && { cause }),
        blame: 'outside',
      } as const;
      for (const listener of this.#listeners) listener.outcome?.(attempt.start, outcome);
    }
  }

  /** The attempt keeps its slot until its process is gone; then its end is told. */
  #stopOn(slotId: string, cause: string): void {
    for (const attempt of this.#open) {
      if (attempt.start.placement.slotId !== slotId) continue;
      attempt.stoppedBecause = cause;
      attempt.abort.abort();
    }
  }

  #attemptAt(start: Start): Attempt {
    return { start, startedAtMs: this.#nowMs(), abort: new AbortController() };
  }

  #sendAhead(sent: SentAhead): void {
    const attempt = this.#attemptAt(sent.start);
    this.#ahead.set(sent.start.suite.id, { sent, attempt });
    void this.#execute(attempt);
  }

  /** @returns Whether the suite had been sent ahead, so that it runs. */
  #begin(suiteId: string): boolean {
    const ahead = this.#ahead.get(suiteId);
    if (ahead === undefined) return false;
    this.#ahead.delete(suiteId);
    ahead.attempt.startedAtMs = this.#nowMs();
    this.#open.add(ahead.attempt);
    ahead.sent.begin();
    return true;
  }

  #giveUp(suiteId: string): void {
    const ahead = this.#ahead.get(suiteId);
    this.#ahead.delete(suiteId);
    ahead?.sent.giveUp();
    ahead?.attempt.abort.abort();
  }

  async #execute(attempt: Attempt): Promise<void> {
    const { start, abort } = attempt;
    this.#executing++;
    try {
      if (this.#executor === undefined) throw bug('A suite was started before its run.');
      const signal = AbortSignal.any([this.#abort.signal, abort.signal]);
      const outcome = await this.#executor.run(start, signal);
      if (outcome.notStarted) this.#takeBack(attempt);
      // Its end may be known before that of the suite before it.
      else await start.ahead?.begun;
      if (this.#open.has(attempt)) await this.#finish(attempt, outcome);
      else if (attempt.isLost && outcome.result !== undefined) this.#tellLate(start, outcome.status);
      this.#executing--;
      this.#endIfDone();
    } catch (error) {
      // Executors do not reject and the scheduler accepts what it started: this is a bug, and must not hang the run.
      this.#abort.abort();
      this.#reject(error);
    }
  }

  #takeBack(attempt: Attempt): void {
    const { suite, placement, attempt: number } = attempt.start;
    if (this.#ahead.get(suite.id)?.attempt !== attempt) return;
    this.#ahead.delete(suite.id);
    const { slotId } = placement;
    this.tell({ type: 'successor-returned', suiteId: suite.id, slotId, attempt: number });
  }

  async #finish(attempt: Attempt, outcome: SuiteOutcome<Result>): Promise<void> {
    if (attempt.stoppedBecause !== undefined) {
      // The suite has its result from another attempt, so this one is cancelled whatever its outcome is.
      const { durationMs } = outcome;
      this.#close(attempt, { status: 'cancelled', durationMs, cause: attempt.stoppedBecause });
      return;
    }
    // It was on its way back when its slot became free.
    if (outcome.notStarted) {
      this.#close(attempt, { ...outcome, cause: 'it was taken back before it had started' });
      return;
    }
    const cancelIfDue = () => {
      const cause = this.#options.cancelAfter(outcome);
      // Removed first, because `cancel` ends all open attempts as cancelled and this one has its outcome.
      if (cause !== undefined) this.#open.delete(attempt);
      if (cause !== undefined) this.cancel(cause);
    };
    // What its device ended may be tried again, and is no result then.
    if (outcome.deviceFault === undefined) cancelIfDue();
    const decisions = this.#close(attempt, outcome);
    if (this.#goesOn(attempt.start.suite.id, decisions)) return;
    if (outcome.deviceFault !== undefined) cancelIfDue();
    // The next suite is started first, so that its worker is not idle while reporters run.
    if (this.#options.inProcess !== true) await setImmediate();
    for (const listener of this.#listeners) listener.outcome?.(attempt.start, outcome);
  }

  /** Whether another attempt gives the suite's result. @param decisions What came of the end of the one before. */
  #goesOn(suiteId: string, decisions: readonly RunEvent[]): boolean {
    return (
      decisions.some((each) => each.type === 'suite-requeued' && each.suiteId === suiteId) ||
      [...this.#open].some(
        ({ start, stoppedBecause }) => start.suite.id === suiteId && stoppedBecause === undefined,
      )
    );
  }

  #close(open: Attempt, outcome: SuiteOutcome<Result>): readonly RunEvent[] {
    this.#open.delete(open);
    const { result: _result, lastWords: _words, blame, ...ending } = outcome;
    const { placement, attempt } = open.start;
    const { suiteId, slotId, degraded } = placement;
    const isOfInfrastructure = outcome.status === 'lost' && blame !== undefined && blame !== 'suite';
    return this.tell({
      type: 'suite-ended',
      suiteId,
      slotId,
      attempt,
      degraded,
      ...ending,
      ...(isOfInfrastructure && { infrastructure: true }),
    });
  }

  #endIfDone(): void {
    if (this.#hasEnded && this.#executing === 0) this.#resolve();
  }

  /** The scheduler names the time of the next tick where something waits for time to pass. */
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
