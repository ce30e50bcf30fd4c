import type { IndexedInstance } from './instance.js';

/** Which suite is on which slot, and how long each slot is busy, where nothing but slots counts. */
export class Loads {
  readonly instance: IndexedInstance;
  readonly slotCount: number;
  /** Type by slot; the slots of a pool stand together. */
  readonly poolOf: Int32Array;
  /** First slot by pool, and one past the last at the end. */
  readonly firstOf: Int32Array;
  readonly loadMs: Float64Array;
  /** Slot by suite; -1: none. */
  readonly slotOf: Int32Array;
  readonly on: number[][];
  readonly #placeOf: Int32Array;

  constructor(instance: IndexedInstance) {
    const { slots, poolCount, suiteCount, given } = instance;
    this.instance = instance;
    this.slotCount = slots.reduce((sum, count) => sum + count, 0);
    this.poolOf = new Int32Array(this.slotCount);
    this.firstOf = new Int32Array(poolCount + 1);
    this.loadMs = new Float64Array(this.slotCount);
    this.slotOf = new Int32Array(suiteCount).fill(-1);
    this.#placeOf = new Int32Array(suiteCount);
    this.on = Array.from({ length: this.slotCount }, () => []);
    let slot = 0;
    slots.forEach((count, pool) => {
      this.firstOf[pool] = slot;
      for (let index = 0; index < count; index++, slot++) {
        this.poolOf[slot] = pool;
        this.loadMs[slot] = given.pools[pool]?.freeAtMs?.[index] ?? 0;
      }
    });
    this.firstOf[poolCount] = slot;
  }

  durationOn(suite: number, pool: number): number {
    return this.instance.durations[suite * this.instance.poolCount + pool] as number;
  }

  put(suite: number, slot: number): void {
    const list = this.on[slot] as number[];
    this.slotOf[suite] = slot;
    this.#placeOf[suite] = list.length;
    list.push(suite);
    this.loadMs[slot] = (this.loadMs[slot] as number) + this.durationOn(suite, this.poolOf[slot] as number);
  }

  take(suite: number): void {
    const slot = this.slotOf[suite] as number;
    const list = this.on[slot] as number[];
    const last = list.pop() as number;
    if (last !== suite) {
      const place = this.#placeOf[suite] as number;
      list[place] = last;
      this.#placeOf[last] = place;
    }
    this.slotOf[suite] = -1;
    this.loadMs[slot] = (this.loadMs[slot] as number) - this.durationOn(suite, this.poolOf[slot] as number);
  }

  /** The slot of the pool that comes free first. */
  leastLoaded(pool: number): number {
    let best = this.firstOf[pool] as number;
    const end = this.firstOf[pool + 1] as number;
    for (let slot = best + 1; slot < end; slot++) {
      if ((this.loadMs[slot] as number) < (this.loadMs[best] as number)) best = slot;
    }
    return best;
  }

  makespanMs(): number {
    let longest = 0;
    for (let slot = 0; slot < this.slotCount; slot++) {
      // A slot that is busy with something else and gets nothing does not count.
      if ((this.on[slot] as number[]).length > 0) longest = Math.max(longest, this.loadMs[slot] as number);
    }
    return longest;
  }
}
