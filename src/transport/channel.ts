import type { Readable, Writable } from 'node:stream';
import { createMessageConnection, type MessageConnection, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { limitedReader, mostAnswerCharacters } from './limited-reader.js';
import { joined, partCharacters, partsOf, textOf, valueFrom } from './text-of.js';
import { type CallOptions, type Connection, ConnectionLost, type Handlers } from './transport.js';

export interface ChannelOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** What the other side may call. */
  readonly handlers: Handlers;
  onNotice?(name: string, payload: unknown): void;
  /** After this many seconds without a sign of life the other side counts as gone; undefined: only the streams' end tells. */
  readonly silenceSeconds?: number;
  /** For how long this side may be busy and say nothing, all the same: the other side then waits so long for it. */
  readonly busySeconds?: number;
  /** What else tells why the connection ended, such as the last that ssh wrote. Called once it has. */
  evidence?(): string;
  /** Called by `close`: ends the other side where the streams' end alone does not. */
  end?(): Promise<void>;
  /** Called when the connection was lost, or abandoned: frees what is left of it. Synchronous. */
  discard?(): void;
}

/** Messages that the two sides exchange, by JSON-RPC. Values travel as text, see {@link textOf}. */
interface CallParams {
  readonly id: number;
  readonly text: string;
}
type Answer = { readonly text: string } | { readonly parts: number } | { readonly failure: string };

/**
 * Calls over a pair of streams, in both directions. The two sides tell each other twice a second that they live, so that a
 * network that swallows everything is noticed too. What silence ended may come back: answers are then told as late ones for
 * a moment, and the connection ends.
 */
export class Channel implements Connection {
  readonly lost: Promise<string>;
  readonly #options: ChannelOptions;
  readonly #rpc: MessageConnection;
  readonly #calls = new Map<number, CallOptions>();
  readonly #parts = new Map<number, string[]>();
  /** Calls of the other side that have not ended. */
  readonly #handled = new Map<number, AbortController>();
  /** Aborted with the reason when the connection takes no calls any more. */
  readonly #lost = new AbortController();
  /** Rejects with it, for calls that are open. */
  readonly #givenUp: Promise<never>;
  readonly #beat: NodeJS.Timeout;
  #hasEnded = false;
  #late: NodeJS.Timeout | undefined;
  #nextId = 1;
  #silentBeats = 0;
  #silenceSeconds: number | undefined;
  #busySeconds: number | undefined;
  #resolveLost: (reason: string) => void = () => {};

