import { assign } from '../planner/plan.js';
import type { ClusterView, Strategy } from '../scheduler/strategy.js';
import { PlanFollower } from './plan-follower.js';
import { type RestOfRun, restOfRun } from './rest-of-run.js';

/** Multiples of its least energy that a suite may cost, from the most thrifty; the first that meets the time is taken. */
const tolerances = [1, 1.1, 1.3, 1.7, 2.5, 4, 8, Number.POSITIVE_INFINITY] as const;

/**
 * The least energy that still meets the time given by `finishWithinMs`; without one, the least energy whatever it takes.
 * Energy is expected time times what the device drew in earlier runs, else its rated watts, else typical ones of its class.
 * Not offered for speed.
 */
export const powerAware: Strategy = {
  name: 'power-aware',
  start: (options) =>
    new PlanFollower(options, (view) => {
      const leftMs = (options.finishWithinMs ?? Number.POSITIVE_INFINITY) - view.atMs;
      let planned = thrifty(view, tolerances[0]);
      for (const tolerance of tolerances.slice(1)) {
        if (planned.assignment.makespanMs <= leftMs) break;
        planned = thrifty(view, tolerance);
      }
      return planned;
    }),
};

function thrifty(
  view: ClusterView,
  tolerance: number,
): RestOfRun & { readonly assignment: ReturnType<typeof assign> } {
  const rest = restOfRun(view, { energyTolerance: tolerance });
  return { ...rest, assignment: assign(rest.instance) };
}
