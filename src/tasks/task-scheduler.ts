import { Estimates } from '../core/estimate/estimate.js';
import type { Placement, RunEvent, Suite, SuiteStatus } from '../core/events.js';
import { type Device, type Machine, slotsOf } from '../core/machine/machine.js';
import { Scheduler } from '../core/scheduler/scheduler.js';
import { defaultStrategy, type StrategyName, strategies } from '../core/strategies/index.js';
import { bug } from '../core/vocabulary/bug.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { defaultProfile, type UnsatisfiablePolicy, type WorkloadProfile } from '../core/workload/profile.js';

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
  /** Unique among those that have not ended; one that is submitted again is expected to take what it took before. */
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

/** A task that has not ended. */
interface Submitted {
  readonly workload: string;
  readonly submittedAtMs: number;
  /** Its attempts that are running, by number. */
  readonly running: Map<number, Started>;
}

interface Started {
  readonly slotId: string;
  readonly atMs: number;
  readonly tally: Tally;
}

/** What one worker did of one workload. */
interface Tally {
  readonly worker: string;
  readonly workload: string;
  started: number;
  waitedMs: number;
  readonly ended: Partial<Record<SuiteStatus, number>>;
  busyMs: number;
}

/** Of so many tasks it is remembered what they took, the last ones: the scheduler may live for months. */
const rememberedTasks = 10_000;

/**
 * The scheduler for tasks of your own: you register workers, submit tasks, do what `next` says, and report what became of
 * it. It learns durations and memory as it goes, and decides as for test suites.
 */
export class TaskScheduler {
  readonly #scheduler: Scheduler;
  readonly #now: () => number;
  readonly #slotIds = new Map<string, readonly string[]>();
  readonly #workerOf = new Map<string, string>();
  /** What has ended is forgotten, but for its tally. */
  readonly #tasks = new Map<string, Submitted>();
  readonly #tallies = new Map<string, Tally>();
  #decisions: TaskDecision[] = [];

  constructor(options: TaskSchedulerOptions = {}) {
    const startedAt = performance.now();
    this.#now = options.now ?? (() => performance.now() - startedAt);
    this.#scheduler = new Scheduler({
      strategy: strategies[options.strategy ?? defaultStrategy],
      unsatisfiable: options.unsatisfiable ?? { action: 'wait', waitMs: Number.MAX_SAFE_INTEGER },
      retryLost: options.retryLost ?? true,
      speculate: options.speculate ?? true,
      estimates: new Estimates([], rememberedTasks),
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
    for (const { id } of all) this.#workerOf.set(id, name);
    for (const slot of all) this.#tell({ type: 'slot-up', slot });
  }

