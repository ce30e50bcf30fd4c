import { textOf, valueFrom } from '../text-of.js';
import { type CallOptions, type Connection, ConnectionLost } from '../transport.js';
import { Inbox } from './inbox.js';
import type { Message, Session } from './message.js';
import { Outbox, type OutboxOptions } from './outbox.js';

export interface FleetConnectionOptions extends Pick<OutboxOptions, 'nowMs' | 'transmit'> {
  readonly session: Session;
  onNotice(name: string, payload: unknown): void;
  /** See {@link Connection.busyFor}. */
  onBusy(seconds: number | undefined): void;
  /** Called when the worker is to end what it does for this session, once. */
  onOver(): void;
  /** Called when nothing more is to be received. */
  onClosed(): void;
}

interface OpenCall {
  readonly options: CallOptions;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** A run's conversation with one machine of the fleet. */
export class FleetConnection implements Connection {
  readonly lost: Promise<string>;
  readonly session: Session;
  readonly inbox = new Inbox<Message>();
  readonly outbox: Outbox;
  readonly #options: FleetConnectionOptions;
  readonly #calls = new Map<number, OpenCall>();
  #nextCall = 1;
  #isClosing = false;
  #endedBecause: string | undefined;
  #resolveLost: (reason: string) => void = () => {};

  constructor(options: FleetConnectionOptions) {
    this.#options = options;
    this.session = options.session;
    this.outbox = new Outbox({
      ...options,
      side: 'run',
      onFull: () => this.lose('it has left too much of what it was told unread'),
    });
    this.lost = new Promise((resolve) => {
      this.#resolveLost = resolve;
    });
  }

  /** Nothing more is sent, and what still comes is late. */
  get isOver(): boolean {
    return this.#endedBecause !== undefined && !this.#isClosing;
  }

  async call(name: string, params: unknown, options: CallOptions = {}): Promise<unknown> {
    if (this.#endedBecause !== undefined) throw new ConnectionLost(this.#endedBecause);
    return this.#ask('call', name, params, options);
  }

  notify(name: string, payload: unknown): void {
    if (this.#endedBecause !== undefined) return;
    this.outbox.send({ kind: 'notice', call: 0, name, text: textOf(payload) });
  }

  busyFor(seconds: number | undefined): void {
    this.#options.onBusy(seconds);
  }

  async close(): Promise<void> {
    if (this.#endedBecause === undefined) {
      this.#isClosing = true;
      const closed = this.#ask('close', '', null, {});
      this.#end('the connection was closed', [this.#nextCall - 1]);
      let timer: NodeJS.Timeout | undefined;
      const waited = new Promise((resolve) => {
        timer = setTimeout(resolve, closeMs);
      });
      await Promise.race([closed.catch(() => {}), waited]);
      clearTimeout(timer);
      this.#isClosing = false;
      // For one that has not heard it.
      this.#options.onOver();
    }
    this.#options.onClosed();
  }

  abandon(): void {
    if (this.#endedBecause === undefined) {
      this.outbox.send({ kind: 'close', call: 0, name: '', text: '' });
      this.#end('the connection was abandoned');
      this.#options.onOver();
    }
    this.#options.onClosed();
  }

  /** The machine is gone. What still comes of it is late. */
  lose(reason: string): void {
    if (this.#endedBecause !== undefined) return;
    this.#end(reason);
    // For one that only seems to be gone.
    this.#options.onOver();
    this.#resolveLost(reason);
  }

  /** A proved message of the machine, in its order. */
  hear({ kind, call, name, text }: Message): void {
    if (kind === 'notice') {
      if (this.#endedBecause === undefined) this.#options.onNotice(name, valueFrom(text));
      return;
    }
    const open = this.#calls.get(call);
    if (open === undefined) return;
    if (kind === 'event') {
      if (this.#endedBecause === undefined) open.options.onEvent?.(name, valueFrom(text));
      return;
    }
    this.#calls.delete(call);
    if (kind === 'failure') open.reject(new Error(String(valueFrom(text))));
    if (kind !== 'answer') return;
    const answer = valueFrom(text);
    open.resolve(answer);
    if (this.#endedBecause !== undefined) open.options.onLate?.(answer);
  }

  #ask(kind: 'call' | 'close', name: string, params: unknown, options: CallOptions): Promise<unknown> {
    const call = this.#nextCall++;
    const text = textOf(params);
    const { signal } = options;
    const stop = () => this.outbox.send({ kind: 'stop', call, name: '', text: '' });
    return new Promise<unknown>((resolve, reject) => {
      this.#calls.set(call, { options, resolve, reject });
      this.outbox.send({ kind, call, name, text });
      if (signal?.aborted) stop();
      else signal?.addEventListener('abort', stop, { once: true });
    }).finally(() => signal?.removeEventListener('abort', stop));
  }

  /** @param but Numbers of calls that are still waited for. */
  #end(reason: string, but: readonly number[] = []): void {
    this.#endedBecause = reason;
    for (const [number, { reject }] of this.#calls) {
      if (!but.includes(number)) reject(new ConnectionLost(reason));
    }
  }
}

/** The worker kills what it started, and answers. */
const closeMs = 2000;
