import { PassThrough, type Writable } from 'node:stream';
import supportsColor from 'supports-color';
import { GroupGuard } from '../host/group-guard.js';
import { WorkerProcess } from './worker-process.js';

export interface WorkerPoolOptions {
  /** How many workers are kept at the most, an integer ≥ 1; see {@link WorkerPool.setLimit}. */
  readonly workers: number;
  /** Module that a worker runs, and what it gets once, at its start. */
  readonly entry: string;
  readonly setup: unknown;
  /** A worker whose heap is larger than this after a suite is replaced; 0: always. */
  readonly idleMemoryLimitBytes?: number;
  /** How long a worker may take to exit at the end of the run. */
  readonly gracefulExitMs: number;
}

/** What a worker is bound to for its whole life. Suites of the same binding run in it one after another. */
export interface WorkerBinding {
  /** A thread of this process instead of a child process. */
  readonly thread: boolean;
  /** On top of this process's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Devices of its suites, whose memory they may occupy until the worker ends. */
  readonly deviceIds: readonly string[];
}

/** A worker that is kept for suites. */
export interface PooledWorker {
  /** 0-based; the lowest that is free, so that `JEST_WORKER_ID` stays within 1…workers. */
  readonly index: number;
  readonly binding: string;
  readonly deviceIds: readonly string[];
  readonly process: WorkerProcess;
  busy: boolean;
}

/** The workers of this machine: starts them, keeps them for suites of the same binding, ends them. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #workers = new Set<PooledWorker>();
  readonly #stopping: Promise<boolean>[] = [];
  readonly #guard = new GroupGuard();
  readonly #stdout = outlet(process.stdout);
  readonly #stderr = outlet(process.stderr);
  #limit: number;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#limit = options.workers;
  }

  /** Keeps as many workers from now on, an integer ≥ 1: more devices may be found than were known at first. */
  setLimit(workers: number): void {
    this.#limit = workers;
  }

  /** Starts idle workers in advance. */
  warm(count: number, binding: WorkerBinding): void {
    for (let started = 0; started < count; started++) this.#start(binding).busy = false;
  }

  /** Makes sure that an idle worker of this binding exists, unless all workers are busy. */
  prepare(binding: WorkerBinding): void {
    const idle = this.#idle();
    if (idle.some((worker) => worker.binding === nameOf(binding))) return;
    if (this.#workers.size >= this.#limit) {
      if (idle[0] === undefined) return;
      void this.#stop(idle[0]);
    }
    this.#start(binding).busy = false;
  }

  /** Ends workers without a suite, of all devices or of these; resolves when they are gone. */
  async endIdle(deviceIds?: readonly string[]): Promise<void> {
    const isOn = (worker: PooledWorker) =>
      deviceIds === undefined || worker.deviceIds.some((each) => deviceIds.includes(each));
    await Promise.all(
      this.#idle()
        .filter(isOn)
        .map((worker) => this.#stop(worker)),
    );
  }

  /** @param alone Start a new worker and end all idle ones, whose memory the suite may need. */
  acquire(binding: WorkerBinding, alone: boolean): PooledWorker {
    const idle = this.#idle();
    if (alone) for (const worker of idle) void this.#stop(worker);
    const reusable = alone ? undefined : idle.find((worker) => worker.binding === nameOf(binding));
    if (reusable !== undefined) {
      reusable.busy = true;
      return reusable;
    }
    if (!alone && this.#workers.size >= this.#limit && idle[0] !== undefined) void this.#stop(idle[0]);
    return this.#start(binding);
  }

  release(worker: PooledWorker, heapUsedBytes: number): void {
    worker.busy = false;
    const limit = this.#options.idleMemoryLimitBytes;
    if (limit !== undefined && (limit === 0 || heapUsedBytes > limit)) void this.#stop(worker);
  }

  /** Removes a worker that has died, and kills processes that its suite left behind. */
  remove(worker: PooledWorker): void {
    this.#workers.delete(worker);
    worker.process.kill();
  }

  /** Ends the idle workers; true when one of them had to be killed. Call once, when no suite runs any more. */
  async endAll(): Promise<boolean> {
    for (const worker of this.#workers) void this.#stop(worker);
    const forced = await Promise.all(this.#stopping);
    this.#guard.endGuard();
    this.#stdout.end();
    this.#stderr.end();
    return forced.includes(true);
  }

  /** Ends every worker and all they started, at once. */
  killAll(): void {
    for (const worker of this.#workers) worker.process.kill();
    this.#workers.clear();
  }

  #idle(): readonly PooledWorker[] {
    return [...this.#workers].filter((worker) => !worker.busy);
  }

  #start(binding: WorkerBinding): PooledWorker {
    const { entry, setup } = this.#options;
    const taken = new Set([...this.#workers].map((worker) => worker.index));
    let index = 0;
    while (taken.has(index)) index++;
    const started = new WorkerProcess({
      entry,
      setup,
      guard: this.#guard,
      thread: binding.thread,
      env: {
        ...process.env,
        ...(supportsColor.stdout ? { FORCE_COLOR: '1' } : {}),
        ...binding.env,
        JEST_WORKER_ID: String(index + 1),
      },
      stdout: this.#stdout,
      stderr: this.#stderr,
    });
    const { deviceIds } = binding;
    const worker: PooledWorker = {
      index,
      binding: nameOf(binding),
      deviceIds,
      process: started,
      busy: true,
    };
    this.#workers.add(worker);
    return worker;
  }

  #stop(worker: PooledWorker): Promise<boolean> {
    this.#workers.delete(worker);
    const stopped = worker.process.stop(this.#options.gracefulExitMs);
    this.#stopping.push(stopped);
    return stopped;
  }
}

function nameOf({ thread, env }: WorkerBinding): string {
  return `${thread ? 'thread' : 'process'} ${JSON.stringify(env)}`;
}

/** One stream that any number of workers may write to, without a listener each on the target. */
function outlet(target: Writable): PassThrough {
  const stream = new PassThrough().setMaxListeners(0);
  stream.pipe(target, { end: false });
  return stream;
}
