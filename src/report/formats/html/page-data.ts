/**
 * What the HTML report knows, as JSON in the page: `pageDataOf` makes it, and the code of `client/` shows it. Texts that
 * many suites share lie in one list, and suites refer to them by number, so that 10,000 suites fit in a few megabytes.
 */
import type { Estimate, SuiteStatus, TestFailure } from '../../../core/events.js';
import type { RunHistory } from '../../history/run-history.js';
import type { SuiteOutcome } from '../../summary/suites.js';

export interface PageData {
  /** No suite ran: the run was simulated. */
  readonly simulated?: true;
  /** When the scheduler made its first decision, ms since the run started, as all times here. */
  readonly openedAtMs: number;
  readonly endedAtMs: number;
  /** When a plan without any loss would have ended; left out where it is not known. */
  readonly bestEndAtMs?: number;
  readonly machines: readonly PageMachine[];
  readonly lanes: readonly PageLane[];
  readonly groups: readonly PageGroup[];
  /** Where estimates come from: `measured on this device in 2 runs, ± 30 %`. */
  readonly bases: readonly string[];
  /** What is worth saying of the whole run, the worst first. */
  readonly notes: readonly PageNote[];
  readonly suites: readonly PageSuite[];
  /** What the records beside this one tell; left out where there are none to compare. */
  readonly past?: PageHistory;
}

export interface PageHistory {
  /** `20 whole runs, 1 flaky suite; …` */
  readonly about: string;
  /** Whole runs, the oldest first. */
  readonly runs: RunHistory['runs'];
  /** The others: one sentence each. */
  readonly flaky: readonly string[];
  readonly deviceDependent: readonly string[];
  readonly growing: readonly string[];
  readonly drifts: readonly string[];
}

export interface PageMachine {
  readonly name: string;
  /** `linux x64, 2 CPUs, 16 GiB` */
  readonly facts: string;
  readonly devices: readonly PageDevice[];
}

export interface PageDevice {
  /** `<machine>/<device>` */
  readonly type: string;
  readonly id: string;
  readonly class: string;
  readonly model?: string;
  readonly driver?: string;
  readonly memoryBytes?: number;
  /** `declared`, `emulated on the CPU`, why it is not usable. */
  readonly remarks: readonly string[];
  readonly slots: number;
  readonly suites: number;
  readonly busyMs: number;
  /** 0…1 */
  readonly utilisation: number;
  /** Highest that was reported, °C; left out where nothing was. */
  readonly celsius?: number;
  /** How long it was too hot for new suites, ms. */
  readonly hotMs?: number;
  /** Left out where no attempt's energy was measured. */
  readonly joules?: number;
  /** Whether energy was measured for some of its attempts only. */
  readonly joulesArePartial?: true;
}

/** One slot: where one suite runs at a time. */
export interface PageLane {
  readonly machine: number;
  /** `<machine>/<device>` */
  readonly type: string;
  /** The slot within its machine: `gpu0#1`. */
  readonly name: string;
}

/** What suites of one profile have in common. */
export interface PageGroup {
  readonly workload: string;
  /** `gpu or cpu, 6 GiB on the device` */
  readonly asks: string;
  /** Where they could never run: place and reason. */
  readonly rejected: readonly (readonly [place: string, reason: string])[];
  /** Device types that they could run on. */
  readonly suitable: readonly string[];
}

interface PageNote {
  readonly label: string;
  readonly text: string;
  readonly suiteIds: readonly string[];
}

export interface PageSuite {
  readonly id: string;
  readonly outcome: SuiteOutcome;
  /** Left out where the record does not hold the suite's profile. */
  readonly group?: number;
  readonly attempts: readonly PageAttempt[];
  /** Why it did not run, what is wrong with its docblock, how an attempt was lost. */
  readonly reasons?: readonly string[];
  readonly waitedMs?: number;
  readonly waitedFor?: string;
  /** Repeats the suite alone; only for suites that did not pass. */
  readonly command?: string;
}

export interface PageAttempt {
  /** The lanes that it held; empty where the record does not know its slot. */
  readonly lanes: readonly number[];
  readonly status: SuiteStatus | 'running';
  readonly startedAtMs: number;
  readonly heldMs: number;
  readonly expectedMs?: Estimate['durationMs'];
  readonly basis?: number;
  readonly peakBytes?: number;
  /** Host memory that was kept free for it. */
  readonly reservedBytes?: number;
  readonly tests?: number;
  readonly joules?: number;
  readonly degraded?: true;
  /** A second attempt beside one that took too long. */
  readonly isSecond?: true;
  readonly cause?: string;
  readonly failures?: readonly TestFailure[];
  readonly moreFailures?: number;
}
