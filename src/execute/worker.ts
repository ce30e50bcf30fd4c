import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread, parentPort } from 'node:worker_threads';
import { type FromWorker, post, type TaskEnd, type ToWorker } from './protocol.js';

/** How the entry module of a worker handles messages. */
export interface TaskHandler<Setup, Task, Result> {
  setup(data: Setup): Promise<void>;
  run(task: Task, emit: (name: string, payload: unknown) => void): Promise<HandledEnd<Result>>;
  /** The outcome of a task that could not run, or whose outcome could not be serialised (a getter in it throws). */
  failed(error: unknown): HandledEnd<Result>;
}

type HandledEnd<Result> = Pick<TaskEnd<Result>, 'status' | 'result' | 'executedTests'>;

/** Runs tasks one after another. Called once by the entry file of a child process or worker thread. */
export function serveTasks<Setup, Task, Result>(handler: TaskHandler<Setup, Task, Result>): void {
  const port = isMainThread ? process : parentPort;
  const send = isMainThread
    ? (message: FromWorker) => void process.send?.(message)
    : (message: FromWorker) => parentPort?.postMessage(message);
  let ready: Promise<void> = Promise.resolve();

  const onMessage = (message: ToWorker) => {
    if (message.type === 'setup') {
      ready = handler.setup(message.data as Setup);
      // Reported with the first task; until then it must not count as unhandled.
      ready.catch(() => {});
    } else if (message.type === 'run') {
      void runTask(message.task as Task);
    } else {
      // Without a listener the channel no longer keeps the process alive: it ends when the suites' own handles do.
      port?.off('message', onMessage);
      if (isMainThread) process.channel?.unref();
    }
  };

  const runTask = async (task: Task) => {
    const peak = startPeak();
    const cpu = startCpu();
    const done = (handled: HandledEnd<Result>) => {
      const heapUsedBytes = process.memoryUsage().heapUsed;
      post(send, {
        type: 'done',
        end: { ...handled, ...peak(), ...cpu(), heapUsedBytes } satisfies TaskEnd<Result>,
      });
    };
    const unsendable: unknown[] = [];
    const emit = (name: string, payload: unknown) => {
      try {
        post(send, { type: 'event', name, payload });
      } catch (error) {
        unsendable.push(error);
      }
    };
    try {
      await ready;
      const handled = await handler.run(task, emit);
      done(unsendable.length === 0 ? handled : handler.failed(unsendable[0]));
    } catch (error) {
      done(handler.failed(error));
    }
  };

  port?.on('message', onMessage);
  if (isMainThread) {
    // The parent has ended or died, so nobody else would stop this process and what its suites started.
    process.on('disconnect', () =>
      process.kill(process.platform === 'win32' ? process.pid : -process.pid, 'SIGKILL'),
    );
  }
  send({ type: 'ready' });
}

/**
 * Measures the peak memory of one task. Linux can reset the peak of a process (proc(5), clear_refs 5). Elsewhere it is the
 * peak since the process started. Threads share their process, so they have no figure.
 */
function startPeak(): () => { peakMemoryBytes?: number } {
  if (!isMainThread) return () => ({});
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return () => {
      const kibibytes = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
      return kibibytes === undefined ? {} : { peakMemoryBytes: Number(kibibytes) * 1024 };
    };
  } catch {
    return () => ({ peakMemoryBytes: process.resourceUsage().maxRSS * 1024 });
  }
}

/** Measures the CPU time of one task over all threads of the process. Worker threads share their process, so they have no figure. */
function startCpu(): () => { cpuMs?: number } {
  if (!isMainThread) return () => ({});
  const start = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(start);
    return { cpuMs: Math.round((user + system) / 1000) };
  };
}
