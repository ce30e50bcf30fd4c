import { isWholeRun, type RunEvent } from '../../core/events.js';
import { deviceKindOf } from '../../core/machine/machine.js';
import { type AttemptSummary, isShaken } from '../summary/attempts.js';
import { type SuiteOutcome, summariseSuites } from '../summary/suites.js';
import { makespanOf } from '../summary/summary.js';

/** What a report over several runs needs of each. */
export interface PastRun {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly commit?: string;
  /** Equal for runs of equal sources: the commit, where nothing differed from it. Left out where that is not known. */
  readonly sources?: string;
  /** Asked for all suites and all their tests, and came to its end. */
  readonly isWhole: boolean;
  /** Every suite that ran, ran with all its tests: without `-t`. */
  readonly hasWholeSuites: boolean;
  readonly coverage: boolean;
  readonly totalMs: number;
  readonly suites: readonly PastSuite[];
}

export interface PastSuite {
  readonly id: string;
  readonly outcome: SuiteOutcome;
  /** Class and model of the device of its last attempt; left out when it never started. */
  readonly deviceKind?: string;
  /** How long its last attempt held the device, ms; left out when it never started. */
  readonly timeMs?: number;
  /** Device kinds on which an attempt was lost or ended by its device, or tests passed only when they were tried again, before the suite passed. */
  readonly passedAfter: readonly string[];
}

/** The events that {@link pastRunOf} looks at. A record may be read without its others. */
export const pastRunEvents = [
  'run-started',
  'slot-up',
  'run-opened',
  'suite-started',
  'attempt-stopped',
  'suite-ended',
  'suite-requeued',
  'suite-unplaceable',
  'suite-invalid',
  'suite-not-started',
  'suite-not-selected',
  'run-cancelled',
  'run-ended',
] as const satisfies readonly RunEvent['type'][];

/** @returns Undefined for what does not begin as a record does. */
export function pastRunOf(events: readonly RunEvent[]): PastRun | undefined {
  const [started] = events;
  if (started?.type !== 'run-started') return undefined;
  const { startedAt, commit, uncommitted, coverage, filtered, narrowedBy } = started;
  const suites = summariseSuites(events);
  const kinds = new Map(
    events.flatMap((event) =>
      event.type === 'slot-up' ? [[event.slot.id, deviceKindOf(event.slot.device)] as const] : [],
    ),
  );
  const kindOf = ({ slotId }: AttemptSummary) => kinds.get(slotId) ?? slotId;
  const isComplete =
    events.some(({ type }) => type === 'run-ended') && events.every(({ type }) => type !== 'run-cancelled');
  return {
    startedAt,
    ...(commit !== undefined && { commit }),
    ...(commit !== undefined && uncommitted !== true && { sources: commit }),
    isWhole: isComplete && isWholeRun(started),
    // Older records do not say what narrowed a run.
    hasWholeSuites: narrowedBy === undefined ? !filtered : !narrowedBy.includes('-t'),
    coverage,
    totalMs: makespanOf(events, suites),
    suites: suites.map(({ id, outcome, attempts }): PastSuite => {
      const last = attempts.at(-1);
      const shaky = attempts.filter(
        (attempt) =>
          isShaken(attempt) || (attempt.status === 'passed' && (attempt.retriedTests ?? []).length > 0),
      );
      const isPassed = outcome === 'passed' || outcome === 'flaky';
      return {
        id,
        outcome,
        ...(last && { deviceKind: kindOf(last), timeMs: last.heldMs }),
        passedAfter: isPassed ? shaky.map(kindOf) : [],
      };
    }),
  };
}
