import type { ReportedRun } from '../formats/format.js';
import type { PastRun } from '../history/past-run.js';
import type { SuiteOutcome } from '../summary/suites.js';
import { exitCodeOf, failureCauses } from '../summary/verdict.js';
import { verdictText } from '../text/verdict.js';
import { type ChangedFact, changedMachines, changedSettings } from './changed-facts.js';
import { type ComparedSuite, comparedSuites } from './changed-suites.js';
import { type ChangedTime, changedTimes, type DeviceShift } from './changed-times.js';

/** What differs between two runs, and why. `report --compare --format json` prints it. */
export interface Comparison {
  readonly version: 1;
  readonly before: ComparedRun;
  readonly after: ComparedRun;
  /** What `--exit-code` gives: 0 nothing got worse, 1–4 what failed suites that did not fail before, 5 something takes longer. */
  readonly exitCode: number;
  /** Commit, strategy, what narrowed the run …, where they differ. */
  readonly settings: readonly ChangedFact[];
  /** Models, drivers, memory, budgets …, where they differ. */
  readonly machines: readonly ChangedFact[];
  readonly newlyFailing: readonly ChangedOutcome[];
  readonly newlyPassing: readonly ChangedOutcome[];
  /** Suites that failed in both runs. */
  readonly stillFailing: readonly string[];
  /** Suites that take longer, or less, on the same kind of device than they usually vary. The largest change first. */
  readonly slower: readonly ChangedTime[];
  readonly faster: readonly ChangedTime[];
  /** Suites that ran on another kind of device. The largest change first. */
  readonly moved: readonly MovedSuite[];
  /** By how much all suites of a kind of device changed together. */
  readonly devices: readonly DeviceShift[];
  readonly waitedLonger: readonly ChangedWait[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Suites of only one of the runs, where the other was narrowed: nobody can tell whether they are new or gone. */
  readonly notAskedFor: number;
  readonly time: TimeBalance;
}

interface ComparedRun {
  readonly record: string;
  /** ISO 8601, UTC; left out where the record does not tell. */
  readonly startedAt?: string;
  readonly verdict: string;
  readonly totalMs: number;
  readonly suites: number;
}

export interface ChangedOutcome {
  readonly suiteId: string;
  readonly before: SuiteOutcome | 'not in the run';
  readonly after: SuiteOutcome;
  /** `<machine>/<device>`; left out when it never started. */
  readonly device?: string;
  /** Why it failed; left out where it passed. */
  readonly cause?: string;
}

export interface MovedSuite {
  readonly suiteId: string;
  /** Class and model. */
  readonly before: string;
  readonly after: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  /** True: the device lacks something that the suite asks for. */
  readonly isDegraded: boolean;
}

interface ChangedWait {
  readonly suiteId: string;
  readonly beforeMs: number;
  readonly afterMs: number;
  /** What it waited for in the later run. */
  readonly waitedFor?: string;
}

/** Where the time of the suites went, ms. They run beside each other, so the total time changes by less. */
interface TimeBalance {
  /** Suites that ran in both runs. */
  readonly common: { readonly beforeMs: number; readonly afterMs: number };
  readonly addedMs: number;
  readonly removedMs: number;
}

/** Waits that differ by less are not worth a word, ms. Chosen, not measured. */
const leastWaitMs = 100;
/** The total time is longer from this share on, and this many ms. Chosen: totals of equal runs differ by some per cent. */
const longerTotal = { share: 0.1, ms: 500 };

/** @param past Runs before the later one, which show how much times vary. */
export function compareRuns(
  before: ReportedRun & { readonly recordPath: string },
  after: ReportedRun & { readonly recordPath: string },
  past: readonly PastRun[],
): Comparison {
  const [old, now] = [comparedSuites(before), comparedSuites(after)];
  const pairs = [...now.values()].flatMap((suite) => {
    const earlier = old.get(suite.id);
    return earlier === undefined ? [] : [[earlier, suite] as const];
  });
  const onlyIn = (one: ReadonlyMap<string, ComparedSuite>, other: ReadonlyMap<string, ComparedSuite>) =>
    [...one.keys()].filter((id) => !other.has(id));
  const [added, removed] = [onlyIn(now, old), onlyIn(old, now)];
  const [isOldNarrowed, isNowNarrowed] = [before, after].map(
    ({ summary }) => summary.filtered || summary.shard !== undefined || summary.state !== 'complete',
  );
  const newlyFailing = [...now.values()].filter(
    ({ id, isFailed }) => isFailed && old.get(id)?.isFailed !== true,
  );
  const times = changedTimes(pairs, past);
  const changes = {
    settings: changedSettings(before, after),
    machines: changedMachines(before, after),
    newlyFailing: newlyFailing.map((suite) => changedOutcome(suite, old.get(suite.id))),
    newlyPassing: pairs
      .filter(([earlier, suite]) => earlier.isFailed && suite.isPassed)
      .map(([earlier, suite]) => changedOutcome(suite, earlier)),
    stillFailing: pairs
      .filter(([earlier, suite]) => earlier.isFailed && suite.isFailed)
      .map(([, { id }]) => id),
    ...times,
    moved: movedSuites(pairs),
    waitedLonger: longerWaits(pairs),
    added: isOldNarrowed ? [] : added,
    removed: isNowNarrowed ? [] : removed,
    notAskedFor: (isOldNarrowed ? added.length : 0) + (isNowNarrowed ? removed.length : 0),
  };
  return {
    version: 1,
    before: comparedRun(before),
    after: comparedRun(after),
    exitCode: exitCodeFor(before, after, newlyFailing, times.slower.length > 0),
    ...changes,
    time: {
      common: {
        beforeMs: sumOf(pairs.map(([earlier]) => earlier)),
        afterMs: sumOf(pairs.map(([, suite]) => suite)),
      },
      addedMs: sumOf(added.flatMap((id) => now.get(id) ?? [])),
      removedMs: sumOf(removed.flatMap((id) => old.get(id) ?? [])),
    },
  };
}

function comparedRun({ summary, recordPath }: ReportedRun & { readonly recordPath: string }): ComparedRun {
  const { startedAt, makespanMs, suites } = summary;
  return {
    record: recordPath,
    ...(startedAt !== undefined && { startedAt }),
    verdict: verdictText(summary),
    totalMs: makespanMs,
    suites: suites.length,
  };
}

/** A run that failed without a suite (requireExecuted, an interrupt) counts where it did not fail for that before. */
function exitCodeFor(
  before: ReportedRun,
  after: ReportedRun,
  newlyFailing: readonly ComparedSuite[],
  isAnySlower: boolean,
): number {
  const ids = new Set(newlyFailing.map(({ id }) => id));
  const old = failureCauses(before.summary);
  const ofNew = failureCauses({
    ...after.summary,
    suites: after.summary.suites.filter(({ id }) => ids.has(id)),
  });
  const [cause] = ofNew.filter((each) => newlyFailing.length > 0 || !old.includes(each));
  if (cause !== undefined) return exitCodeOf[cause];
  const [oldMs, newMs] = [before.summary.makespanMs, after.summary.makespanMs];
  const isTotalLonger = newMs > oldMs * (1 + longerTotal.share) && newMs > oldMs + longerTotal.ms;
  return isAnySlower || isTotalLonger ? 5 : 0;
}

function changedOutcome(suite: ComparedSuite, earlier: ComparedSuite | undefined): ChangedOutcome {
  const { id, outcome, device, isFailed, cause } = suite;
  return {
    suiteId: id,
    before: earlier?.outcome ?? 'not in the run',
    after: outcome,
    ...(device !== undefined && { device }),
    ...(isFailed && { cause }),
  };
}

type Pair = readonly [before: ComparedSuite, after: ComparedSuite];

function movedSuites(pairs: readonly Pair[]): readonly MovedSuite[] {
  return pairs
    .flatMap(([earlier, suite]): MovedSuite[] => {
      const { deviceKind: before, timeMs: beforeMs } = earlier;
      const { deviceKind: after, timeMs: afterMs } = suite;
      if (before === undefined || after === undefined || before === after) return [];
      if (beforeMs === undefined || afterMs === undefined) return [];
      return [{ suiteId: suite.id, before, after, beforeMs, afterMs, isDegraded: suite.isDegraded }];
    })
    .sort((a, b) => Math.abs(b.afterMs - b.beforeMs) - Math.abs(a.afterMs - a.beforeMs));
}

function longerWaits(pairs: readonly Pair[]): readonly ChangedWait[] {
  return pairs
    .filter(([earlier, suite]) => suite.waitedMs - earlier.waitedMs >= leastWaitMs)
    .map(([earlier, { id, waitedMs, waitedFor }]) => ({
      suiteId: id,
      beforeMs: earlier.waitedMs,
      afterMs: waitedMs,
      ...(waitedFor !== undefined && { waitedFor }),
    }))
    .sort((a, b) => b.afterMs - b.beforeMs - (a.afterMs - a.beforeMs));
}

function sumOf(suites: readonly ComparedSuite[]): number {
  return suites.reduce((sum, { timeMs = 0 }) => sum + timeMs, 0);
}
