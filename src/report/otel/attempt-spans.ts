import type { RunEvent, SuiteStatus, TestFailure } from '../../core/events.js';
import type { ReportedRun } from '../formats/format.js';
import type { AttemptSummary } from '../summary/attempts.js';
import type { SuiteOutcome, SuiteSummary } from '../summary/suites.js';
import { failsRun } from '../summary/verdict.js';
import { firstLine, own, plainText } from './attributes.js';
import { type DeviceAttributes, deviceAttributesIn } from './device-attributes.js';
import type { SpanIds } from './ids.js';
import { type Attributes, attributesOf, type Span, type SpanEvent } from './span.js';

interface Surroundings {
  readonly traceId: string;
  readonly parentSpanId: string;
  /** When the run started, ms since 1970. */
  readonly originMs: number;
  readonly ids: SpanIds;
}

type Started = Extract<RunEvent, { type: 'suite-started' }>;

/** A span for each attempt. A suite that never started has one too, except where the run's own filter left it out. */
export function attemptSpans({ summary, events }: ReportedRun, around: Surroundings): readonly Span[] {
  const devices = deviceAttributesIn(summary);
  const started = new Map(
    events.flatMap((event) =>
      event.type === 'suite-started'
        ? [[keyOf(event.placement.suiteId, event.placement.slotId, event.attempt), event] as const]
        : [],
    ),
  );
  const openedAtMs = around.originMs + (events.find(({ type }) => type === 'run-opened')?.atMs ?? 0);
  return summary.suites.flatMap((suite): readonly Span[] => {
    if (suite.attempts.length === 0) {
      return suite.outcome === 'not-selected' ? [] : [neverStarted(suite, openedAtMs, around)];
    }
    return suite.attempts.map((attempt, index) => {
      const begun = started.get(keyOf(suite.id, attempt.slotId, attempt.attempt));
      return spanOfAttempt(suite, attempt, suite.attempts[index - 1], begun, devices, around);
    });
  });
}

function spanOfAttempt(
  suite: SuiteSummary,
  attempt: AttemptSummary,
  previous: AttemptSummary | undefined,
  started: Started | undefined,
  devices: DeviceAttributes,
  { traceId, parentSpanId, originMs, ids }: Surroundings,
): Span {
  const spanIdOf = ({ slotId, attempt: number }: AttemptSummary) => ids.spanIdOf([suite.id, slotId, number]);
  const startMs = originMs + attempt.startedAtMs;
  const endMs = startMs + attempt.heldMs;
  const { status, failures = [], cause } = attempt;
  const error = failingStatuses.has(status) ? (failureLine(failures[0]) ?? cause ?? status) : undefined;
  return {
    ...namesOf(suite),
    traceId,
    spanId: spanIdOf(attempt),
    parentSpanId,
    startMs,
    endMs,
    attributes: {
      ...suiteAttributes(suite, runStatusOf[status]),
      ...devices(attempt),
      ...attributesOf({
        [own('attempt')]: attempt.attempt,
        [own('slot')]: plainText(attempt.slotId),
        [own('status')]: status,
        [own('degraded')]: attempt.degraded,
        [own('speculative')]: started?.speculative,
        [own('estimate_ms')]: started?.placement.estimate.durationMs,
        [own('executed_tests')]: attempt.executedTests,
        [own('peak_memory_bytes')]: attempt.peakMemoryBytes,
        [own('energy_joules')]: measuredJoules(attempt),
        [own('more_failures')]: attempt.moreFailures,
      }),
    },
    ...(error !== undefined && { error: firstLine(error) }),
    events: [
      ...(started === undefined ? [] : waitEvents(started, startMs)),
      ...failures.map((failure) => failureEvent(failure, endMs)),
      ...(failures.length === 0 && error !== undefined ? [exception(error, endMs)] : []),
    ],
    links:
      previous === undefined
        ? []
        : [
            {
              spanId: spanIdOf(previous),
              attributes: { [own('link')]: started?.speculative ? 'beside' : 'retry_of' },
            },
          ],
  };
}

function neverStarted(suite: SuiteSummary, atMs: number, around: Surroundings): Span {
  const reason = suite.reasons.join('; ') || suite.outcome;
  const fails = failsRun(suite.outcome);
  return {
    ...namesOf(suite),
    traceId: around.traceId,
    spanId: around.ids.spanIdOf([suite.id]),
    parentSpanId: around.parentSpanId,
    startMs: atMs,
    endMs: atMs,
    attributes: {
      ...suiteAttributes(suite, statusOfNeverStarted(suite.outcome)),
      [own('reason')]: plainText(reason),
    },
    ...(fails && { error: firstLine(reason) }),
    events: fails ? [exception(reason, atMs)] : [],
    links: [],
  };
}

const failingStatuses: ReadonlySet<AttemptSummary['status']> = new Set(['failed', 'timed-out', 'lost']);

/** Values of `test.suite.run.status`. */
const runStatusOf: Readonly<Record<SuiteStatus | 'running', string>> = {
  passed: 'success',
  failed: 'failure',
  skipped: 'skipped',
  'timed-out': 'timed_out',
  lost: 'aborted',
  cancelled: 'aborted',
  running: 'in_progress',
};

function statusOfNeverStarted(outcome: SuiteOutcome): string {
  if (outcome === 'unplaceable-skipped') return 'skipped';
  return outcome === 'not-started' || outcome === 'unfinished' ? 'aborted' : 'failure';
}

function namesOf({ id }: SuiteSummary) {
  return { name: plainText(id) || '-' };
}

function suiteAttributes({ id, outcome, hardware }: SuiteSummary, runStatus: string): Attributes {
  return attributesOf({
    'test.suite.name': plainText(id),
    'test.suite.run.status': runStatus,
    'code.file.path': plainText(id.slice(id.lastIndexOf(' › ') + 1).replace(/^› /, '')),
    [own('outcome')]: outcome,
    [own('hardware')]: hardware.length === 0 ? undefined : hardware.map(plainText),
  });
}

function measuredJoules({ energy, energyJoules }: AttemptSummary): number | undefined {
  const parts = Object.values(energy);
  return parts.length > 0 && parts.every(({ basis }) => basis === 'measured') ? energyJoules : undefined;
}

function waitEvents({ waitedMs, waitedFor }: Started, startMs: number): readonly SpanEvent[] {
  if (waitedMs === undefined) return [];
  const attributes = attributesOf({
    [own('waited_ms')]: waitedMs,
    [own('waited_for')]: waitedFor && plainText(waitedFor),
  });
  return [{ name: own('waited'), atMs: startMs, attributes }];
}

function failureEvent({ test, message, at }: TestFailure, atMs: number): SpanEvent {
  const [, path, line] = /^(.*):(\d+)$/s.exec(at ?? '') ?? [];
  return exception(message, atMs, {
    'test.case.name': test && plainText(test),
    'test.case.result.status': 'fail',
    'code.file.path': path && plainText(path),
    'code.line.number': line === undefined ? undefined : Number(line),
  });
}

function exception(
  message: string,
  atMs: number,
  more: Readonly<Record<string, string | number | undefined>> = {},
): SpanEvent {
  const attributes = attributesOf({ 'exception.message': plainText(message), ...more });
  return { name: 'exception', atMs, attributes };
}

function failureLine(failure: TestFailure | undefined): string | undefined {
  return failure && [failure.test, failure.message].filter(Boolean).join(': ');
}

function keyOf(suiteId: string, slotId: string, attempt: number): string {
  return JSON.stringify([suiteId, slotId, attempt]);
}
