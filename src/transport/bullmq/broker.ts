import type { Job, Queue } from 'bullmq';
import type { ChainableCommander, Redis, RedisOptions } from 'ioredis';
import type { UsageError } from '../../core/vocabulary/usage-error.js';
import {
  addressOf,
  explainBroker,
  isRefusal,
  missingLibraries,
  noRoomBecause,
  problemOf,
  refuseUnsafe,
  wrongAddress,
} from './broker-problems.js';
import { prefix } from './keys.js';

export interface BrokerOptions {
  /** `rediss://user:password@host:6379`. */
  readonly url: string;
  /** Takes a broker without TLS that is not on this machine. Default false. */
  readonly insecure?: boolean;
  /** Called with what happens to it later, for a person. */
  onTrouble?(text: string): void;
}

/** The worker's end of a queue. */
export interface Taker {
  /** @returns Undefined: nothing lies there. */
  next(): Promise<Job | undefined>;
  close(): Promise<void>;
}

/** The Redis or Valkey by which a fleet's machines and runs find each other. */
export class Broker {
  readonly #url: string;
  readonly #onTrouble: (text: string) => void;
  readonly #libraries: Libraries;
  readonly #opened: { close(): Promise<unknown> }[] = [];
  #offsetMs = 0;
  #bestRoundTripMs = Number.POSITIVE_INFINITY;
  #epoch = 0;
  #refusal: UsageError | undefined;
  #fullBecause: string | undefined;
  #answeredMs = performance.now();
  #toldFullMs = Number.NEGATIVE_INFINITY;
  /** For commands that answer at once. */
  readonly commands: Redis;

  /** @throws UsageError for a broker that cannot be used, with the reason and the remedy. */
  static async open({ url, insecure = false, onTrouble }: BrokerOptions): Promise<Broker> {
    refuseUnsafe(url, insecure);
    libraries ??= load();
    const loaded = await libraries;
    const probe = new loaded.Redis(url, {
      ...connectionOptions,
      retryStrategy: () => null,
      lazyConnect: true,
    });
    let problem: Error | undefined;
    probe.on('error', (error) => {
      problem ??= error;
    });
    try {
      await probe.connect();
      const unfit = problemOf(await probe.info());
      if (unfit !== undefined) throw wrongAddress(url, unfit);
    } catch (error) {
      throw explainBroker(url, problem ?? (error as Error));
    } finally {
      // One that is closed already would keep the process for a while.
      if (probe.status !== 'end') probe.disconnect();
    }
    const broker = new Broker(url, loaded, onTrouble);
    try {
      await broker.keepTime();
    } catch (error) {
      await broker.close();
      throw explainBroker(url, error as Error);
    }
    return broker;
  }

  private constructor(url: string, libraries: Libraries, onTrouble: BrokerOptions['onTrouble'] = () => {}) {
    this.#url = url;
    this.#onTrouble = onTrouble;
    this.#libraries = libraries;
    this.commands = this.connection();
    this.commands.on('ready', () => {
      this.#epoch++;
      // It may be another machine now.
      this.#bestRoundTripMs = Number.POSITIVE_INFINITY;
    });
  }

