/**
 * A priority queue as a binary heap (Williams 1964, Algorithm 232). It gives the item with the least key first; among equal
 * keys, the item that was pushed first.
 */
export class Heap<Item> {
  readonly #entries: { readonly key: number; readonly order: number; readonly item: Item }[] = [];
  #count = 0;

  get size(): number {
    return this.#entries.length;
  }

  /** The least key; infinite when there is none. */
  get leastKey(): number {
    return this.#entries[0]?.key ?? Number.POSITIVE_INFINITY;
  }

  push(key: number, item: Item): void {
    const entries = this.#entries;
    const entry = { key, order: this.#count++, item };
    let at = entries.length;
    entries.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, entries[parent] as typeof entry)) break;
      entries[at] = entries[parent] as typeof entry;
      at = parent;
    }
    entries[at] = entry;
  }

  pop(): Item | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first?.item;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      const right = entries[child + 1];
      if (right !== undefined && isBefore(right, entries[child] as typeof last)) child++;
      if (!isBefore(entries[child] as typeof last, last)) break;
      entries[at] = entries[child] as typeof last;
      at = child;
    }
    entries[at] = last;
    return first.item;
  }
}

function isBefore(a: { key: number; order: number }, b: { key: number; order: number }): boolean {
  return a.key < b.key || (a.key === b.key && a.order < b.order);
}
