import { type Message, packed, type Sealed, type Session, type Side, seal } from './message.js';

export interface OutboxOptions {
  readonly session: Session;
  readonly side: Side;
  /** Ms by the broker's clock. */
  nowMs(): number;
  /** Puts a message on the broker. Doing so twice does no harm. May fail, as it is done again. */
  transmit(sequence: number, sealed: Sealed): Promise<unknown>;
}

/**
 * What one side sends in a session: numbered, and kept until the other side says that it has it. A broker may be away, lose
 * what it had, or forget an answer.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #kept = new Map<number, { readonly sealed: Sealed; sentMs: number }>();
  #next = 1;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Messages are received in the order in which they are sent here. */
  send(message: Message, body?: Sealed['body']): void {
    const { session, side, nowMs } = this.#options;
    const sequence = this.#next++;
    const sealed = seal(session, side, message, sequence, nowMs(), body);
    this.#kept.set(sequence, { sealed, sentMs: nowMs() });
    this.#transmit(sequence, sealed);
  }

  /** Like {@link send}, for what nothing of the same call follows: a long text is compressed while others pass it. */
  async sendLast(message: Message): Promise<void> {
    this.send(message, await packed(message.text));
  }

  /** @param sequence Up to it the other side has everything. */
  acknowledge(sequence: number): void {
    for (const each of this.#kept.keys()) if (each <= sequence) this.#kept.delete(each);
  }

  /** Sends again what has had no echo for long. */
  resend(): void {
    const nowMs = this.#options.nowMs();
    for (const [sequence, kept] of this.#kept) {
      if (nowMs - kept.sentMs < echoMs) continue;
      kept.sentMs = nowMs;
      this.#transmit(sequence, kept.sealed);
    }
  }

  #transmit(sequence: number, sealed: Sealed): void {
    this.#options.transmit(sequence, sealed).catch(() => {});
  }
}

/** The other side says once a second what it has. */
const echoMs = 3000;
