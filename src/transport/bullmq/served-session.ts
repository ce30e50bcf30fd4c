import { textOf, valueFrom } from '../text-of.js';
import type { Handlers } from '../transport.js';
import { Inbox } from './inbox.js';
import type { Message, Session } from './message.js';
import { Outbox, type OutboxOptions } from './outbox.js';

/** What a worker does for one run. */
export interface Served {
  readonly handlers: Handlers;
  onNotice?(name: string, payload: unknown): void;
  /** Ends all that was started for the run. */
  close(): void;
}

export interface ServedSessionOptions extends Pick<OutboxOptions, 'nowMs' | 'transmit' | 'onFull'> {
  readonly session: Session;
  /** @param notify Tells the run something without being asked. */
  serve(notify: (name: string, payload: unknown) => void): Served;
}

/** The far side of a run's conversation with this machine. */
export class ServedSession {
  readonly session: Session;
  readonly inbox = new Inbox<Message>();
  readonly outbox: Outbox;
  readonly #served: Served;
  readonly #open = new Map<number, AbortController>();
  #isClosed = false;

  constructor({ session, serve, ...options }: ServedSessionOptions) {
    this.session = session;
    this.outbox = new Outbox({ session, ...options, side: 'worker' });
    this.#served = serve((name, payload) =>
      this.#send({ kind: 'notice', call: 0, name, text: textOf(payload) }),
    );
  }

  /** A proved message of the run, in its order. @returns Whether the run wants no more. */
  hear({ kind, call, name, text }: Message): boolean {
    if (this.#isClosed) return true;
    if (kind === 'notice') this.#served.onNotice?.(name, valueFrom(text));
    else if (kind === 'stop') this.#open.get(call)?.abort();
    else if (kind === 'call') void this.#handle(call, name, valueFrom(text));
    else if (kind === 'close') {
      this.close();
      this.outbox.send({ kind: 'answer', call, name: '', text: textOf(null) });
    }
    return this.#isClosed;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const abort of this.#open.values()) abort.abort();
    this.#served.close();
  }

  async #handle(call: number, name: string, params: unknown): Promise<void> {
    const handlers = this.#served.handlers;
    const abort = new AbortController();
    this.#open.set(call, abort);
    try {
      const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
      if (handler === undefined) throw new Error(`there is no call ${name}`);
      const emit = (event: string, payload: unknown) =>
        this.#send({ kind: 'event', call, name: event, text: textOf(payload) });
      const answer = await handler(params as never, { signal: abort.signal, emit });
      if (!this.#isClosed) await this.outbox.sendLast({ kind: 'answer', call, name, text: textOf(answer) });
    } catch (error) {
      const text = textOf(error instanceof Error ? error.message : String(error));
      this.#send({ kind: 'failure', call, name, text });
    } finally {
      this.#open.delete(call);
    }
  }

  #send(message: Message): void {
    if (!this.#isClosed) this.outbox.send(message);
  }
}
