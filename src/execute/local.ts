import { PassThrough, type Writable } from 'node:stream';
import supportsColor from 'supports-color';
import type { Placement } from '../core/events.js';
import type { Machine } from '../core/machine.js';
import { formatBytes, formatDuration } from '../core/units.js';
import type { WorkloadProfile } from '../core/workload.js';
import { bindingEnv } from './binding.js';
import type { Executor, SuiteOutcome } from './executor.js';
import { type WorkerDeath, WorkerProcess } from './worker-process.js';

export interface LocalExecutorOptions {
  readonly machine: Machine;
  /** How many suites run at once at the most, and so how many workers are kept. */
  readonly workers: number;
  /** Module that a worker runs, and what it gets once, at its start. */
  readonly entry: string;
  readonly setup: unknown;
  /** Threads instead of processes for suites that need neither a device nor a limit. */
  readonly threads: boolean;
  /** A worker whose heap is larger than this after a suite is replaced; 0: always. */
  readonly idleMemoryLimitBytes?: number;
  /** How long a worker may take to exit at the end of the run. */
  readonly gracefulExitMs: number;
  /** What the worker is to do for a placement. */
  task(placement: Placement, attempt: number): unknown;
  profile(placement: Placement): WorkloadProfile;
  /** Size of the suite's native thread pools, an integer ≥ 1. */
  poolThreads(placement: Placement): number;
  /** Whatever the task emitted while it ran. */
  onEvent(placement: Placement, name: string, payload: unknown): void;
}

interface Seat {
  /** 0-based; the lowest that is free, so that `JEST_WORKER_ID` stays within 1…workers. */
  readonly index: number;
  readonly binding: string;
  readonly worker: WorkerProcess;
  busy: boolean;
}

/** Runs suites in child processes of this machine, each bound to its devices by its environment. */
export class LocalExecutor<Result> implements Executor<Result> {
  readonly #options: LocalExecutorOptions;
  readonly #seats = new Set<Seat>();
  readonly #stdout = outlet(process.stdout);
  readonly #stderr = outlet(process.stderr);
  readonly #stopping = new Set<Promise<boolean>>();
  constructor(options: LocalExecutorOptions) {
    this.#options = options;
  }

