import { assign } from '../planner/plan.js';
import type { Strategy } from '../scheduler/strategy.js';
import { PlanFollower } from './plan-follower.js';
import { restOfRun } from './rest-of-run.js';

/** The least total time: follows a plan by Lagrange multipliers, which is made anew as reality departs from it. */
export const adaptive: Strategy = {
  name: 'adaptive',
  start: (options) =>
    new PlanFollower(options, (view, before) => {
      const { makespanMs: horizonMs } = before ?? assign(restOfRun(view).instance);
      const rest = restOfRun(view, { horizonMs });
      return { ...rest, assignment: assign(rest.instance, before) };
    }),
};
