/** How long a broker has answered without a gap: what nobody could have said meanwhile is no evidence. */
export class Contact {
  #lastMs = performance.now();
  #sinceMs = performance.now();
  #epoch: number | undefined;

  /** The broker has answered. @param epoch See {@link Broker.epoch}. */
  renew(epoch: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#lastMs > gapMs || epoch !== this.#epoch) this.#sinceMs = nowMs;
    this.#lastMs = nowMs;
    this.#epoch = epoch;
  }

  /** Ms since its last answer. */
  get silentMs(): number {
    return performance.now() - this.#lastMs;
  }

  /**
   * Whether it has answered for so long, as far as can be told.
   * @param epoch Now, after it has said what is judged: the broker may have been away since the last `renew`.
   */
  isSteadyFor(ms: number, epoch: number): boolean {
    return epoch === this.#epoch && performance.now() - this.#sinceMs >= ms && this.silentMs <= gapMs;
  }
}

/** It is asked once a second. */
const gapMs = 2500;
