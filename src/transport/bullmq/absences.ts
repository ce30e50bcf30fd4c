/** Since when the broker knows nothing of something. It may have lost what it had, and be told again. */
export class Absences<Key> {
  readonly #sinceMs = new Map<Key, number>();

  /** @returns For how long it has been missing, ms; 0: it is there. */
  note(key: Key, isMissing: boolean): number {
    if (!isMissing) {
      this.#sinceMs.delete(key);
      return 0;
    }
    const nowMs = performance.now();
    const sinceMs = this.#sinceMs.get(key) ?? nowMs;
    this.#sinceMs.set(key, sinceMs);
    return nowMs - sinceMs;
  }
}
