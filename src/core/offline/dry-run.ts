import type { Estimates } from '../estimate/estimate.js';
import type { Estimate, Suite } from '../events.js';
import { deviceKindOf, type Slot } from '../machine/machine.js';
import { type PlanOptions, plan } from '../planner/plan.js';
import { neverRejection } from '../scheduler/feasibility.js';
import { planInstanceOf } from '../scheduler/plan-instance.js';

/** A plan of suites on slots by their estimates, as it would run if all estimates were true. */
export interface DryRun {
  /** In the order in which the suites were given. */
  readonly places: readonly PlannedPlace[];
  /** Suites that no slot can run. */
  readonly unplaceable: readonly Suite[];
  readonly makespanMs: number;
  /** No schedule of these durations ends earlier. */
  readonly boundMs: number;
  /** What one more slot of a pool saves, as a share of the bound; the largest first. */
  readonly worths: readonly { readonly slot: Slot; readonly share: number }[];
}

interface PlannedPlace {
  readonly suite: Suite;
  /** Of several devices, of the first. */
  readonly slot: Slot;
  readonly startMs: number;
  readonly estimate: Estimate;
}

/** Smaller savings are not worth telling. Not tuned. */
const leastWorth = 0.005;

/** @param estimates Must know the suites already (`announce`). */
export function dryRun(
  slots: readonly Slot[],
  suites: readonly Suite[],
  estimates: Estimates,
  options?: PlanOptions,
): DryRun {
  const stated = planInstanceOf(slots, suites, (suite, slot) =>
    neverRejection(suite, slot, false) === undefined
      ? estimates.estimateOf(suite, deviceKindOf(slot.device)).durationMs
      : Number.POSITIVE_INFINITY,
  );
  const { poolOf, slotOf, startMs, makespanMs, boundMs, slotWorth } = plan(stated.instance, options);
  const places: PlannedPlace[] = [];
  const unplaceable: Suite[] = [];
  suites.forEach((suite, index) => {
    const slot = stated.slots[poolOf[index] ?? -1]?.[slotOf[index] ?? -1];
    if (slot === undefined) unplaceable.push(suite);
    else {
      const estimate = estimates.estimateOf(suite, deviceKindOf(slot.device));
      places.push({ suite, slot, startMs: startMs[index] ?? 0, estimate });
    }
  });
  const worths = stated.slots
    .flatMap(([slot], index) => (slot === undefined ? [] : { slot, share: slotWorth[index] ?? 0 }))
    .filter(({ share }) => share > leastWorth)
    .sort((a, b) => b.share - a.share);
  return { places, unplaceable, makespanMs, boundMs, worths };
}