  /** What runs there is lost: it starts anew elsewhere, unless it was retried before. */
  unregisterWorker(name: string, reason = 'the worker was unregistered'): void {
    const slotIds = this.#slotIds.get(name) ?? [];
    this.#slotIds.delete(name);
    const busy = new Set(
      [...this.#tasks.values()].flatMap(({ running }) => [...running.values()].map(({ slotId }) => slotId)),
    );
    // Idle ones first, so that nothing is placed on them meanwhile.
    for (const slotId of slotIds) if (!busy.has(slotId)) this.#tell({ type: 'slot-down', slotId, reason });
    for (const slotId of slotIds) if (busy.has(slotId)) this.#tell({ type: 'slot-down', slotId, reason });
    for (const slotId of slotIds) this.#workerOf.delete(slotId);
  }

  /** @throws {UsageError} when a task of this id has not ended. */
  submit({ id, needs, expectedMs }: Task): void {
    if (this.#tasks.has(id)) throw new UsageError({ message: `a task \`${id}\` was submitted already` });
    const profile = { ...defaultProfile, ...needs };
    const suite: Suite = { id, fileBytes: 0, profile, ...(expectedMs !== undefined && { expectedMs }) };
    this.#tasks.set(id, {
      workload: profile.workload ?? 'general',
      submittedAtMs: this.#now(),
      running: new Map(),
    });
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
    const started = this.#tasks.get(taskId)?.running.get(attempt);
    if (started === undefined) {
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
    this.#count(taskId, attempt, status, took);
    this.#tell({ type: 'suite-ended', ...end });
    this.#forgetEnded(taskId);
  }

  /** Of everything, of one worker, or of the tasks of one workload. */
  statistics(of: { readonly worker?: string; readonly workload?: string } = {}): TaskStatistics {
    const isAsked = ({ worker, workload }: Pick<Tally, 'worker' | 'workload'>) =>
      (of.worker ?? worker) === worker && (of.workload ?? workload) === workload;
    const ended: Partial<Record<SuiteStatus, number>> = {};
    const sum = { started: 0, waitedMs: 0, busyMs: 0 };
    for (const tally of this.#tallies.values()) {
      if (!isAsked(tally)) continue;
      sum.started += tally.started;
      sum.waitedMs += tally.waitedMs;
      sum.busyMs += tally.busyMs;
      for (const [status, count] of Object.entries(tally.ended)) {
        ended[status as SuiteStatus] = (ended[status as SuiteStatus] ?? 0) + count;
      }
    }
    let pending = 0;
    let running = 0;
    for (const [id, task] of this.#tasks) {
      for (const { tally } of task.running.values()) if (isAsked(tally)) running++;
      // What waits is not yet anybody's.
      const isWaiting = of.worker === undefined && this.#scheduler.isPending(id);
      if (isWaiting && (of.workload ?? task.workload) === task.workload) pending++;
    }
    const meanWaitMs = sum.started === 0 ? 0 : sum.waitedMs / sum.started;
    return { pending, running, ended, busyMs: sum.busyMs, meanWaitMs };
  }

  #tell(
    happening: RunEvent extends infer Event ? (Event extends RunEvent ? Omit<Event, 'atMs'> : never) : never,
  ) {
    const atMs = Math.round(this.#now());
    const decided = this.#scheduler.handle({ atMs, ...happening } as RunEvent);
    for (const event of decided) this.#take(event);
    for (const event of decided) {
      if (event.type === 'suite-ended' || event.type === 'suite-unplaceable')
        this.#forgetEnded(event.suiteId);
    }
  }

  #take(event: RunEvent): void {
    switch (event.type) {
      case 'suite-started': {
        const { placement, attempt, atMs } = event;
        const { suiteId: taskId, slotId } = placement;
        const task = this.#tasks.get(taskId);
        if (task === undefined) throw bug(`Task ${taskId} was started, but never submitted.`);
        const tally = this.#tallyOf(this.#workerOf.get(slotId) ?? '', task.workload);
        tally.started++;
        tally.waitedMs += atMs - Math.round(task.submittedAtMs);
        task.running.set(attempt, { slotId, atMs, tally });
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
      case 'suite-ended':
        // Lost with its worker.
        this.#count(event.suiteId, event.attempt, event.status, event.durationMs);
        break;
      case 'suite-unplaceable': {
        const reasons = [...new Set(event.rejections.map(({ reason }) => reason))];
        this.#decisions.push({ do: 'give-up', taskId: event.suiteId, reasons });
      }
    }
  }

  #count(taskId: string, attempt: number, status: SuiteStatus, durationMs: number): void {
    const running = this.#tasks.get(taskId)?.running;
    const tally = running?.get(attempt)?.tally;
    if (tally === undefined) return;
    running?.delete(attempt);
    tally.ended[status] = (tally.ended[status] ?? 0) + 1;
    tally.busyMs += durationMs;
  }

  #forgetEnded(taskId: string): void {
    const task = this.#tasks.get(taskId);
    if (task?.running.size === 0 && !this.#scheduler.isPending(taskId)) this.#tasks.delete(taskId);
  }

  #tallyOf(worker: string, workload: string): Tally {
    const key = JSON.stringify([worker, workload]);
    const tally = this.#tallies.get(key) ?? {
      worker,
      workload,
      started: 0,
      waitedMs: 0,
      ended: {},
      busyMs: 0,
    };
    this.#tallies.set(key, tally);
    return tally;
  }
}
