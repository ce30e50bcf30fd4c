import { createRequire } from 'node:module';
import type { SuiteOutcome } from './executor.js';

/** What the parent says to a worker. */
export type ToWorker =
  | { readonly type: 'setup'; readonly data: unknown }
  | { readonly type: 'run'; readonly task: unknown }
  /** Nothing more will come: exit by yourself, as soon as nothing of the suites is left running. */
  | { readonly type: 'stop' };

/** How a task ended inside the worker; the parent adds what only it can see (time-outs, death). */
export type TaskEnd<Result> = Pick<SuiteOutcome<Result>, 'executedTests' | 'peakMemoryBytes' | 'cpuMs'> & {
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly result: Result;
  readonly heapUsedBytes: number;
};

/** What a worker says to the parent. */
export type FromWorker =
  /** It listens now: what was sent before could have gone to a listener of somebody else (`node --require`). */
  | { readonly type: 'ready' }
  | { readonly type: 'event'; readonly name: string; readonly payload: unknown }
  | { readonly type: 'done'; readonly end: unknown }
  | { readonly type: 'packed'; readonly data: unknown };

type SerializedRecord = Parameters<typeof import('@ungap/structured-clone').deserialize>[0];

/** Loaded only for the rare message that needs it: every worker would pay for it. */
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
