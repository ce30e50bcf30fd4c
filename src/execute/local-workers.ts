import type { Machine } from '../core/machine/machine.js';
import { formatDuration } from '../core/vocabulary/units.js';
import type { WorkloadProfile } from '../core/workload/profile.js';
import { explainDeath, oomKills } from './death.js';
import type { Start, SuiteOutcome } from './executor.js';
import { bindingEnv } from './process-environment.js';
import { type WorkerBinding, WorkerPool, type WorkerPoolOptions } from './worker-pool.js';

export interface LocalWorkersOptions extends WorkerPoolOptions {
  /** Threads instead of processes for suites that need neither a device nor a limit. */
  readonly threads: boolean;
  /** Size of native thread pools for a suite that does not say how many threads it keeps busy, an integer ≥ 1. */
  readonly fairThreads: number;
}

/** One task for a worker: the message that its module gets, and the listener for what it emits. */
export interface WorkerTask {
  readonly message: unknown;
  onEvent(name: string, payload: unknown): void;
}

/** Runs suites in child processes of this machine, each bound to its devices by its environment. */
export class LocalWorkers<Result> {
  readonly #options: LocalWorkersOptions;
  readonly #pool: WorkerPool;

  constructor(options: LocalWorkersOptions) {
    this.#options = options;
    this.#pool = new WorkerPool(options);
  }

  /** Starts workers for plain suites in advance, before docblocks are read. */
  warm(machine: Machine, count: number): void {
    const { threads, fairThreads } = this.#options;
    const cpu = machine.devices.flatMap((device) => (device.class === 'cpu' ? device.id : [])).slice(0, 1);
    this.#pool.warm(count, {
      thread: threads,
      env: bindingEnv(machine, cpu, fairThreads, false, process.env),
      deviceIds: cpu,
    });
  }

  /** See {@link WorkerPool.setLimit}. */
  setLimit(workers: number): void {
    this.#pool.setLimit(workers);
  }

  /** Starts a worker for these devices in advance, if the limit allows it, while the devices are still in use elsewhere. */
  prepare(machine: Machine, deviceIds: readonly string[]): void {
    const env = bindingEnv(machine, deviceIds, this.#options.fairThreads, true, process.env);
    this.#pool.prepare({ thread: false, env, deviceIds });
  }

  /** See {@link WorkerPool.endIdle}. */
  endIdle(deviceIds?: readonly string[]): Promise<void> {
    return this.#pool.endIdle(deviceIds);
  }

  /** Runs an attempt as an `Executor` does. */
  async run(start: Start, task: WorkerTask, signal: AbortSignal): Promise<SuiteOutcome<Result>> {
    if (signal.aborted) return { status: 'cancelled', durationMs: 0 };
    const started = performance.now();
    const oomKillsBefore = oomKills();
    const durationMs = () => Math.max(1, Math.round(performance.now() - started));
    const { profile } = start.suite;
    const alone = start.placement.claim.exclusive || start.attempt > 1;
    const worker = this.#pool.acquire(this.#bindingOf(start), alone);
    let stoppedAs: 'timed-out' | 'cancelled' | undefined;
    const stopAs = (status: 'timed-out' | 'cancelled') => {
      stoppedAs ??= status;
      worker.process.kill();
    };
    const onAbort = () => stopAs('cancelled');
    signal.addEventListener('abort', onAbort, { once: true });
    const timer =
      profile.maxTimeMs === undefined ? undefined : setTimeout(() => stopAs('timed-out'), profile.maxTimeMs);
    try {
      const running = worker.process.run<Result>(task.message, (name, payload) =>
        task.onEvent(name, payload),
      );
      if (start.fault === 'hang') worker.process.suspend(hangMs);
      const end = await running;
      if (end.status !== 'died') {
        const { heapUsedBytes, ...outcome } = end;
        this.#pool.release(worker, heapUsedBytes);
        return { ...outcome, durationMs: durationMs() };
      }
      this.#pool.remove(worker);
      const memory = end.memoryBytes === undefined ? {} : { peakMemoryBytes: end.memoryBytes };
      const ending = { status: stoppedAs ?? ('lost' as const), durationMs: durationMs(), ...memory };
      if (stoppedAs !== undefined) return { ...ending, cause: stopCause(stoppedAs, profile) };
      return { ...ending, ...explainDeath(end, oomKillsBefore), lastWords: end.stderrTail.trim() };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** See {@link WorkerPool.endAll}. */
  endAll(): Promise<boolean> {
    return this.#pool.endAll();
  }

  /** Ends every worker and all they started, at once. */
  killAll(): void {
    this.#pool.killAll();
  }

  #bindingOf(start: Start): WorkerBinding {
    const { threads, fairThreads } = this.#options;
    const { deviceIds } = start.placement.claim;
    const isMasked = start.suite.profile.hardware.some((requirement) => requirement.class !== 'cpu');
    return {
      thread: threads && start.attempt === 1 && isPlain(start),
      env: bindingEnv(start.machine, deviceIds, poolThreadsOf(start, fairThreads), isMasked, process.env),
      deviceIds,
    };
  }
}

/** How long a process hangs on purpose: longer than any beat or look at it. */
const hangMs = 1500;

/** Size of a suite's native thread pools: its `@cpu-threads`, or else a fair share of the machine. */
export function poolThreadsOf({ suite, placement }: Start, fairThreads: number): number {
  return suite.profile.cpuThreads === undefined
    ? fairThreads
    : Math.max(1, Math.floor(placement.claim.cpuThreads));
}

/**
 * True for a suite that any process can run: it is bound to no device, and no limit may require to kill it.
 * Such suites may run in the Jest process itself (`-i`) or in a thread (`workerThreads`).
 */
export function isPlain({ suite, placement, machine }: Start): boolean {
  const { maxTimeMs, cpuThreads } = suite.profile;
  const device = machine.devices.find(({ id }) => placement.claim.deviceIds.includes(id));
  return device?.class === 'cpu' && maxTimeMs === undefined && cpuThreads === undefined;
}

function stopCause(stoppedAs: 'timed-out' | 'cancelled', { maxTimeMs = 0 }: WorkloadProfile): string {
  return stoppedAs === 'timed-out'
    ? `ran longer than its @max-time of ${formatDuration(maxTimeMs)} and was stopped`
    : 'stopped because the run was interrupted';
}
