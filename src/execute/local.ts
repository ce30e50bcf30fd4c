import type { Placement } from '../core/events.js';
import type { Machine } from '../core/machine/machine.js';
import { formatDuration } from '../core/vocabulary/units.js';
import type { WorkloadProfile } from '../core/workload/profile.js';
import { explainDeath, oomKills } from './death.js';
import type { Executor, SuiteOutcome } from './executor.js';
import { bindingEnv } from './process-environment.js';
import { type WorkerBinding, WorkerPool, type WorkerPoolOptions } from './worker-pool.js';

export interface LocalExecutorOptions extends WorkerPoolOptions {
  /** May come to know more devices until the first suite runs. */
  machine(): Machine;
  /** Threads instead of processes for suites that need neither a device nor a limit. */
  readonly threads: boolean;
  /** Size of native thread pools for a suite that does not say how many threads it keeps busy, an integer ≥ 1. */
  readonly fairThreads: number;
  /** What the worker is to do for a placement. */
  task(placement: Placement, attempt: number): unknown;
  profile(placement: Placement): WorkloadProfile;
  /** Whatever the task emitted while it ran. */
  onEvent(placement: Placement, name: string, payload: unknown): void;
}

/** Runs suites in child processes of this machine, each bound to its devices by its environment. */
export class LocalExecutor<Result> implements Executor<Result> {
  readonly #options: LocalExecutorOptions;
  readonly #pool: WorkerPool;

  constructor(options: LocalExecutorOptions) {
    this.#options = options;
    this.#pool = new WorkerPool(options);
  }

  /** Starts workers for suites that ask for nothing, before it is known which suites there are. */
  warm(count: number): void {
    const { threads, fairThreads } = this.#options;
    const machine = this.#options.machine();
    const cpu = machine.devices.flatMap((device) => (device.class === 'cpu' ? device.id : [])).slice(0, 1);
    this.#pool.warm(count, {
      thread: threads,
      env: bindingEnv(machine, cpu, fairThreads, false, process.env),
      deviceIds: cpu,
    });
  }

  /** Starts a worker for suites on these devices, where a place is free, before one of them can be had. */
  prepare(deviceIds: readonly string[]): void {
    const env = bindingEnv(this.#options.machine(), deviceIds, this.#options.fairThreads, true, process.env);
    this.#pool.prepare({ thread: false, env, deviceIds });
  }

  /** See {@link WorkerPool.endIdle}. */
  endIdle(deviceIds?: readonly string[]): Promise<void> {
    return this.#pool.endIdle(deviceIds);
  }

  async run(placement: Placement, attempt: number, signal: AbortSignal): Promise<SuiteOutcome<Result>> {
    if (signal.aborted) return { status: 'cancelled', durationMs: 0 };
    const started = performance.now();
    const oomKillsBefore = oomKills();
    const durationMs = () => Math.max(1, Math.round(performance.now() - started));
    const { profile: profileOf, task, onEvent } = this.#options;
    const profile = profileOf(placement);
    const alone = placement.claim.exclusive || attempt > 1;
    const seat = this.#pool.acquire(this.#bindingOf(placement, profile, attempt), alone);
    let stoppedAs: 'timed-out' | 'cancelled' | undefined;
    const stopAs = (status: 'timed-out' | 'cancelled') => {
      stoppedAs ??= status;
      seat.worker.kill();
    };
    const onAbort = () => stopAs('cancelled');
    signal.addEventListener('abort', onAbort, { once: true });
    const timer =
      profile.maxTimeMs === undefined ? undefined : setTimeout(() => stopAs('timed-out'), profile.maxTimeMs);
    try {
      const end = await seat.worker.run<Result>(task(placement, attempt), (name, payload) =>
        onEvent(placement, name, payload),
      );
      if (end.status !== 'died') {
        const { heapUsedBytes, ...outcome } = end;
        this.#pool.release(seat, heapUsedBytes);
        return { ...outcome, durationMs: durationMs() };
      }
      this.#pool.remove(seat);
      const memory = end.memoryBytes === undefined ? {} : { peakMemoryBytes: end.memoryBytes };
      const ending = { status: stoppedAs ?? ('lost' as const), durationMs: durationMs(), ...memory };
      if (stoppedAs !== undefined) return { ...ending, cause: stopCause(stoppedAs, profile) };
      return { ...ending, ...explainDeath(end, oomKillsBefore), lastWords: end.stderrTail.trim() };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** See {@link WorkerPool.end}. */
  end(): Promise<boolean> {
    return this.#pool.end();
  }

  /** Ends every worker and all they started, at once. */
  kill(): void {
    this.#pool.kill();
  }

  #bindingOf(placement: Placement, profile: WorkloadProfile, attempt: number): WorkerBinding {
    const { threads, fairThreads } = this.#options;
    const machine = this.#options.machine();
    const { deviceIds, cpuThreads } = placement.claim;
    const poolThreads = poolThreadsOf(profile, cpuThreads, fairThreads);
    const maskOthers = profile.hardware.some((requirement) => requirement.class !== 'cpu');
    return {
      thread: threads && attempt === 1 && isPlain(placement, profile, machine),
      env: bindingEnv(machine, deviceIds, poolThreads, maskOthers, process.env),
      deviceIds,
    };
  }
}

/** Size of a suite's native thread pools: what it claims if it says so, else a fair share of the machine. */
export function poolThreadsOf({ cpuThreads }: WorkloadProfile, claimed: number, fairThreads: number): number {
  return cpuThreads === undefined ? fairThreads : Math.max(1, Math.floor(claimed));
}

/**
 * True for a suite that any process can run: it is bound to nothing and nothing may end it.
 * Such suites may run in the Jest process itself (`-i`) or in a thread (`workerThreads`).
 */
export function isPlain(placement: Placement, profile: WorkloadProfile, machine: Machine): boolean {
  const device = machine.devices.find(({ id }) => placement.claim.deviceIds.includes(id));
  return device?.class === 'cpu' && profile.maxTimeMs === undefined && profile.cpuThreads === undefined;
}

function stopCause(stoppedAs: 'timed-out' | 'cancelled', { maxTimeMs = 0 }: WorkloadProfile): string {
  return stoppedAs === 'timed-out'
    ? `ran longer than its @max-time of ${formatDuration(maxTimeMs)} and was stopped`
    : 'stopped because the run was interrupted';
}
