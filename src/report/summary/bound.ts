import type { RunEvent, Suite } from '../../core/events.js';
import type { Slot } from '../../core/machine/machine.js';
import { areaBoundMs } from '../../core/planner/area-bound.js';
import { neverRejection } from '../../core/scheduler/feasibility.js';
import { type MeasuredSuite, type MoreWorkers, moreWorkersFor } from './more-workers.js';
import type { AttemptSummary, SuiteSummary } from './suites.js';

/** How near the run came to the shortest possible one for what it ran. */
export interface BoundSummary {
  /** No order of the suites that gave a result could have taken less, ms. */
  readonly ms: number;
  /** makespan / bound, ≥ 1. */
  readonly ratio: number;
  /** `assumed`: some suite could also have run on a device it was not timed on, and would take as long there. */
  readonly basis: 'measured' | 'assumed';
  /** Left out unless more workers would have made the run noticeably shorter. */
  readonly moreWorkers?: MoreWorkers;
}

/** @returns Undefined when no attempt gave a result, or none took time. */
export function summariseBound(
  events: readonly RunEvent[],
  summaries: readonly SuiteSummary[],
  makespanMs: number,
): BoundSummary | undefined {
  const slots = events.flatMap((event) => (event.type === 'slot-up' ? [event.slot] : []));
  const slotOfId = new Map(slots.map((slot) => [slot.id, slot]));
  const slotOfType = new Map(slots.map((slot) => [slot.type, slot]));
  const suites = new Map(
    events.flatMap((event) =>
      event.type === 'suite-queued' ? [[event.suite.id, event.suite] as const] : [],
    ),
  );

  const memoryOf = new Map(
    events.flatMap((event) =>
      event.type === 'suite-started'
        ? [[event.placement.suiteId, event.placement.claim.hostMemoryBytes] as const]
        : [],
    ),
  );

  let basis: BoundSummary['basis'] = 'measured';
  const measured: MeasuredSuite[] = [];
  for (const { id, attempts } of summaries) {
    const suite = suites.get(id);
    const attempt = attempts.findLast(hasResult);
    const slot = slotOfId.get(attempt?.slotId ?? '');
    if (suite === undefined || attempt === undefined || slot === undefined) continue;
    // Where it ran is not always where it belongs: it may have been degraded.
    const types = new Set([slot.type, ...feasibleTypes(suite, slotOfType.values())]);
    if (types.size > 1) basis = 'assumed';
    measured.push({
      suite,
      durationsMs: Object.fromEntries([...types].map((type) => [type, attempt.heldMs])),
      hostMemoryBytes: memoryOf.get(id) ?? 0,
    });
  }
  const ms = areaBoundMs(
    measured.map(({ durationsMs }) => durationsMs),
    slots,
  );
  if (ms === 0) return undefined;
  const machines = events.flatMap((event) => (event.type === 'machine-known' ? [event.machine] : []));
  const [machine, ...others] = machines;
  // Shards tell each for itself; of a run that was stopped, the rest is not known.
  const isWhole = others.length === 0 && events.every(({ type }) => type !== 'run-cancelled');
  const cpuMs = events.reduce(
    (sum, event) => sum + (event.type === 'suite-ended' ? (event.cpuMs ?? 0) : 0),
    0,
  );
  const moreWorkers = machine && isWhole ? moreWorkersFor(machine, slots, measured, ms, cpuMs) : undefined;
  return { ms, ratio: makespanMs / ms, basis, ...(moreWorkers && { moreWorkers }) };
}

function hasResult({ status }: AttemptSummary): boolean {
  return status === 'passed' || status === 'failed' || status === 'skipped' || status === 'timed-out';
}

function feasibleTypes(suite: Suite, slots: Iterable<Slot>): readonly string[] {
  return [...slots]
    .filter((slot) => neverRejection(suite, slot, false) === undefined)
    .map(({ type }) => type);
}
