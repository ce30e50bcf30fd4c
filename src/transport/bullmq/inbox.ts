/** Puts what one side receives in a session in order. What comes twice is dropped, and what comes early waits. */
export class Inbox<Value> {
  readonly #early = new Map<number, Value>();
  #received = 0;

  /** Up to this number everything has come. */
  get received(): number {
    return this.#received;
  }

  /** @returns What is next in order now. */
  take(sequence: number, value: Value): readonly Value[] {
    if (sequence <= this.#received || this.#early.size >= mostEarly) return [];
    this.#early.set(sequence, value);
    const next: Value[] = [];
    for (;;) {
      const each = this.#early.get(this.#received + 1);
      if (each === undefined) return next;
      this.#early.delete(++this.#received);
      next.push(each);
    }
  }
}

/** What is refused is sent again. */
const mostEarly = 10_000;
