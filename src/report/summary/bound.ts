import type { RunEvent, Suite } from '../../core/events.js';
import type { Slot } from '../../core/machine/machine.js';
import { areaBoundOfWorkMs, type Work } from '../../core/planner/area-bound.js';
import { neverRejection } from '../../core/scheduler/feasibility.js';
import type { AttemptSummary } from './attempts.js';
import { type Bottleneck, bottleneckOf } from './bottleneck.js';
import type { MeasuredSuite } from './measured-suite.js';
import { type MoreWorkers, moreWorkersFor } from './more-workers.js';
import type { SuiteSummary } from './suites.js';

/** The lower bound of a run's makespan: what no order of the suites that gave a result beats. */
export interface BoundSummary {
  readonly ms: number;
  /** makespan / bound, ≥ 1. */
  readonly ratio: number;
  /** `assumed`: some suite could have run on another device too, where it was not timed and is assumed to take as long. */
  readonly basis: 'measured' | 'assumed';
  /** Left out unless more workers would have made the run noticeably shorter. */
  readonly moreWorkers?: MoreWorkers;
  /** Left out where neither a device nor a single suite kept the run from being noticeably shorter. */
  readonly bottleneck?: Bottleneck;
}

/** @returns Undefined when no attempt gave a result, or all took no time. */
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

  const feasibleTypesOf = feasibleTypesAmong([...slotOfType.values()]);
  let basis: BoundSummary['basis'] = 'measured';
  const work: (Work & { readonly suite: Suite })[] = [];
  for (const { id, attempts } of summaries) {
    const suite = suites.get(id);
    const attempt = attempts.findLast(hasResult);
    const slot = slotOfId.get(attempt?.slotId ?? '');
    if (suite === undefined || attempt === undefined || slot === undefined) continue;
    // A degraded suite ran on a device outside of its requirement, so the device it ran on is added to the feasible ones.
    const feasible = feasibleTypesOf(suite);
    const types = feasible.has(slot.type) ? feasible.list : [slot.type, ...feasible.list];
    if (types.length > 1) basis = 'assumed';
    work.push({ suite, types, fastestMs: attempt.heldMs });
  }
  const ms = areaBoundOfWorkMs(work, slots);
  if (ms === 0) return undefined;
  const machines = events.flatMap((event) => (event.type === 'machine-known' ? [event.machine] : []));
  const [machine, ...others] = machines;
  // The advice needs one machine, which merged shards do not have, and all suites, which a cancelled run does not have.
  const isWhole = others.length === 0 && events.every(({ type }) => type !== 'run-cancelled');
  const cpuMs = events.reduce(
    (sum, event) => sum + (event.type === 'suite-ended' ? (event.cpuMs ?? 0) : 0),
    0,
  );
  const measured =
    machine && isWhole
      ? work.map(
          ({ suite, types, fastestMs }): MeasuredSuite => ({
            suite,
            durationsMs: Object.fromEntries(types.map((type) => [type, fastestMs])),
            hostMemoryBytes: memoryOf.get(suite.id) ?? 0,
          }),
        )
      : [];
  const moreWorkers = machine && isWhole ? moreWorkersFor(machine, slots, measured, ms, cpuMs) : undefined;
  const bottleneck =
    machine && isWhole ? bottleneckOf(machine, slots, measured, makespanMs, cpuMs) : undefined;
  return {
    ms,
    ratio: makespanMs / ms,
    basis,
    ...(moreWorkers && { moreWorkers }),
    ...(bottleneck && { bottleneck }),
  };
}

function hasResult({ status }: AttemptSummary): boolean {
  return status === 'passed' || status === 'failed' || status === 'skipped' || status === 'timed-out';
}

interface Feasible {
  readonly list: readonly string[];
  has(type: string): boolean;
}

/** Suites with equal profiles can run on the same slots: each profile is looked at once. */
function feasibleTypesAmong(slots: readonly Slot[]) {
  const known = new Map<string, Feasible>();
  return (suite: Suite): Feasible => {
    const key = JSON.stringify([suite.profile, suite.expectedMs]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const list = slots
      .filter((slot) => neverRejection(suite, slot, false) === undefined)
      .map(({ type }) => type);
    const types = new Set(list);
    const found = { list, has: (type: string) => types.has(type) };
    known.set(key, found);
    return found;
  };
}
