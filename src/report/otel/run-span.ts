import type { ReportedRun } from '../formats/format.js';
import { type FailureCause, failsRun, failureCauses } from '../summary/verdict.js';
import { attemptSpans } from './attempt-spans.js';
import { own, plainText } from './attributes.js';
import { spanIdsOf } from './ids.js';
import { type Attributes, attributesOf, type Span, type SpanEvent } from './span.js';

/** The span that a run is a part of, by the variable TRACEPARENT. */
export interface Parent {
  readonly traceId: string;
  readonly spanId: string;
}

/**
 * A run as spans: the run, below it each attempt of a suite, and suites that never started without a length. Names are those
 * of the semantic conventions for tests, CI/CD, hardware and code where these have one; all others begin with the package's
 * name.
 * @param pipeline Attributes of the job of the CI service in which the run took place.
 */
export function spansOf(run: ReportedRun, parent?: Parent, pipeline: Attributes = {}): readonly Span[] {
  const { summary, events } = run;
  const ids = spanIdsOf(events);
  const traceId = parent?.traceId ?? ids.traceId;
  const spanId = ids.spanIdOf(['run']);
  const originMs = Date.parse(summary.startedAt ?? '') || 0;
  const causes = failureCauses(summary);
  const failed = summary.suites.filter(({ outcome }) => failsRun(outcome)).length;
  const root: Span = {
    name: 'jest run',
    traceId,
    spanId,
    ...(parent && { parentSpanId: parent.spanId, isParentRemote: true }),
    startMs: originMs,
    endMs: originMs + (events.at(-1)?.atMs ?? 0),
    attributes: { ...pipeline, ...runAttributes(run, causes) },
    ...(causes.length > 0 && { error: `${causes.join(', ')}: ${failed} of ${summary.suites.length} suites` }),
    events: runEvents(run, originMs),
    links: [],
  };
  return [root, ...attemptSpans(run, { traceId, parentSpanId: spanId, originMs, ids })];
}

function runAttributes({ summary }: ReportedRun, causes: readonly FailureCause[]): Attributes {
  const { suites, counts, bound, shard, state } = summary;
  return attributesOf({
    'cicd.pipeline.task.type': 'test',
    'cicd.pipeline.task.run.result': state === 'cancelled' ? 'cancellation' : resultOf(causes),
    'vcs.ref.head.revision': summary.commit,
    [own('strategy')]: summary.strategy,
    [own('state')]: state,
    [own('filtered')]: summary.filtered,
    [own('coverage')]: summary.coverage,
    [own('shard.index')]: shard?.index,
    [own('shard.total')]: shard?.total,
    [own('total_ms')]: summary.makespanMs,
    [own('best_possible_ms')]: bound && Math.round(bound.ms),
    [own('suites.total')]: suites.length,
    ...Object.fromEntries(
      Object.entries(counts)
        .filter(([, count]) => count > 0)
        .map(([outcome, count]) => [own(`suites.${outcome.replaceAll('-', '_')}`), count]),
    ),
  });
}

function resultOf([first]: readonly FailureCause[]): string {
  if (first === undefined) return 'success';
  return first === 'tests failed' ? 'failure' : 'error';
}

/** What happened to the run and not to one suite. */
function runEvents({ summary, events }: ReportedRun, originMs: number): readonly SpanEvent[] {
  const endMs = originMs + (events.at(-1)?.atMs ?? 0);
  const refusals = [
    ...summary.unmetRequirements.map((name) => `requireExecuted: no test ran on a device of class ${name}`),
    ...summary.refused.map(({ state, suiteIds }) => `failOn ${state}: ${suiteIds.join(', ')}`),
  ];
  return [
    ...events.flatMap((event): SpanEvent[] => {
      const atMs = originMs + event.atMs;
      if (event.type === 'run-cancelled') {
        return [{ name: own('cancelled'), atMs, attributes: { [own('cause')]: event.cause } }];
      }
      if (event.type !== 'device-heat') return [];
      const attributes = attributesOf({
        [own('machine')]: plainText(event.machine),
        'hw.id': plainText(event.deviceId),
        [own('hot')]: event.hot,
        [own('celsius')]: event.celsius,
      });
      return [{ name: own('device_heat'), atMs, attributes }];
    }),
    ...refusals.map((message) => ({
      name: 'exception',
      atMs: endMs,
      attributes: { 'exception.message': plainText(message) },
    })),
  ];
}