  /** Changes when the broker may have been away or had no room, or its clock was set: what is missing or old there is no evidence. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Without user and password. */
  get address(): string {
    return addressOf(this.#url);
  }

  /** A connection of its own, for commands that wait. It connects again whenever it is cut. */
  connection(): Redis {
    const redis = new this.#libraries.Redis(this.#url, connectionOptions);
    // What is wrong shows in what is not heard.
    redis.on('error', () => {});
    this.#opened.push({ close: async () => redis.disconnect() });
    return redis;
  }

  /** What runs put there for a worker. */
  queue(worker: string): Queue {
    const queue = new this.#libraries.Queue(worker, {
      connection: this.commands,
      prefix,
      skipMetasUpdate: true,
    });
    queue.on('error', () => {});
    return queue;
  }

  /** Asks several things at once. @returns The answers in their order. @throws When one is an error. */
  async ask(pipeline: ChainableCommander): Promise<readonly unknown[]> {
    return ((await pipeline.exec()) ?? []).map(([error, value]) => {
      // Commands of which some were answered before the connection was cut are not sent again.
      if (error !== null) throw this.noted(error);
      return value;
    });
  }

  /** The worker's end of its queue; nothing is fetched until that is asked. */
  takerOf(worker: string): Taker {
    const connection = this.connection();
    const taker = new this.#libraries.Worker(worker, null, {
      connection,
      prefix,
      autorun: false,
      skipStalledCheck: true,
      skipLockRenewal: true,
    });
    taker.on('error', () => {});
    const close = async () => {
      await taker.close(true).catch(() => {});
      connection.disconnect();
    };
    this.#opened.unshift({ close });
    return { next: () => taker.getNextJob(token, { block: false }), close };
  }

  /** What it does not let its user do; without this nobody would know why nothing comes. */
  get refusal(): UsageError | undefined {
    return this.#refusal;
  }

  /** Why it takes nothing new although it answers; undefined: it does, as far as is known. */
  get fullBecause(): string | undefined {
    return performance.now() - this.#answeredMs <= answeringMs ? this.#fullBecause : undefined;
  }

  /** Notes an error of a command, where the user lacks a right or the broker has no room. @returns The error. */
  noted(error: unknown): unknown {
    if (isRefusal(error)) this.#refusal ??= explainBroker(this.#url, error);
    const full = noRoomBecause(error);
    if (full === undefined) return error;
    this.#fullBecause = full.reason;
    // Who has said nothing meanwhile could not.
    this.#epoch++;
    // Where its memory is just about full, it has room again and again.
    if (performance.now() - this.#toldFullMs < fullAgainMs) return error;
    this.#toldFullMs = performance.now();
    this.#onTrouble(
      `the broker at ${this.address} takes nothing new: ${full.reason}; what is to be sent waits for room there\n  remedy: ${full.remedy}`,
    );
    return error;
  }

  /** Notes that it has taken all that it was told. */
  hasTaken(): void {
    this.#fullBecause = undefined;
  }

  /** Ms by the broker's clock, whatever happens to the clock of this machine. */
  nowMs(): number {
    return performance.now() + this.#offsetMs;
  }

  /** Ms to the broker and back. */
  get roundTripMs(): number {
    return this.#bestRoundTripMs;
  }

  /** Compares the clocks. Also the sign that the broker answers. */
  async keepTime(): Promise<void> {
    const askedMs = performance.now();
    const [seconds, micros] = await this.commands.time();
    this.#answeredMs = performance.now();
    const roundTripMs = this.#answeredMs - askedMs;
    const offsetMs = Number(seconds) * 1000 + Number(micros) / 1000 - (askedMs + roundTripMs / 2);
    // No network explains so much.
    const isSet = Math.abs(offsetMs - this.#offsetMs) > roundTripMs + 100;
    if (isSet) this.#epoch++;
    // The quickest answer tells the time best; an old one is forgotten slowly, as clocks drift.
    this.#bestRoundTripMs *= 1.05;
    if (roundTripMs > this.#bestRoundTripMs && !isSet) return;
    this.#bestRoundTripMs = roundTripMs;
    this.#offsetMs = offsetMs;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#opened.map((each) => each.close()));
  }
}

/** Why there has been no contact for so long. */
export function silenceText({ fullBecause }: Broker, forMs: number): string {
  const seconds = `${forMs / 1000} s`;
  return fullBecause === undefined
    ? `the broker has not answered for ${seconds}`
    : `the broker has taken nothing for ${seconds}, as ${fullBecause}`;
}

/** The lock of a job, which nobody else asks for. */
export const token = 'worker';

type Libraries = Pick<typeof import('bullmq'), 'Queue' | 'Worker'> & Pick<typeof import('ioredis'), 'Redis'>;

let libraries: Promise<Libraries> | undefined;

async function load(): Promise<Libraries> {
  try {
    const [{ Queue, Worker }, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { Queue, Worker, Redis };
  } catch (error) {
    throw missingLibraries(error as Error);
  }
}

/** It is asked once a second. */
const answeringMs = 2500;
const fullAgainMs = 60_000;

const connectionOptions = {
  // Commands wait for a broker that is away.
  maxRetriesPerRequest: null,
  retryStrategy: (attempt) => Math.min(attempt * 50, 250),
  connectTimeout: 5000,
  // Something is asked every second; a network that swallows everything is noticed.
  socketTimeout: 4000,
} as const satisfies RedisOptions;
