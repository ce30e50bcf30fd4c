import type { Placement, SuiteStatus } from '../core/events.js';
import type { Device } from '../core/machine/machine.js';
import type { StrategyName } from '../core/strategies/index.js';
import type { UnsatisfiablePolicy, WorkloadProfile } from '../core/workload/profile.js';

export interface TaskSchedulerOptions {
  /** Default `adaptive`. */
  readonly strategy?: StrategyName;
  /** For tasks without a policy of their own. Default `wait`, without limit: a worker that can run them may still register. */
  readonly unsatisfiable?: UnsatisfiablePolicy;
  /** Whether a task gets a second attempt when the first one is lost. Default true. */
  readonly retryLost?: boolean;
  /** Whether a task that takes far longer than expected gets a second attempt on a better idle device. Default true. */
  readonly speculate?: boolean;
  /** The current time in ms; must never go back. Default: time since the scheduler was created. */
  now?(): number;
}

/** A machine that runs tasks. */
export interface TaskWorker {
  /** Unique among the registered workers. */
  readonly name: string;
  /** How many tasks run at once, ≥ 1. Default: one for each CPU thread. */
  readonly slots?: number;
  /** > 0. Default 1. */
  readonly cpuThreads?: number;
  /** Default: no limit. */
  readonly memoryBytes?: number;
  /** Devices besides the CPU, which every worker has. Default none. */
  readonly devices?: readonly (Pick<Device, 'id' | 'class'> & Partial<Device>)[];
}

export interface Task {
  /** Unique among the tasks that have not ended. A task that is submitted again is expected to take as long as before. */
  readonly id: string;
  /** What it needs. Default: a CPU. */
  readonly needs?: Partial<WorkloadProfile>;
  /**
   * Expected duration in ms by kind of device (`cpu`, `gpu NVIDIA L4`). 0 means unknown; the task cannot run on a kind
   * that is left out.
   */
  readonly expectedMs?: Readonly<Record<string, number>>;
}

/** What the caller has to do now. */
export type TaskDecision =
  | { readonly do: 'start'; readonly taskId: string; readonly attempt: number; readonly placement: Placement }
  /** Another attempt gave the result: end this attempt, and complete it as `cancelled`. */
  | { readonly do: 'stop'; readonly taskId: string; readonly attempt: number; readonly slotId: string }
  /** No worker can run the task, and its policy does not wait. */
  | { readonly do: 'give-up'; readonly taskId: string; readonly reasons: readonly string[] };

export interface TaskResult {
  readonly taskId: string;
  /** As in the decision that started it. */
  readonly attempt: number;
  readonly status: SuiteStatus;
  /** Ms, > 0. Default: the time since the attempt was started. */
  readonly durationMs?: number;
  readonly peakMemoryBytes?: number;
}
