import { Estimates } from './core/estimate.js';
import type { Placement, RunEvent, Suite, SuiteStatus } from './core/events.js';
import { type Device, type Machine, slotsOf } from './core/machine.js';
import { Scheduler } from './core/scheduler.js';
import { defaultStrategy, type StrategyName, strategies } from './core/strategies/index.js';
import { UsageError } from './core/usage-error.js';
import { defaultProfile, type UnsatisfiablePolicy, type WorkloadProfile } from './core/workload.js';

export interface TaskSchedulerOptions {
  /** Default `adaptive`. */
  readonly strategy?: StrategyName;
  /** For tasks without a policy of their own. Default `wait` for ever: a worker may come that can run them. */
  readonly unsatisfiable?: UnsatisfiablePolicy;
  /** Whether a task whose attempt is lost gets a second one. Default true. */
  readonly retryLost?: boolean;
  /** Whether a task that takes far longer than expected gets a second attempt on a better idle device. Default true. */
  readonly speculate?: boolean;
  /** Ms, never going back. Default: since the scheduler was made. */
  now?(): number;
}

/** A machine that runs tasks. */
export interface TaskWorker {
  /** Unique while it is registered. */
  readonly name: string;
  /** How many tasks at once, ≥ 1. Default: as many as CPU threads. */
  readonly slots?: number;
  /** > 0. Default 1. */
  readonly cpuThreads?: number;
  /** Default: no limit. */
  readonly memoryBytes?: number;
  /** Beside the CPU, which every worker has. Default none. */
  readonly devices?: readonly (Pick<Device, 'id' | 'class'> & Partial<Device>)[];
}

export interface Task {
  /** Unique. */
  readonly id: string;
  /** What it needs; default: a CPU. */
  readonly needs?: Partial<WorkloadProfile>;
  /** Ms by kind of device (`cpu`, `gpu NVIDIA L4`), where they are known; a kind left out cannot run it, 0: unknown. */
  readonly expectedMs?: Readonly<Record<string, number>>;
}

/** What is to be done now. */
export type TaskDecision =
  | { readonly do: 'start'; readonly taskId: string; readonly attempt: number; readonly placement: Placement }
  /** Another attempt gave the result: end this one, and complete it as `cancelled`. */
  | { readonly do: 'stop'; readonly taskId: string; readonly attempt: number; readonly slotId: string }
  /** No worker can run it, and its policy does not wait. */
  | { readonly do: 'give-up'; readonly taskId: string; readonly reasons: readonly string[] };

export interface TaskResult {
  readonly taskId: string;
  /** As in the decision that started it. */
  readonly attempt: number;
  readonly status: SuiteStatus;
  /** Ms > 0. Default: since it was started. */
  readonly durationMs?: number;
  readonly peakMemoryBytes?: number;
}

export interface TaskStatistics {
  readonly pending: number;
  readonly running: number;
  /** Attempts that ended, by status. */
  readonly ended: Readonly<Partial<Record<SuiteStatus, number>>>;
  /** Sum over ended attempts, ms. */
  readonly busyMs: number;
  /** From submission to start, ms; mean over started attempts. */
  readonly meanWaitMs: number;
}

interface Started {
  readonly taskId: string;
  readonly slotId: string;
  readonly atMs: number;
  readonly waitedMs: number;
  ended?: { readonly status: SuiteStatus; readonly durationMs: number };
}

/**
 * The scheduler for tasks of your own: you register workers, submit tasks, do what `next` says, and report what became of
 * it. It learns durations and memory as it goes, and decides as for test suites.
 */
export class TaskScheduler {
  readonly #scheduler: Scheduler;
  readonly #now: () => number;
  readonly #slotIds = new Map<string, readonly string[]>();
  readonly #tasks = new Map<string, { readonly suite: Suite; readonly submittedAtMs: number }>();
  readonly #attempts = new Map<string, Started>();
  #decisions: TaskDecision[] = [];

