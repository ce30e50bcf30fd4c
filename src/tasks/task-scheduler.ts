import { Estimates } from '../core/estimate/estimate.js';
import type { RunEvent, Suite, SuiteStatus } from '../core/events.js';
import { type Machine, slotsOf } from '../core/machine/machine.js';
import { Scheduler } from '../core/scheduler/scheduler.js';
import { defaultStrategy, strategies } from '../core/strategies/index.js';
import { bug } from '../core/vocabulary/bug.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { defaultProfile } from '../core/workload/profile.js';
import { isSelected, type StatisticsFilter, Tallies, type Tally, type TaskStatistics } from './tallies.js';
import type { Task, TaskDecision, TaskResult, TaskSchedulerOptions, TaskWorker } from './task.js';

/** Durations are remembered for this many tasks, the latest: the process may run for months. */
const rememberedTasks = 10_000;

type EventWithoutTime = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, 'atMs'>
    : never
  : never;

/**
 * Schedules tasks of your own, as the runner schedules test suites. Register workers, submit tasks, carry out the decisions
 * of `next`, and report each result with `complete`. The scheduler learns durations and memory from the results.
 */
export class TaskScheduler {
  readonly #scheduler: Scheduler;
  readonly #now: () => number;
  readonly #slotIdsOfWorker = new Map<string, readonly string[]>();
  readonly #workerOfSlot = new Map<string, string>();
  /** Tasks that have not ended. Of the others only the tallies are kept. */
  readonly #tasks = new Map<string, Submitted>();
  readonly #tallies = new Tallies();
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
    this.#handle({ type: 'run-opened' });
  }

  /** @throws {UsageError} when a worker of this name is registered. */
  registerWorker({ name, cpuThreads = 1, memoryBytes, devices = [], slots }: TaskWorker): void {
    if (this.#slotIdsOfWorker.has(name))
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
    this.#slotIdsOfWorker.set(
      name,
      all.map(({ id }) => id),
    );
    for (const { id } of all) this.#workerOfSlot.set(id, name);
    for (const slot of all) this.#handle({ type: 'slot-up', slot });
  }

  /** Removes a worker. Its running attempts are lost; a task whose first attempt is lost gets a second one elsewhere. */
  unregisterWorker(name: string, reason = 'the worker was unregistered'): void {
    const slotIds = this.#slotIdsOfWorker.get(name) ?? [];
    this.#slotIdsOfWorker.delete(name);
    const busy = new Set(
      [...this.#tasks.values()].flatMap(({ running }) => [...running.values()].map(({ slotId }) => slotId)),
    );
    // Idle slots go first. Otherwise a task that is lost with a busy slot could be placed on an idle one of this worker.
    for (const slotId of slotIds) if (!busy.has(slotId)) this.#handle({ type: 'slot-down', slotId, reason });
    for (const slotId of slotIds) if (busy.has(slotId)) this.#handle({ type: 'slot-down', slotId, reason });
    for (const slotId of slotIds) this.#workerOfSlot.delete(slotId);
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
    this.#handle({ type: 'suite-queued', suite });
  }

  /** The decisions since the last call, in order. */
  next(): readonly TaskDecision[] {
    if (this.nextCallInMs === 0) this.#handle({ type: 'tick' });
    return this.#decisions.splice(0);
  }

  /** In how many ms `next` may have a new decision even if nothing is reported meanwhile; undefined: never. */
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
    this.#countEnd(taskId, attempt, status, took);
    this.#handle({ type: 'suite-ended', ...end });
    this.#forgetEnded(taskId);
  }

  /** Statistics of everything, of one worker, of one workload, or of one worker's tasks of one workload. */
  statistics(filter: StatisticsFilter = {}): TaskStatistics {
    let pending = 0;
    let running = 0;
    for (const [id, task] of this.#tasks) {
      for (const { tally } of task.running.values()) if (isSelected(tally, filter)) running++;
      // A waiting task belongs to no worker yet.
      const isWaiting = filter.worker === undefined && this.#scheduler.isPending(id);
      if (isWaiting && (filter.workload ?? task.workload) === task.workload) pending++;
    }
    return { pending, running, ...this.#tallies.sumOf(filter) };
  }

  /** Hands an event to the scheduler, and queues what it decides. */
  #handle(happened: EventWithoutTime): void {
    const atMs = Math.round(this.#now());
    const decided = this.#scheduler.handle({ atMs, ...happened } as RunEvent);
    for (const event of decided) this.#apply(event);
    for (const event of decided) {
      if (event.type === 'suite-ended' || event.type === 'suite-unplaceable')
        this.#forgetEnded(event.suiteId);
    }
  }

  #apply(event: RunEvent): void {
    switch (event.type) {
      case 'suite-started': {
        const { placement, attempt, atMs } = event;
        const { suiteId: taskId, slotId } = placement;
        const task = this.#tasks.get(taskId);
        if (task === undefined) throw bug(`Task ${taskId} was started, but never submitted.`);
        const tally = this.#tallies.tallyOf(this.#workerOfSlot.get(slotId) ?? '', task.workload);
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
        // The attempt was lost with its worker.
        this.#countEnd(event.suiteId, event.attempt, event.status, event.durationMs);
        break;
      case 'suite-unplaceable': {
        const reasons = [...new Set(event.rejections.map(({ reason }) => reason))];
        this.#decisions.push({ do: 'give-up', taskId: event.suiteId, reasons });
      }
    }
  }

  #countEnd(taskId: string, attempt: number, status: SuiteStatus, durationMs: number): void {
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
}

/** A task that has not ended. */
interface Submitted {
  readonly workload: string;
  readonly submittedAtMs: number;
  /** The attempts that are running, by number. */
  readonly running: Map<number, Started>;
}

interface Started {
  readonly slotId: string;
  readonly atMs: number;
  readonly tally: Tally;
}