  constructor(options: ChannelOptions) {
    const { input, output, handlers, silenceSeconds, busySeconds } = options;
    this.#options = options;
    this.#silenceSeconds = silenceSeconds;
    this.#busySeconds = busySeconds;
    this.#givenUp = new Promise((_resolve, reject) => {
      this.#lost.signal.addEventListener('abort', () => reject(new ConnectionLost(this.#lost.signal.reason)));
    });
    this.#givenUp.catch(() => {});
    this.lost = new Promise((resolve) => {
      this.#resolveLost = resolve;
    });
    this.#rpc = createMessageConnection(
      limitedReader(input, (reason) => this.#end(reason)),
      new StreamMessageWriter(output),
    );
    this.#rpc.onRequest((method, params) => this.#handle(handlers, method, params));
    // Messages are dealt with in order, so that the call of this id has begun.
    this.#rpc.onNotification('stop', ({ id }) => this.#handled.get(id)?.abort());
    this.#rpc.onNotification('event', ({ id, name, text }) =>
      this.#calls.get(id)?.onEvent?.(name, valueFrom(text)),
    );
    this.#rpc.onNotification('part', ({ id, part }) => this.#keepPart(id, part));
    this.#rpc.onNotification('notice', ({ name, text }) => options.onNotice?.(name, valueFrom(text)));
    this.#rpc.onNotification('beat', ({ busySeconds: busy }) => {
      if (silenceSeconds === undefined || typeof busy !== 'number') return;
      this.#silenceSeconds = Math.min(Math.max(silenceSeconds, busy), mostBusySeconds);
    });
    this.#rpc.onError(([{ message }]) => {
      const isOfStream = /\bE[A-Z]{3,}\b/.test(message);
      // After an unreadable message what follows cannot be trusted either.
      this.#end(isOfStream ? `the connection broke: ${message}` : `what it sent cannot be read: ${message}`);
    });
    this.#rpc.onClose(() => this.#end(closedText));
    input.on('data', () => {
      this.#silentBeats = 0;
      if (this.#lost.signal.aborted) this.#late ??= setTimeout(() => this.#end(closedText), lateMs);
    });
    for (const stream of [input, output]) {
      stream.on('error', (error) => this.#end(`the connection broke: ${error.message}`));
      stream.on('close', () => this.#end(closedText));
    }
    this.#beat = setInterval(() => {
      this.#sendBeat();
      if (this.#silenceSeconds === undefined) return;
      // Beats are counted, not time: a process that was busy or asleep reads what has come before it counts again.
      if (++this.#silentBeats * beatMs < this.#silenceSeconds * 1000) return;
      clearInterval(this.#beat);
      this.#lose(`nothing was heard of it for ${this.#silenceSeconds} s`);
    }, beatMs);
    this.#rpc.listen();
    this.#sendBeat();
  }

  #keepPart(id: number, part: string): void {
    const parts = this.#parts.get(id);
    if (parts === undefined) return;
    parts.push(part);
    // Parts are of equal size, but for the last.
    if (parts.length * part.length <= mostAnswerCharacters) return;
    this.#options.input.destroy();
    this.#end('it sent an answer that is too large');
  }

  async call(method: string, params: unknown, options: CallOptions = {}): Promise<unknown> {
    const { signal: lost } = this.#lost;
    if (lost.aborted) throw new ConnectionLost(lost.reason);
    const id = this.#nextId++;
    const stop = () => void this.#send('stop', { id });
    options.signal?.addEventListener('abort', stop, { once: true });
    this.#calls.set(id, options);
    this.#parts.set(id, []);
    const answering = this.#ask(method, id, params);
    try {
      if (options.signal?.aborted) stop();
      return await Promise.race([answering, this.#givenUp]);
    } catch (error) {
      if (!lost.aborted) throw error;
      answering.then(options.onLate, () => {});
      throw new ConnectionLost(lost.reason);
    } finally {
      options.signal?.removeEventListener('abort', stop);
      this.#calls.delete(id);
    }
  }

  async #ask(method: string, id: number, params: unknown): Promise<unknown> {
    try {
      const asked: CallParams = { id, text: textOf(params) };
      const answer = checkedAnswer(await this.#rpc.sendRequest<unknown>(method, asked));
      if ('failure' in answer) throw new Error(answer.failure.slice(0, mostFailureCharacters));
      return valueFrom('text' in answer ? answer.text : await joined(this.#parts.get(id) ?? []));
    } finally {
      this.#parts.delete(id);
    }
  }

  notify(name: string, payload: unknown): void {
    void this.#send('notice', { name, text: textOf(payload) });
  }

  busyFor(seconds: number): void {
    this.#busySeconds = seconds;
    this.#sendBeat();
  }

  async close(): Promise<void> {
    const wasLost = this.#lost.signal.aborted;
    this.#resolveLost = () => {};
    this.#end('it was closed', wasLost);
    this.#options.output.end();
    await this.#options.end?.();
  }

  abandon(): void {
    this.#resolveLost = () => {};
    this.#end('it was abandoned');
  }

  async #handle(handlers: Handlers, method: string, params: object | unknown[] | undefined): Promise<Answer> {
    const { id, text } = params as CallParams;
    const handler = handlers[method];
    if (handler === undefined) return { failure: `there is no call ${method}` };
    const abort = new AbortController();
    this.#handled.set(id, abort);
    try {
      const result = await handler(valueFrom(text) as never, {
        signal: abort.signal,
        emit: (name, payload) => void this.#send('event', { id, name, text: textOf(payload) }),
      });
      const answer = textOf(result);
      if (answer.length <= partCharacters) return { text: answer };
      const parts = await partsOf(answer);
      // One after another, as the stream takes them: other messages get between.
      for (const part of parts) await this.#send('part', { id, part });
      return { parts: parts.length };
    } catch (error) {
      return { failure: error instanceof Error ? error.message : String(error) };
    } finally {
      this.#handled.delete(id);
    }
  }

  #sendBeat(): void {
    void this.#send('beat', { busySeconds: this.#busySeconds });
  }

  async #send(name: string, params?: object): Promise<void> {
    if (this.#lost.signal.aborted) return;
    try {
      await this.#rpc.sendNotification(name, params);
    } catch {
      // The stream is gone, which its own events tell.
    }
  }

  /** It takes no calls any more; answers may still come. */
  #lose(reason: string): void {
    if (this.#lost.signal.aborted) return;
    clearInterval(this.#beat);
    const evidence = this.#options.evidence?.() ?? '';
    const text = evidence === '' ? reason : `${reason}: ${evidence}`;
    this.#lost.abort(text);
    for (const call of this.#handled.values()) call.abort();
    this.#resolveLost(text);
  }

  #end(reason: string, discards = true): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#lose(reason);
    clearTimeout(this.#late);
    this.#rpc.dispose();
    if (discards) this.#options.discard?.();
  }
}

/** @throws for anything that is no {@link Answer}. */
function checkedAnswer(answer: unknown): Answer {
  const { text, parts, failure } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof failure === 'string') return { failure };
  if (typeof text === 'string') return { text };
  if (typeof parts === 'number') return { parts };
  throw new Error('what it answered cannot be read');
}

/** People read it: the end of what a command printed is in it. */
const mostFailureCharacters = 64 * 1024;
const beatMs = 500;
/** Answers that were on their way when the network came back, or the other side woke up, arrive within this time. */
const lateMs = 1000;
/** What the other side may ask for at most: a machine that is not told of its run's end is kept busy so long. */
const mostBusySeconds = 600;
const closedText = 'the connection was closed';
