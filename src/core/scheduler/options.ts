import type { Estimates } from '../estimate/estimate.js';
import type { UnsatisfiablePolicy } from '../workload/profile.js';
import type { Strategy } from './strategy.js';
import type { TakenMemoryPolicy } from './taken-memory.js';

export interface SchedulerOptions {
  readonly strategy: Strategy;
  /** For suites without a policy of their own. */
  readonly unsatisfiable: UnsatisfiablePolicy;
  /**
   * Whether a suite whose first attempt is lost gets a second one, alone on its machine, and on another machine where one can
   * run it. What was lost with its machine is tried again as if it had not run, each time.
   */
  readonly retryLost: boolean;
  /** Whether a suite that takes far longer than expected gets a second attempt on a better idle slot. Default true. */
  readonly speculate?: boolean;
  /** For suites that do not fit because other programs have taken the memory of every device. Default `wait`. */
  readonly takenMemory?: TakenMemoryPolicy;
  /** Learns from the ends of suites during the run. */
  readonly estimates: Estimates;
  /** See {@link StrategyOptions}. */
  readonly keepOrder?: boolean;
  readonly finishWithinMs?: number | undefined;
  /**
   * Goes on when nothing is left, as more suites may come: `run-ended` never comes, and a suite that has ended may be queued
   * again. Default false.
   */
  readonly staysOpen?: boolean;
}
