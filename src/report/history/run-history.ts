import type { RunEvent } from '../../core/events.js';
import { failsRun } from '../summary/verdict.js';
import { type DeviceDependentSuite, type FlakySuite, reliabilityOf } from './flaky.js';
import { type DeviceDrift, type GrowingSuite, growthOf } from './growth.js';
import { type PastRun, pastRunOf } from './past-run.js';

/** What the kept records of a project tell together. `report --history --format json` prints it. */
export interface RunHistory {
  readonly version: 1;
  /** Whole runs that are comparable with the newest of them: with coverage or all without. The oldest first. */
  readonly runs: readonly RunPoint[];
  readonly leftOut: LeftOut;
  readonly flaky: readonly FlakySuite[];
  readonly deviceDependent: readonly DeviceDependentSuite[];
  readonly growing: readonly GrowingSuite[];
  readonly devices: readonly DeviceDrift[];
}

interface RunPoint {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly commit?: string;
  readonly totalMs: number;
  readonly suites: number;
  readonly failed: number;
  /** Suites that passed only in a second attempt, or when tests were tried again. */
  readonly flaky: number;
}

/** Records that the times of `runs` leave out. */
interface LeftOut {
  /** Narrowed by `-t`, paths, watch mode, shards and the like, or stopped. They count for what is flaky. */
  readonly notWhole: number;
  /** With coverage, where the newest run was without it, or the other way round. */
  readonly otherCoverage: number;
  /** Damaged, of another version, or too many to be read. */
  readonly unread: number;
}

/**
 * @param runs In any order.
 * @param unread How many more records there are.
 */
export function runHistoryOf(runs: readonly PastRun[], unread = 0): RunHistory {
  const sorted = runs.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  const whole = sorted.filter(({ isWhole }) => isWhole);
  const coverage = whole.at(-1)?.coverage ?? false;
  const comparable = whole.filter((run) => run.coverage === coverage);
  return {
    version: 1,
    runs: comparable.map(pointOf),
    leftOut: {
      notWhole: sorted.length - whole.length,
      otherCoverage: whole.length - comparable.length,
      unread,
    },
    ...reliabilityOf(sorted),
    ...growthOf(comparable),
  };
}

/**
 * @param kept Events of records, as far as they could be read.
 * @param until ISO 8601: runs that started later are left out. Default: none.
 */
export function historyOfRecords(
  { records, unread }: { readonly records: readonly (readonly RunEvent[])[]; readonly unread: number },
  until = '9999',
): RunHistory {
  const runs = records.flatMap((events) => pastRunOf(events) ?? []);
  return runHistoryOf(
    runs.filter(({ startedAt }) => startedAt <= until),
    unread,
  );
}

function pointOf({ startedAt, commit, totalMs, suites }: PastRun): RunPoint {
  return {
    startedAt,
    ...(commit !== undefined && { commit }),
    totalMs,
    suites: suites.length,
    failed: suites.filter(({ outcome }) => failsRun(outcome)).length,
    flaky: suites.filter(({ passedAfter }) => passedAfter.length > 0).length,
  };
}
