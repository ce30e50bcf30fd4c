import type { Ahead, Start } from './executor.js';

/** A suite that was sent ahead, until it starts or is given up. */
export class SentAhead {
  readonly start: Start;
  /** True: it has started. */
  readonly begun: Promise<boolean>;
  readonly #recall = new AbortController();
  #settle: (hasStarted: boolean) => void = () => {};

  constructor(start: Start) {
    this.begun = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const ahead: Ahead = { begun: this.begun, recall: this.#recall.signal };
    this.start = { ...start, ahead };
  }

  begin(): void {
    this.#settle(true);
  }

  recall(): void {
    this.#recall.abort();
  }

  giveUp(): void {
    this.#settle(false);
  }
}
