import type { Loads } from './loads.js';

/** The slots of one pool in a binary heap: the one with the least load on top. */
export class SlotQueue {
  readonly #loads: Loads;
  readonly #heap: number[];

  constructor(loads: Loads, pool: number) {
    const first = loads.firstOf[pool] as number;
    this.#loads = loads;
    this.#heap = Array.from(
      { length: (loads.firstOf[pool + 1] as number) - first },
      (_, index) => first + index,
    );
    this.#heap.sort((a, b) => (this.#isBefore(a, b) ? -1 : 1));
  }

  /** Load of the least loaded slot. */
  leastLoadMs(): number {
    return this.#loads.loadMs[this.#heap[0] as number] as number;
  }

  /** Assigns the suite to the least loaded slot. */
  assign(suite: number): void {
    this.#loads.assign(suite, this.#heap[0] as number);
    this.#siftDown();
  }

  /** Ties are broken by the number of the slot, so that plans are deterministic. */
  #isBefore(a: number, b: number): boolean {
    const [loadA, loadB] = [this.#loads.loadMs[a] as number, this.#loads.loadMs[b] as number];
    return loadA < loadB || (loadA === loadB && a < b);
  }

  #siftDown(): void {
    const heap = this.#heap;
    const moving = heap[0] as number;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1] as number, heap[child] as number)) {
        child++;
      }
      if (this.#isBefore(moving, heap[child] as number)) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = moving;
  }
}

/** One queue a pool. */
export function slotQueues(loads: Loads): readonly SlotQueue[] {
  return Array.from({ length: loads.instance.poolCount }, (_, pool) => new SlotQueue(loads, pool));
}
