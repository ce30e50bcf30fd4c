import { createRequire } from 'node:module';
import type { SuiteOutcome } from './executor.js';

/** What the parent says to a worker. */
export type ToWorker =
  | { readonly type: 'setup'; readonly data: unknown }
  | { readonly type: 'run'; readonly task: unknown }
  /** No more tasks: the worker exits by itself as soon as its suites have left nothing running. */
  | { readonly type: 'stop' };

/** How a task ended inside the worker; the parent adds what only it can see (time-outs, death). */
export type TaskEnd<Result> = Pick<SuiteOutcome<Result>, 'executedTests' | 'peakMemoryBytes' | 'cpuMs'> & {
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly result: Result;
  readonly heapUsedBytes: number;
};

/** What a worker says to the parent. */
export type FromWorker =
  /** The worker listens now. Earlier messages could reach another listener (`node --require`). */
  | { readonly type: 'ready' }
  | { readonly type: 'event'; readonly name: string; readonly payload: unknown }
  | { readonly type: 'done'; readonly end: unknown }
  | { readonly type: 'packed'; readonly data: unknown };

type SerializedRecord = Parameters<typeof import('@ungap/structured-clone').deserialize>[0];

/** Loaded only for the rare message that needs it, because loading it slows down every worker. */
function structuredClone(): typeof import('@ungap/structured-clone') {
  return createRequire(import.meta.url)('@ungap/structured-clone');
}

/** Hands a message to a channel that knows plain data only; functions and symbols are dropped then, bigints and cycles kept. */
export function post(send: (message: FromWorker) => void, message: FromWorker): void {
  try {
    send(message);
  } catch {
    send({ type: 'packed', data: structuredClone().serialize(message, { json: true }) });
  }
}

/** The inverse of {@link post}. */
export function received(message: FromWorker): FromWorker {
  return message.type === 'packed'
    ? (structuredClone().deserialize(message.data as SerializedRecord) as FromWorker)
    : message;
}
