/** Public API. The default export is the runner, so that `runner: 'jest-runner-hardware'` and `'hardware'` load it. */

export type { HardwareOptionsInput } from './config/options.js';
export type * from './core/events.js';
export type * from './core/machine/machine.js';
export type { RankingBasis, Speed } from './core/machine/speed/speed.js';
export {
  lowerBoundMs,
  type Plan,
  type PlanInstance,
  type PlanMachine,
  type PlanOptions,
  type PlanPool,
  type PlanSuite,
  plan,
} from './core/planner/plan.js';
export {
  findOptimalDevice,
  type OptimalDevice,
  performanceRanking,
  type RankedDevice,
} from './core/scheduler/ranking.js';
export type * from './core/vocabulary/taxonomy.js';
export { UsageError } from './core/vocabulary/usage-error.js';
export type * from './core/workload/profile.js';
export { type DetectOptions, detectMachine } from './detect/detect.js';
export { withHardware } from './jest/config.js';
export { HardwareRunner as default } from './jest/runner.js';
export type { TaskStatistics } from './tasks/tallies.js';
export type { Task, TaskDecision, TaskResult, TaskSchedulerOptions, TaskWorker } from './tasks/task.js';
export { TaskScheduler } from './tasks/task-scheduler.js';
