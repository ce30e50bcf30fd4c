import { printable, printableJson } from '../../core/vocabulary/printable.js';
import type { AttemptSummary } from '../summary/attempts.js';
import type { SuiteSummary } from '../summary/suites.js';
import { type AttemptFacts, attemptFactsIn, causeOf } from './attempt-facts.js';
import type { ReportedRun, ReportFormat } from './format.js';
import { counterEvents } from './trace-counters.js';
import { type TraceEvent, type TraceLanes, traceLanesOf } from './trace-lanes.js';

/**
 * A trace for ui.perfetto.dev and chrome://tracing, in the Trace Event Format ("JSON Object Format"): machines as processes,
 * slots as threads, attempts as complete events, second attempts as flows, memory, power and temperature as counters.
 */
export const traceFormat: ReportFormat = {
  fileName: 'trace.json',
  render: (run) => printableJson(traceOf(run), 0),
};

function traceOf(run: ReportedRun) {
  const { summary, events } = run;
  const lanes = traceLanesOf(events);
  const factsOf = attemptFactsIn(summary);
  const partners = partnerSlots(run);
  const { startedAt, packageVersion, strategy, commit, state, makespanMs } = summary;
  return {
    displayTimeUnit: 'ms',
    otherData: {
      tool: `jest-runner-hardware ${packageVersion ?? ''}`.trim(),
      state,
      totalMs: String(makespanMs),
      ...(startedAt !== undefined && { startedAt }),
      ...(strategy !== undefined && { strategy }),
      ...(commit !== undefined && { commit }),
    },
    traceEvents: [
      ...lanes.metadata,
      ...summary.suites.flatMap((suite, index) => [
        ...attemptEvents(suite, lanes, partners, (attempt) => factsOf(suite, attempt)),
        ...flowEvents(suite, index, lanes),
        ...notRunEvents(suite, lanes, openedAtMs(run)),
      ]),
      ...counterEvents(run, lanes),
    ],
  };
}

function attemptEvents(
  suite: SuiteSummary,
  lanes: TraceLanes,
  partners: ReadonlyMap<string, readonly string[]>,
  factsOf: (attempt: AttemptSummary) => AttemptFacts | undefined,
): readonly TraceEvent[] {
  return suite.attempts.flatMap((attempt) => {
    const { slotId, status, startedAtMs, cause } = attempt;
    const held = partners.get(partnerKey(suite.id, slotId, attempt.attempt)) ?? [];
    return [slotId, ...held].map(
      (lane): TraceEvent => ({
        ph: 'X',
        name: nameOf(suite),
        cat: attempt.degraded ? `${status},degraded` : status,
        ...lanes.of(lane),
        ts: microseconds(startedAtMs),
        dur: durationOf(attempt),
        args: {
          ...factsOf(attempt),
          status,
          outcome: suite.outcome,
          ...(cause !== undefined && { cause: printable(cause) }),
          ...(lane !== slotId && { heldFor: slotId }),
        },
      }),
    );
  });
}

/** An arrow from each attempt to the next. It must begin within the earlier one, of which a later one may stand beside. */
function flowEvents({ id, attempts }: SuiteSummary, index: number, lanes: TraceLanes): readonly TraceEvent[] {
  return attempts.slice(1).flatMap((next, position): TraceEvent[] => {
    const before = attempts[position];
    // An arrow cannot begin or end in a bar without length.
    if (before === undefined || durationOf(before) === 0 || durationOf(next) === 0) return [];
    const lastMoment = microseconds(before.startedAtMs) + durationOf(before) - 1;
    const ts = Math.max(
      microseconds(before.startedAtMs),
      Math.min(lastMoment, microseconds(next.startedAtMs)),
    );
    const flow = { name: `attempt ${next.attempt}`, cat: 'attempt', id: `${index}.${position}` };
    const args = { suite: printable(id) };
    return [
      { ph: 's', ...flow, ...lanes.of(before.slotId), ts, args },
      { ph: 'f', bp: 'e', ...flow, ...lanes.of(next.slotId), ts: microseconds(next.startedAtMs), args },
    ];
  });
}

/** An attempt that has just begun when the record ends is visible. */
function durationOf({ heldMs, status }: AttemptSummary): number {
  return Math.max(status === 'running' ? 1 : 0, microseconds(heldMs));
}

/** Suites that never started are marks at the start of the run. */
function notRunEvents(suite: SuiteSummary, lanes: TraceLanes, openedMs: number): readonly TraceEvent[] {
  if (suite.attempts.length > 0) return [];
  return [
    {
      ph: 'i',
      s: 'g',
      name: nameOf(suite),
      cat: suite.outcome,
      ...lanes.first,
      ts: microseconds(openedMs),
      args: { outcome: suite.outcome, cause: printable(causeOf(suite)) },
    },
  ];
}

/** Slots of further devices that an attempt held. */
function partnerSlots({ events }: ReportedRun): ReadonlyMap<string, readonly string[]> {
  return new Map(
    events.flatMap((event) => {
      if (event.type !== 'suite-started') return [];
      const { suiteId, slotId, partnerSlotIds = [] } = event.placement;
      return [[partnerKey(suiteId, slotId, event.attempt), partnerSlotIds] as const];
    }),
  );
}

function partnerKey(suiteId: string, slotId: string, attempt: number): string {
  return JSON.stringify([suiteId, slotId, attempt]);
}

function openedAtMs({ events }: ReportedRun): number {
  return events.find(({ type }) => type === 'run-opened')?.atMs ?? 0;
}

function nameOf({ id }: SuiteSummary): string {
  return printable(id) || '-';
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}
