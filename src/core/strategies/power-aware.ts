import { assign } from '../planner/plan.js';
import type { ClusterView, Strategy } from '../scheduler/strategy.js';
import { PlanFollower, type PlannedRest } from './plan-follower.js';
import { restOfRun } from './rest-of-run.js';

const tuning = {
  /**
   * Multiples of its least energy that a suite may cost, tried in this order until the plan meets the time. Not tuned: each
   * step costs one plan, and finer steps save at most the energy between two of them.
   */
  energyTolerances: [1, 1.1, 1.3, 1.7, 2.5, 4, 8, Number.POSITIVE_INFINITY],
} as const;

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
      const [least, ...higher] = tuning.energyTolerances;
      let planned = planWithin(least, view);
      for (const energyTolerance of higher) {
        if (planned.assignment.makespanMs <= leftMs) break;
        planned = planWithin(energyTolerance, view);
      }
      return planned;
    }),
};

function planWithin(energyTolerance: number, view: ClusterView): PlannedRest {
  const rest = restOfRun(view, { energyTolerance });
  return { ...rest, assignment: assign(rest.instance) };
}
