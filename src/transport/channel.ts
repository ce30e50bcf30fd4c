import type { Readable, Writable } from 'node:stream';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
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
  /** What else tells why the connection ended, such as the last that ssh wrote. Called once it has. */
  evidence?(): string;
  /** Called by `close`: ends the other side where the streams' end alone does not. */
  end?(): Promise<void>;
}

/** Messages that the two sides exchange, by JSON-RPC. Values travel as text, see {@link textOf}. */
interface CallParams {
  readonly id: number;
  readonly text: string;
}
type Answer = { readonly text: string } | { readonly parts: number } | { readonly failure: string };

/**
 * Calls over a pair of streams, in both directions. The two sides tell each other every second that they live, so that a
 * network that swallows everything is noticed too.
 */
export class Channel implements Connection {
  readonly lost: Promise<string>;
  readonly #options: ChannelOptions;
  readonly #rpc: MessageConnection;
  readonly #calls = new Map<number, CallOptions>();
  readonly #parts = new Map<number, string[]>();
  /** Calls of the other side that have not ended. */
  readonly #handled = new Map<number, AbortController>();
  /** Aborted with the reason when the connection has ended. */
  readonly #ended = new AbortController();
  readonly #beat: NodeJS.Timeout;
  #nextId = 1;
  #silentBeats = 0;
  #resolveLost: (reason: string) => void = () => {};

  constructor(options: ChannelOptions) {
    const { input, output, handlers, silenceSeconds } = options;
    this.#options = options;
    this.lost = new Promise((resolve) => {
      this.#resolveLost = resolve;
    });
    this.#rpc = createMessageConnection(new StreamMessageReader(input), new StreamMessageWriter(output));
    this.#rpc.onRequest((method, params) => this.#handle(handlers, method, params));
    // Messages are dealt with in order, so that the call of this id has begun.
    this.#rpc.onNotification('stop', ({ id }) => this.#handled.get(id)?.abort());
    this.#rpc.onNotification('event', ({ id, name, text }) =>
      this.#calls.get(id)?.onEvent?.(name, valueFrom(text)),
    );
    this.#rpc.onNotification('part', ({ id, part }) => void this.#parts.get(id)?.push(part));
    this.#rpc.onNotification('notice', ({ name, text }) => options.onNotice?.(name, valueFrom(text)));
    this.#rpc.onNotification('beat', () => {});
    // An unreadable message: what follows cannot be trusted either.
    this.#rpc.onError(([error]) => this.#end(`what it sent cannot be read: ${error.message}`));
    this.#rpc.onClose(() => this.#end(closedText));
    input.on('data', () => {
      this.#silentBeats = 0;
    });
    for (const stream of [input, output]) {
      stream.on('error', (error) => this.#end(`the connection broke: ${error.message}`));
      stream.on('close', () => this.#end(closedText));
    }
    this.#beat = setInterval(() => {
      void this.#send('beat');
      // Beats are counted, not time: a process that was busy or asleep reads what has come before it counts again.
      if (silenceSeconds !== undefined && ++this.#silentBeats > silenceSeconds) {
        this.#end(`nothing was heard of it for ${silenceSeconds} s`);
      }
    }, beatMs);
    this.#rpc.listen();
  }

  async call(method: string, params: unknown, options: CallOptions = {}): Promise<unknown> {
    if (this.#ended.signal.aborted) throw new ConnectionLost(this.#ended.signal.reason);
    const id = this.#nextId++;
    const stop = () => void this.#send('stop', { id });
    options.signal?.addEventListener('abort', stop, { once: true });
    this.#calls.set(id, options);
    this.#parts.set(id, []);
    try {
      const asked: CallParams = { id, text: textOf(params) };
      const answering = this.#rpc.sendRequest<Answer>(method, asked);
      if (options.signal?.aborted) stop();
      const answer = await answering;
      if ('failure' in answer) throw new Error(answer.failure);
      return valueFrom('text' in answer ? answer.text : await joined(this.#parts.get(id) ?? []));
    } catch (error) {
      if (this.#ended.signal.aborted) throw new ConnectionLost(this.#ended.signal.reason);
      throw error;
    } finally {
      options.signal?.removeEventListener('abort', stop);
      this.#calls.delete(id);
      this.#parts.delete(id);
    }
  }

  notify(name: string, payload: unknown): void {
    void this.#send('notice', { name, text: textOf(payload) });
  }

  async close(): Promise<void> {
    this.#resolveLost = () => {};
    this.#end('it was closed');
    this.#options.output.end();
    await this.#options.end?.();
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

  async #send(name: string, params?: object): Promise<void> {
    if (this.#ended.signal.aborted) return;
    try {
      await this.#rpc.sendNotification(name, params);
    } catch {
      // The stream is gone, which its own events tell.
    }
  }

  #end(reason: string): void {
    if (this.#ended.signal.aborted) return;
    clearInterval(this.#beat);
    const evidence = this.#options.evidence?.() ?? '';
    const text = evidence === '' ? reason : `${reason}: ${evidence}`;
    this.#ended.abort(text);
    for (const call of this.#handled.values()) call.abort();
    this.#resolveLost(text);
    this.#rpc.dispose();
  }
}

const beatMs = 1000;
const closedText = 'the connection was closed';
