import {
  type Content,
  contentOf,
  type Message,
  packedContentOf,
  type Sealed,
  type Session,
  type Side,
  seal,
} from './message.js';

export interface OutboxOptions {
  readonly session: Session;
  readonly side: Side;
  /** Ms by the broker's clock. */
  nowMs(): number;
  /**
   * Puts a message on the broker. Doing so twice does no harm. May fail, as it is done again.
   * @param attempt Number of times that it has been put there before.
   */
  transmit(sequence: number, sealed: Sealed, attempt: number): Promise<unknown>;
  /** Called when the other side has left more unread than may be kept for it: the conversation is over. */
  onFull(): void;
  /** Bytes that lie on the broker at once. What comes after them waits here. Default 64 MB. */
  readonly windowBytes?: number;
  /** Bytes that are kept in all. Default 256 MB. */
  readonly mostBytes?: number;
}

interface Kept extends Omit<Message, 'text'> {
  readonly content: Content;
  /** When the broker got it last, by `performance.now`; undefined: it has not, yet. */
  sentMs?: number | undefined;
  attempts: number;
}

/**
 * What one side sends in a session: numbered, and kept until the other side says that it has it. A broker may be away, lose
 * what it had, or forget an answer. Bytes in flight are limited by a sliding window, as in TCP.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #kept = new Map<number, Kept>();
  #keptBytes = 0;
  #flyingBytes = 0;
  #next = 1;
  /** The first one that waits here. */
  #nextToFly = 1;
  #isFull = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Messages are received in the order in which they are sent here. */
  send(message: Message): void {
    this.#keep(message, contentOf(message.text));
  }

  /** Like {@link send}, for what nothing of the same call follows: a long text is compressed while others pass it. */
  async sendLast(message: Message): Promise<void> {
    this.#keep(message, await packedContentOf(message.text));
  }

  /** @param sequence Up to it the other side has everything. */
  acknowledge(sequence: number): void {
    for (const [each, { content }] of this.#kept) {
      // They lie in their order, and what waits here cannot have been received.
      if (each > sequence || each >= this.#nextToFly) break;
      this.#kept.delete(each);
      this.#keptBytes -= content.bytes;
      this.#flyingBytes -= content.bytes;
    }
    this.#fly();
  }

  /** Sends again what has had no echo for long. */
  resend(): void {
    const nowMs = performance.now();
    for (const [sequence, kept] of this.#kept) {
      if (sequence >= this.#nextToFly) return;
      const patienceMs = Math.min(echoMs * 2 ** (kept.attempts - 1), longestEchoMs);
      if (kept.sentMs !== undefined && nowMs - kept.sentMs >= patienceMs) this.#transmit(sequence, kept);
    }
  }

  #keep({ kind, call, name }: Message, content: Content): void {
    if (this.#isFull) return;
    const { mostBytes = 256 * megabyte, onFull } = this.#options;
    if (this.#kept.size > 0 && this.#keptBytes + content.bytes > mostBytes) {
      this.#isFull = true;
      this.#kept.clear();
      onFull();
      return;
    }
    this.#kept.set(this.#next++, { kind, call, name, content, attempts: 0 });
    this.#keptBytes += content.bytes;
    this.#fly();
  }

  #fly(): void {
    const { windowBytes = 64 * megabyte } = this.#options;
    for (;;) {
      const kept = this.#kept.get(this.#nextToFly);
      if (kept === undefined) return;
      // One that is larger than the window flies alone.
      if (this.#flyingBytes > 0 && this.#flyingBytes + kept.content.bytes > windowBytes) return;
      this.#flyingBytes += kept.content.bytes;
      this.#transmit(this.#nextToFly++, kept);
    }
  }

  #transmit(sequence: number, kept: Kept): void {
    const { session, side, nowMs, transmit } = this.#options;
    const attempt = kept.attempts++;
    // Signed anew each time, as a signature is valid for some minutes.
    const sealed = seal(session, side, kept, kept.content, sequence, nowMs());
    // Over a slow network it takes its time; it is not sent again meanwhile.
    kept.sentMs = undefined;
    transmit(sequence, sealed, attempt)
      .catch(() => {})
      .finally(() => {
        kept.sentMs = performance.now();
      });
  }
}

/** The other side says once a second what it has. */
const echoMs = 3000;
/** A network that is slow is not asked for the same ever more often. */
const longestEchoMs = 12_000;
const megabyte = 1024 * 1024;
