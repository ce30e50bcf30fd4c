import type { Placement, SuiteStatus } from '../core/events.js';

/**
 * Who ended a suite's process: the suite itself (an exit, a crash of native code), the system for want of memory, or
 * somebody outside of the suite.
 */
export type Blame = 'suite' | 'memory' | 'outside' | 'unknown';

/** How one attempt ended. */
export interface SuiteOutcome<Result> {
  readonly status: SuiteStatus;
  readonly durationMs: number;
  /** What the suite itself reported; left out when the attempt gave no result. */
  readonly result?: Result;
  readonly executedTests?: number;
  readonly peakMemoryBytes?: number;
  /** CPU time of its process, all threads; left out for worker threads and in band. */
  readonly cpuMs?: number;
  /** Measured, by id of the devices it held; left out for those without a sensor. */
  readonly energyJoules?: Readonly<Record<string, number>>;
  /** For timed-out, lost and cancelled: what ended it, with the evidence. */
  readonly cause?: string;
  /** For lost: whose fault it is, where there is evidence. Not part of the record, as `cause` says the same. */
  readonly blame?: Blame;
  /** For lost: the last of what its process wrote to stderr. Not part of the record. */
  readonly lastWords?: string;
}

/** Runs suites somewhere; called by the live run once per attempt. */
export interface Executor<Result> {
  /** Resolves for every end of the attempt, also a failing or killed one; an abort stops it as `cancelled`. */
  run(placement: Placement, attempt: number, signal: AbortSignal): Promise<SuiteOutcome<Result>>;
}
