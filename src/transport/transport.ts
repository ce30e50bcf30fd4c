/** One way to another machine. Nothing here knows of Jest, so that other runners could use it. */
export interface Transport {
  /** The machine's name in reports: `gpu-box`. */
  readonly name: string;
  /** For messages: `ssh://gpu-box`. */
  readonly address: string;
  /**
   * Starts a worker there. An abort gives up.
   * @throws {Unreachable} when that fails.
   */
  connect(listener: ConnectionListener, signal: AbortSignal): Promise<Connection>;
}

export interface ConnectionListener {
  /** What the worker tells without being asked, such as what its processes print. */
  onNotice(name: string, payload: unknown): void;
}

/** A worker that answers calls until it is closed or lost. */
export interface Connection {
  /**
   * Asks the other side. Results may have any size: they travel in parts, so that other calls go on meanwhile.
   * @throws {ConnectionLost} when the connection ends first; an `Error` with the other side's message when the call failed.
   */
  call(method: string, params: unknown, options?: CallOptions): Promise<unknown>;
  /** Tells the other side something without waiting. */
  notify(name: string, payload: unknown): void;
  /** For how many seconds this side may from now on be busy and say nothing, see {@link ChannelOptions.busySeconds}; 0: not at all. */
  busyFor(seconds: number): void;
  /** Why the connection ended, once it did and `close` was not called. */
  readonly lost: Promise<string>;
  /** Ends the worker and all that it started. Resolves when it is gone, or cannot be reached any more. */
  close(): Promise<void>;
  /** The same without waiting, for a process that is about to end. Synchronous. */
  abandon(): void;
}

export interface CallOptions {
  /** An abort asks the other side to stop; the call still ends with what it answers. */
  readonly signal?: AbortSignal;
  /** Called with each event of the call, in order, before it ends. */
  onEvent?(name: string, payload: unknown): void;
  /** Called with an answer that came after all, when silence had counted as loss and the call had been given up. */
  onLate?(answer: unknown): void;
}

/** What the other side runs for a call. */
type Handler = (params: never, call: Call) => Promise<unknown>;

export type Handlers = Readonly<Record<string, Handler>>;

/** A call as its handler sees it. */
export interface Call {
  /** Aborted when the caller wants it to stop, or is gone. */
  readonly signal: AbortSignal;
  emit(name: string, payload: unknown): void;
}

/** The machine cannot take part in the run. */
export class Unreachable extends Error {
  readonly remedy: string | undefined;

  /** @param message The end of a sentence about the machine: `refused the login: …`. */
  constructor(message: string, remedy?: string) {
    super(message);
    this.name = 'Unreachable';
    this.remedy = remedy;
  }
}

/** The connection ended before the call did. */
export class ConnectionLost extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'ConnectionLost';
  }
}
