import type { Suite } from '../../core/events.js';
import type { Slot } from '../../core/machine/machine.js';
import type { DurationsMs } from '../../core/planner/area-bound.js';
import { plan } from '../../core/planner/plan.js';
import { planInstanceOf } from '../../core/scheduler/plan-instance.js';

/** A suite that gave a result. */
export interface MeasuredSuite {
  readonly suite: Suite;
  /** By type of the slots that can run it. */
  readonly durationsMs: DurationsMs;
  /** Host memory that the scheduler reserved for it. */
  readonly hostMemoryBytes: number;
}

/** Total time of a plan for these slots with each suite as fast as it was, ms. */
export function plannedMs(slots: readonly Slot[], suites: readonly MeasuredSuite[]): number {
  const durationsOf = new Map(suites.map(({ suite, durationsMs }) => [suite.id, durationsMs]));
  const { instance } = planInstanceOf(
    slots,
    suites.map(({ suite, hostMemoryBytes }) => ({
      ...suite,
      profile: { ...suite.profile, hostMemoryBytes },
    })),
    ({ id }, { type }) => durationsOf.get(id)?.[type] ?? Number.POSITIVE_INFINITY,
  );
  return plan(instance, { moves: 0 }).makespanMs;
}
