import { deserialize, serialize } from '@ungap/structured-clone';
import type { SuiteOutcome } from './executor.js';

/** What the parent says to a worker. */
export type ToWorker =
  | { readonly type: 'setup'; readonly data: unknown }
  | { readonly type: 'run'; readonly task: unknown }
  /** Nothing more will come: exit by yourself, as soon as nothing of the suites is left running. */
  | { readonly type: 'stop' };

/** How a task ended inside the worker; the parent adds what only it can see (time-outs, death). */
export type TaskEnd<Result> = Pick<SuiteOutcome<Result>, 'executedTests' | 'peakMemoryBytes'> & {
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly result: Result;
  readonly heapUsedBytes: number;
};

/** What a worker says to the parent. */
export type FromWorker =
  | { readonly type: 'event'; readonly name: string; readonly payload: unknown }
  | { readonly type: 'done'; readonly end: unknown }
  | { readonly type: 'packed'; readonly data: unknown };

/** Hands a message to a channel that knows plain data only; functions and symbols are dropped then, bigints and cycles kept. */
export function post(send: (message: FromWorker) => void, message: FromWorker): void {
  try {
    send(message);
  } catch {
    send({ type: 'packed', data: serialize(message, { json: true }) });
  }
}

/** The inverse of {@link post}. */
export function received(message: FromWorker): FromWorker {
  return message.type === 'packed'
    ? (deserialize(message.data as Parameters<typeof deserialize>[0]) as FromWorker)
    : message;
}
