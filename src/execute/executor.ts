import type {
  DeviceFault,
  Placement,
  SecondOpinion,
  Suite,
  SuiteStatus,
  TestFailure,
} from '../core/events.js';
import type { Device, Machine } from '../core/machine/machine.js';

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
  /** For failed: what failed, as far as it is recorded, and how many more tests did. */
  readonly failures?: readonly TestFailure[];
  readonly moreFailures?: number;
  /** Tests that passed only when Jest tried them again, as far as they are recorded. */
  readonly retriedTests?: readonly string[];
  /** For lost: whose fault it is, where there is evidence. Not part of the record, as `cause` says the same. */
  readonly blame?: Blame;
  /** For failed and lost: its device ended it. */
  readonly deviceFault?: DeviceFault;
  /** For failed: what came of running it again, where that was asked for. */
  readonly secondOpinion?: SecondOpinion;
  /** For a suite that was sent ahead: it has not started, and can be started anew. Its status is `cancelled`. */
  readonly notStarted?: true;
  /** For lost: the last of what its process wrote to stderr. Not part of the record. */
  readonly lastWords?: string;
  /** For lost: the part of `lastWords` that the record keeps. */
  readonly lastOutput?: string;
}

/** One attempt of a suite, with everything an executor needs. It exists in memory only; its line in the record is `suite-started`. */
export interface Start {
  readonly suite: Suite;
  /** 1 for the first. */
  readonly attempt: number;
  readonly placement: Placement;
  /** The devices it holds, in the order of the claim's devices; the first one is the placement's slot. */
  readonly devices: readonly [Device, ...Device[]];
  /** The machine that they belong to. */
  readonly machine: Machine;
  /** For a suite that is sent ahead to a slot that is busy; left out: its slot is free. */
  readonly ahead?: Ahead;
  /**
   * For runs with `chaos`: its process is killed before the first result of a test, stopped for a while at its start, or finds
   * every disk full.
   */
  readonly fault?: 'kill' | 'hang' | 'full-disk';
}

/** What becomes of a suite that is sent ahead. It starts by itself as soon as what runs on its slot has ended there. */
export interface Ahead {
  /** Resolves when the run knows that it has started; false: the run has given it up. Events of the suite wait for it. */
  readonly begun: Promise<boolean>;
  /** Aborted when it is wanted back. Unless it has started it ends with `notStarted` then. */
  readonly recall: AbortSignal;
}

/**
 * Runs suites; the run calls it once per attempt. Executors are decorators of each other: one that measures, announces or
 * holds a permit passes the attempt on to the next.
 */
export interface Executor<Result> {
  /** Resolves however the attempt ends, also when it fails or is killed. An abort stops it as `cancelled`. Never rejects. */
  run(start: Start, signal: AbortSignal): Promise<SuiteOutcome<Result>>;
}