  async run(placement: Placement, attempt: number, signal: AbortSignal): Promise<SuiteOutcome<Result>> {
    if (signal.aborted) return { status: 'cancelled', durationMs: 0 };
    const started = performance.now();
    const durationMs = () => Math.max(1, Math.round(performance.now() - started));
    const profile = this.#options.profile(placement);
    const seat = this.#seatFor(placement, profile, attempt);
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
      const end = await seat.worker.run<Result>(this.#options.task(placement, attempt), (name, payload) =>
        this.#options.onEvent(placement, name, payload),
      );
      if (end.status !== 'died') {
        const { heapUsedBytes, ...outcome } = end;
        this.#release(seat, heapUsedBytes);
        return { ...outcome, durationMs: durationMs() };
      }
      this.#seats.delete(seat);
      // A crashed suite may have left processes of its own behind.
      seat.worker.kill();
      const memory = end.memoryBytes === undefined ? {} : { peakMemoryBytes: end.memoryBytes };
      const status = stoppedAs ?? 'lost';
      const cause = causes[status](end, profile);
      return { status, durationMs: durationMs(), ...memory, cause, lastWords: end.stderrTail.trim() };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the idle workers; true when one of them had to be killed. Call once, when no suite runs any more. */
  async end(): Promise<boolean> {
    for (const seat of this.#seats) this.#stop(seat);
    const forced = await Promise.all(this.#stopping);
    this.#stdout.end();
    this.#stderr.end();
    return forced.includes(true);
  }

  /** Ends every worker and all they started, at once. */
  kill(): void {
    for (const seat of this.#seats) seat.worker.kill();
    this.#seats.clear();
  }

  #seatFor(placement: Placement, profile: WorkloadProfile, attempt: number): Seat {
    const { machine, workers, entry, setup, poolThreads } = this.#options;
    const alone = placement.claim.exclusive || attempt > 1;
    const idle = [...this.#seats].filter((seat) => !seat.busy);
    // Idle workers hold memory that a suite which runs alone was promised.
    if (alone) for (const seat of idle) this.#stop(seat);

    const plain = isPlain(placement, profile, machine);
    const thread = this.#options.threads && plain && attempt === 1;
    const maskOthers = profile.hardware.some((requirement) => requirement.class !== 'cpu');
    const env = bindingEnv(machine, placement.claim, poolThreads(placement), maskOthers, process.env);
    const binding = `${thread ? 'thread' : 'process'} ${JSON.stringify(env)}`;
    const reusable = alone ? undefined : idle.find((seat) => seat.binding === binding);
    if (reusable !== undefined) {
      reusable.busy = true;
      return reusable;
    }
    if (!alone && this.#seats.size >= workers && idle[0] !== undefined) this.#stop(idle[0]);

    const taken = new Set([...this.#seats].map((seat) => seat.index));
    let index = 0;
    while (taken.has(index)) index++;
    const worker = new WorkerProcess({
      entry,
      setup,
      thread,
      env: {
        ...process.env,
        ...(supportsColor.stdout ? { FORCE_COLOR: '1' } : {}),
        ...env,
        JEST_WORKER_ID: String(index + 1),
      },
      stdout: this.#stdout,
      stderr: this.#stderr,
    });
    const seat: Seat = { index, binding, worker, busy: true };
    this.#seats.add(seat);
    return seat;
  }

  #release(seat: Seat, heapUsedBytes: number): void {
    seat.busy = false;
    const limit = this.#options.idleMemoryLimitBytes;
    if (limit !== undefined && (limit === 0 || heapUsedBytes > limit)) this.#stop(seat);
  }

  #stop(seat: Seat): void {
    this.#seats.delete(seat);
    const stopped = seat.worker.stop(this.#options.gracefulExitMs);
    this.#stopping.add(stopped);
  }
}

/**
 * True for a suite that any process can run: it is bound to nothing and nothing may end it.
 * Such suites may run in the Jest process itself (`-i`) or in a thread (`workerThreads`).
 */
export function isPlain(placement: Placement, profile: WorkloadProfile, machine: Machine): boolean {
  const device = machine.devices.find(({ id }) => placement.claim.deviceIds.includes(id));
  return device?.class === 'cpu' && profile.maxTimeMs === undefined && profile.cpuThreads === undefined;
}

const causes = {
  'timed-out': (_death, profile) =>
    `ran longer than its @max-time of ${formatDuration(profile.maxTimeMs ?? 0)} and was stopped`,
  cancelled: () => 'stopped because the run was interrupted',
  lost: (death) => deathCause(death),
} satisfies Record<string, (death: WorkerDeath, profile: WorkloadProfile) => string>;

function deathCause({ exitCode, signal, memoryBytes, stderrTail }: WorkerDeath): string {
  const end =
    signal === null ? `its process exited with code ${exitCode}` : `its process was killed by ${signal}`;
  const memory = memoryBytes === undefined ? '' : `, memory at death ${formatBytes(memoryBytes)}`;
  if (/heap out of memory|ERR_WORKER_OUT_OF_MEMORY/.test(stderrTail)) {
    return `out of memory: the JavaScript heap reached its limit; ${end}${memory}`;
  }
  const hint = signal === 'SIGKILL' ? '; the system kills so when memory runs out' : '';
  return `${end}${memory}${hint}`;
}

/** One stream that any number of workers may write to, without a listener each on the target. */
function outlet(target: Writable): PassThrough {
  const stream = new PassThrough().setMaxListeners(0);
  stream.pipe(target, { end: false });
  return stream;
}
