import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { GroupGuard } from '../host/group-guard.js';
import { type FromWorker, received, type TaskEnd, type ToWorker } from './protocol.js';

/** The worker ended before its task did. */
export interface WorkerDeath {
  readonly status: 'died';
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Peak of the process as last seen before its death; left out where the system does not tell. */
  readonly memoryBytes?: number;
  /** The last lines it wrote to stderr. */
  readonly stderrTail: string;
}

export interface WorkerStart {
  /** Module the worker runs; it calls `serveTasks`. */
  readonly entry: string;
  /** Complete environment. */
  readonly env: NodeJS.ProcessEnv;
  /** A thread of this process instead of a child process: cannot be bound to devices. */
  readonly thread: boolean;
  readonly setup: unknown;
  /** Ends the worker when this process is gone. */
  readonly guard: GroupGuard;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

const memorySampleMs = 250;
const stderrTailCharacters = 4096;

/** A child process (or thread) that runs one task at a time. It can be killed at any moment, with all that it started. */
export class WorkerProcess {
  readonly #worker: ChildProcess | Worker;
  readonly #exited: Promise<WorkerDeath>;
  #onMessage: (message: FromWorker) => void = () => {};
  /** What to say once the worker listens; undefined from then on. */
  #unsent: ToWorker[] | undefined = [];
  #memoryBytes: number | undefined;
  #stderrTail = '';
  #alive = true;

  constructor(start: WorkerStart) {
    const worker = start.thread ? startThread(start) : startProcess(start);
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'ready') this.#sendUnsent();
      else this.#onMessage(received(message));
    });
    worker.stdout?.pipe(start.stdout, { end: false });
    worker.stderr?.pipe(start.stderr, { end: false });
    worker.stderr?.on('data', (chunk: Buffer) => {
      this.#stderrTail = (this.#stderrTail + chunk.toString('utf8')).slice(-stderrTailCharacters);
    });
    this.#exited = new Promise((resolve) => {
      const ended = async (exitCode: number | null, signal: NodeJS.Signals | null) => {
        if (!this.#alive) return;
        this.#alive = false;
        // Also after a clean exit: what its suites started dies with it, and lets go of our pipes.
        if (process.platform !== 'win32') this.kill();
        if (this.pid !== undefined) start.guard.remove(this.pid);
        await drained(worker.stderr);
        const memory = this.#memoryBytes === undefined ? {} : { memoryBytes: this.#memoryBytes };
        resolve({ status: 'died', exitCode, signal, stderrTail: this.#stderrTail, ...memory });
      };
      worker.on(
        'exit',
        (code: number | null, signal?: NodeJS.Signals | null) => void ended(code, signal ?? null),
      );
      worker.on('error', (error: Error) => {
        this.#stderrTail += String(error.stack ?? error);
        // A thread reports an uncaught error and exits; a process that could not be started never exits.
        if (!start.thread && this.pid === undefined) void ended(null, null);
      });
    });
    if (this.pid !== undefined) start.guard.add(this.pid);
    this.#send({ type: 'setup', data: start.setup });
  }

  /** Undefined for a thread. */
  get pid(): number | undefined {
    return this.#worker instanceof Worker ? undefined : this.#worker.pid;
  }

  /** Runs one task; never rejects. */
  async run<Result>(
    task: unknown,
    onEvent: (name: string, payload: unknown) => void,
  ): Promise<TaskEnd<Result> | WorkerDeath> {
    this.#stderrTail = '';
    this.#sampleMemory();
    const sampling = setInterval(() => this.#sampleMemory(), memorySampleMs).unref();
    try {
      const done = new Promise<TaskEnd<Result>>((resolve) => {
        this.#onMessage = (message) => {
          if (message.type === 'event') onEvent(message.name, message.payload);
          else if (message.type === 'done') resolve(message.end as TaskEnd<Result>);
        };
      });
      this.#send({ type: 'run', task });
      return await Promise.race([done, this.#exited]);
    } finally {
      clearInterval(sampling);
      this.#onMessage = () => {};
    }
  }

  /** Lets it exit by itself; after `graceMs` it is killed. Resolves when it is gone; true: it had to be killed. */
  async stop(graceMs: number): Promise<boolean> {
    this.#send({ type: 'stop' });
    let forced = false;
    const timer = setTimeout(() => {
      forced = true;
      this.kill();
    }, graceMs);
    await this.#exited;
    clearTimeout(timer);
    return forced;
  }

  /** Stops it for a while, as a system does that is out of memory or asleep. A thread cannot be stopped, nor can Windows. */
  suspend(ms: number): void {
    const { pid } = this;
    if (pid === undefined || process.platform === 'win32') return;
    const signal = (name: NodeJS.Signals) => {
      if (this.#alive) process.kill(pid, name);
    };
    signal('SIGSTOP');
    setTimeout(() => signal('SIGCONT'), ms);
  }

  /** Ends it at once, with every process of its group. Synchronous, so that it works while this process exits. */
  kill(): void {
    if (this.#worker instanceof Worker) {
      void this.#worker.terminate();
      return;
    }
    const { pid } = this.#worker;
    if (pid === undefined) return;
    if (process.platform === 'win32') {
      spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { windowsHide: true, stdio: 'ignore' });
      return;
    }
    try {
      // The group outlives its leader while something that a suite started still runs in it.
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Already gone.
    }
  }

  #sendUnsent(): void {
    const unsent = this.#unsent ?? [];
    this.#unsent = undefined;
    for (const message of unsent) this.#send(message);
  }

  #send(message: ToWorker): void {
    if (this.#unsent !== undefined) {
      this.#unsent.push(message);
      return;
    }
    if (this.#worker instanceof Worker) this.#worker.postMessage(message);
    // The callback takes the error of a worker that died in between: its exit says more.
    else this.#worker.send(message, () => {});
  }

  #sampleMemory(): void {
    if (this.pid === undefined || process.platform !== 'linux') return;
    try {
      const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
      const kibibytes = /^VmHWM:\s*(\d+) kB/m.exec(status)?.[1];
      if (kibibytes !== undefined) this.#memoryBytes = Number(kibibytes) * 1024;
    } catch {
      // Gone: the last sample stays.
    }
  }
}

function startProcess({ entry, env }: WorkerStart): ChildProcess {
  return fork(entry, [], {
    env,
    // A debugger port of the parent would be taken twice.
    execArgv: process.execArgv.filter((flag) => !/^--(debug|inspect)/.test(flag)),
    // What Jest itself uses: results look the same, and are measurably faster than with `advanced`.
    serialization: 'json',
    stdio: 'pipe',
    // Its own process group: whatever a suite started can be ended with it.
    detached: process.platform !== 'win32',
  });
}

function startThread({ entry, env }: WorkerStart): Worker {
  return new Worker(entry, {
    env,
    execArgv: process.execArgv.filter((flag) => !/^--(debug|inspect)/.test(flag)),
    stdout: true,
    stderr: true,
  });
}

/** Waits for what is still in the pipe, but not for a stray grandchild that holds it open. */
async function drained(stream: Readable | null): Promise<void> {
  if (stream === null || stream.readableEnded || stream.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 100);
    stream.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
