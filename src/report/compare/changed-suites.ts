import { deviceKindOf } from '../../core/machine/machine.js';
import { causeOf, decidingAttempt } from '../formats/attempt-facts.js';
import type { ReportedRun } from '../formats/format.js';
import { devicesText } from '../summary/attempts.js';
import type { SuiteOutcome, SuiteSummary } from '../summary/suites.js';
import { failsRun } from '../summary/verdict.js';

/** A suite in one of the runs, as far as comparing needs it. */
export interface ComparedSuite {
  readonly id: string;
  readonly outcome: SuiteOutcome;
  /** Whether it has a result of its own: passed, failed or timed out. */
  readonly isPassed: boolean;
  readonly isFailed: boolean;
  /** `<machine>/<device>`; left out when it never started. */
  readonly device?: string;
  readonly deviceKind?: string;
  readonly timeMs?: number;
  readonly waitedMs: number;
  readonly waitedFor?: string;
  readonly isDegraded: boolean;
  readonly cause: string;
}

/** By id. Suites that the run's own filter left out are none of it. */
export function comparedSuites({ summary, events }: ReportedRun): ReadonlyMap<string, ComparedSuite> {
  const kinds = new Map(
    events.flatMap((event) =>
      event.type === 'slot-up' ? [[event.slot.id, deviceKindOf(event.slot.device)] as const] : [],
    ),
  );
  return new Map(
    summary.suites
      .filter(({ outcome }) => outcome !== 'not-selected')
      .map((suite) => [suite.id, comparedSuite(suite, kinds)]),
  );
}

function comparedSuite(suite: SuiteSummary, kinds: ReadonlyMap<string, string>): ComparedSuite {
  const { id, outcome, waitedMs = 0, waitedFor } = suite;
  const attempt = decidingAttempt(suite);
  const deviceKind = kinds.get(attempt?.slotId ?? '');
  return {
    id,
    outcome,
    isPassed: outcome === 'passed' || outcome === 'flaky',
    isFailed: failsRun(outcome),
    ...(attempt && { device: devicesText(attempt), timeMs: attempt.heldMs }),
    ...(deviceKind !== undefined && { deviceKind }),
    waitedMs,
    ...(waitedFor !== undefined && { waitedFor }),
    isDegraded: attempt?.degraded === true,
    cause: causeOf(suite),
  };
}
