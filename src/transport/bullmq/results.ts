import type { Redis } from 'ioredis';
import type { Broker } from './broker.js';
import { bodyKey, resultsKey, runOf } from './keys.js';
import type { Sealed } from './message.js';

/** Puts a message of a worker where its run reads it. */
export async function postResult(
  broker: Broker,
  session: string,
  sequence: number,
  { header, body }: Sealed,
): Promise<void> {
  const { commands } = broker;
  if (body !== undefined) await commands.set(bodyKey(session, 'worker', sequence), body, 'EX', bodySeconds);
  const results = resultsKey(runOf(session));
  // The run may have ended, and removed it.
  await broker.ask(
    commands
      .pipeline()
      .xadd(results, 'MAXLEN', '~', mostResults, '*', 'm', header)
      .expire(results, forgottenSeconds),
  );
}

/** Reads a stream to its end, again and again, and removes what was read. */
export class ResultsReader {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #onMessage: (text: string) => void;
  #isClosed = false;

  /** @param redis A connection of its own. @param onMessage Called with each message; after a fault with some of them twice. */
  constructor(redis: Redis, key: string, onMessage: (text: string) => void) {
    this.#redis = redis;
    this.#key = key;
    this.#onMessage = onMessage;
    void this.#read();
  }

  close(): void {
    this.#isClosed = true;
  }

  async #read(): Promise<void> {
    while (!this.#isClosed) {
      try {
        // From its beginning: ids go back when the broker loses what it had, and its clock was set.
        const read = await this.#redis.xread('COUNT', 100, 'BLOCK', waitMs, 'STREAMS', this.#key, '0-0');
        const entries = read?.[0]?.[1] ?? [];
        for (const [, fields] of entries) this.#onMessage(fields[1] ?? '');
        // Not waited for: what comes next would wait, too. The next read follows it on the same connection.
        if (entries.length > 0) this.#redis.xdel(this.#key, ...entries.map(([id]) => id)).catch(() => {});
      } catch {
        if (!this.#isClosed) await new Promise((resolve) => setTimeout(resolve, againMs));
      }
    }
  }
}

/** Shorter than a socket may be silent. */
const waitMs = 1000;
const againMs = 100;
/** What is not read meanwhile is sent again. */
const bodySeconds = 600;
/** What a run leaves behind when it is killed goes by itself. */
const forgottenSeconds = 3600;
/** Of a run that does not read. Its worker sends again what was not received. */
const mostResults = 100_000;