  constructor(options: TaskSchedulerOptions = {}) {
    const startedAt = performance.now();
    this.#now = options.now ?? (() => performance.now() - startedAt);
    this.#scheduler = new Scheduler({
      strategy: strategies[options.strategy ?? defaultStrategy],
      unsatisfiable: options.unsatisfiable ?? { action: 'wait', waitMs: Number.MAX_SAFE_INTEGER },
      retryLost: options.retryLost ?? true,
      speculate: options.speculate ?? true,
      estimates: new Estimates(),
      staysOpen: true,
    });
    this.#tell({ type: 'run-opened' });
  }

  /** @throws {UsageError} when a worker of this name is registered. */
  registerWorker({ name, cpuThreads = 1, memoryBytes, devices = [], slots }: TaskWorker): void {
    if (this.#slotIds.has(name))
      throw new UsageError({ message: `a worker \`${name}\` is registered already` });
    const memoryBudgetBytes = memoryBytes ?? Number.MAX_SAFE_INTEGER;
    const common = {
      usable: true,
      software: false,
      backends: [],
      precisions: [],
      features: [],
      evidence: {},
    };
    const machine: Machine = {
      version: 1,
      machine: { name, platform: 'any', arch: 'any', cpuBudget: cpuThreads, memoryBudgetBytes },
      devices: [
        { ...common, id: 'cpu', class: 'cpu', memoryBytes: memoryBudgetBytes },
        ...devices.map((device) => ({ ...common, ...device })),
      ],
      problems: [],
    };
    const all = slotsOf(machine, slots ?? Math.max(1, Math.floor(cpuThreads)));
    this.#slotIds.set(
      name,
      all.map(({ id }) => id),
    );
    for (const slot of all) this.#tell({ type: 'slot-up', slot });
  }

  /** What runs there is lost: it starts anew elsewhere, unless it was retried before. */
  unregisterWorker(name: string, reason = 'the worker was unregistered'): void {
    const slotIds = this.#slotIds.get(name) ?? [];
    this.#slotIds.delete(name);
    const busy = new Set([...this.#attempts.values()].flatMap(({ slotId, ended }) => (ended ? [] : slotId)));
    // Idle ones first, so that nothing is placed on them meanwhile.
    for (const slotId of slotIds) if (!busy.has(slotId)) this.#tell({ type: 'slot-down', slotId, reason });
    for (const slotId of slotIds) if (busy.has(slotId)) this.#tell({ type: 'slot-down', slotId, reason });
  }

  /** @throws {UsageError} when a task of this id was submitted before. */
  submit({ id, needs, expectedMs }: Task): void {
    if (this.#tasks.has(id)) throw new UsageError({ message: `a task \`${id}\` was submitted already` });
    const profile = { ...defaultProfile, ...needs };
    const suite: Suite = { id, fileBytes: 0, profile, ...(expectedMs !== undefined && { expectedMs }) };
    this.#tasks.set(id, { suite, submittedAtMs: this.#now() });
    this.#tell({ type: 'suite-queued', suite });
  }

  /** What is to be done since the last call, in order. */
  next(): readonly TaskDecision[] {
    if (this.nextCallInMs === 0) this.#tell({ type: 'tick' });
    return this.#decisions.splice(0);
  }

  /** When `next` may have something new though nothing is reported, ms from now; undefined: never. */
  get nextCallInMs(): number | undefined {
    const dueAtMs = this.#scheduler.nextTickAtMs;
    return dueAtMs === undefined ? undefined : Math.max(0, dueAtMs - this.#now());
  }

  /** @throws {UsageError} when no such attempt is running. */
  complete({ taskId, attempt, status, durationMs, peakMemoryBytes }: TaskResult): void {
    const started = this.#attempts.get(keyOf(taskId, attempt));
    if (started === undefined || started.ended !== undefined) {
      throw new UsageError({ message: `attempt ${attempt} of task \`${taskId}\` is not running` });
    }
    const took = durationMs ?? Math.max(1, this.#now() - started.atMs);
    const peak = peakMemoryBytes === undefined ? {} : { peakMemoryBytes };
    const end = {
      suiteId: taskId,
      slotId: started.slotId,
      attempt,
      status,
      degraded: false,
      durationMs: took,
      ...peak,
    };
    started.ended = { status, durationMs: took };
    this.#tell({ type: 'suite-ended', ...end });
  }

  /** Of everything, of one worker, or of the tasks of one workload. */
  statistics(of: { readonly worker?: string; readonly workload?: string } = {}): TaskStatistics {
    const isOfWorkload = (taskId: string) =>
      of.workload === undefined || this.#tasks.get(taskId)?.suite.profile.workload === of.workload;
    const attempts = [...this.#attempts.values()].filter(
      ({ taskId, slotId }) =>
        isOfWorkload(taskId) && (of.worker === undefined || slotId.startsWith(`${of.worker}/`)),
    );
    const ended: Partial<Record<SuiteStatus, number>> = {};
    let busyMs = 0;
    for (const attempt of attempts) {
      if (attempt.ended === undefined) continue;
      ended[attempt.ended.status] = (ended[attempt.ended.status] ?? 0) + 1;
      busyMs += attempt.ended.durationMs;
    }
    const pending = [...this.#tasks.keys()].filter((id) => isOfWorkload(id) && this.#scheduler.isPending(id));
    return {
      // What waits is not yet anybody's.
      pending: of.worker === undefined ? pending.length : 0,
      running: attempts.filter((attempt) => attempt.ended === undefined).length,
      ended,
      busyMs,
      meanWaitMs:
        attempts.length === 0
          ? 0
          : attempts.reduce((sum, { waitedMs }) => sum + waitedMs, 0) / attempts.length,
    };
  }

  #tell(
    happening: RunEvent extends infer Event ? (Event extends RunEvent ? Omit<Event, 'atMs'> : never) : never,
  ) {
    const atMs = Math.round(this.#now());
    for (const event of this.#scheduler.handle({ atMs, ...happening } as RunEvent)) this.#take(event);
  }

  #take(event: RunEvent): void {
    switch (event.type) {
      case 'suite-started': {
        const { placement, attempt, atMs } = event;
        const { suiteId: taskId, slotId } = placement;
        const waitedMs = atMs - Math.round(this.#tasks.get(taskId)?.submittedAtMs ?? atMs);
        this.#attempts.set(keyOf(taskId, attempt), { taskId, slotId, atMs, waitedMs });
        this.#decisions.push({ do: 'start', taskId, attempt, placement });
        break;
      }
      case 'attempt-stopped':
        this.#decisions.push({
          do: 'stop',
          taskId: event.suiteId,
          attempt: event.attempt,
          slotId: event.slotId,
        });
        break;
      case 'suite-ended': {
        // Lost with its worker.
        const started = this.#attempts.get(keyOf(event.suiteId, event.attempt));
        if (started) started.ended = { status: event.status, durationMs: event.durationMs };
        break;
      }
      case 'suite-unplaceable': {
        const reasons = [...new Set(event.rejections.map(({ reason }) => reason))];
        this.#decisions.push({ do: 'give-up', taskId: event.suiteId, reasons });
      }
    }
  }
}

function keyOf(taskId: string, attempt: number): string {
  return `${attempt} ${taskId}`;
}
