import type { Turn } from './fair-turns.js';

/** What became of a task: its result, or that it was taken back before it started. */
export type QueuedOutcome =
  | { readonly started: true; readonly result: unknown }
  | { readonly started: false };

/** Tasks of one queue run one after another, in the order in which they came. Those that wait can be taken back. */
export class TaskQueues {
  /** Resolves when what came last to the queue has ended. */
  readonly #last = new Map<string, Promise<void>>();
  /** By the number of the task. */
  readonly #waiting = new Map<number, () => void>();
  readonly #takeTurn: (queue: string) => Turn;

  /** @param takeTurn Waits for others, where the first of a queue may not start at once. */
  constructor(takeTurn: (queue: string) => Turn = () => atOnce) {
    this.#takeTurn = takeTurn;
  }

  /** @param signal Takes it back too, where it waits. */
  async run(
    { queue, number }: { readonly queue: string; readonly number: number },
    signal: AbortSignal,
    task: () => Promise<unknown>,
  ): Promise<QueuedOutcome> {
    const before = this.#last.get(queue) ?? Promise.resolve();
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#last.set(
      queue,
      before.then(() => ended),
    );
    let turn: Turn | undefined;
    try {
      const isTakenBack = new Promise<true>((resolve) => {
        const takeBack = () => resolve(true);
        this.#waiting.set(number, takeBack);
        signal.addEventListener('abort', takeBack, { once: true });
      });
      if (await Promise.race([before, isTakenBack])) return { started: false };
      turn = this.#takeTurn(queue);
      if (await Promise.race([turn.granted, isTakenBack])) return { started: false };
      this.#waiting.delete(number);
      return { started: true, result: await task() };
    } finally {
      this.#waiting.delete(number);
      turn?.release();
      end();
    }
  }

  /** Ignored for a task that has started. */
  takeBack(number: number): void {
    this.#waiting.get(number)?.();
  }
}

const atOnce: Turn = { granted: Promise.resolve(), release() {} };
