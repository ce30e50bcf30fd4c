import type { IndexedInstance } from './instance.js';

/** An assignment of suites to slots with the load of each slot, for instances in which only slots are scarce. */
export class Loads {
  readonly instance: IndexedInstance;
  readonly slotCount: number;
  /** Pool by slot. The slots of a pool are consecutive. */
  readonly poolOf: Int32Array;
  /** First slot by pool; one entry more, which is the number of slots. */
  readonly firstOf: Int32Array;
  /** When each slot has finished its suites, ms from now. */
  readonly loadMs: Float64Array;
  /** Slot by suite; -1: none. */
  readonly slotOf: Int32Array;
  /** Suites by slot, in no particular order. */
  readonly suitesOn: number[][];
  /** Position of each suite in the list of its slot. */
  readonly #positionOf: Int32Array;

  constructor(instance: IndexedInstance) {
    const { slots, poolCount, suiteCount, given } = instance;
    this.instance = instance;
    this.slotCount = slots.reduce((sum, count) => sum + count, 0);
    this.poolOf = new Int32Array(this.slotCount);
    this.firstOf = new Int32Array(poolCount + 1);
    this.loadMs = new Float64Array(this.slotCount);
    this.slotOf = new Int32Array(suiteCount).fill(-1);
    this.#positionOf = new Int32Array(suiteCount);
    this.suitesOn = Array.from({ length: this.slotCount }, () => []);
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

  assign(suite: number, slot: number): void {
    const list = this.suitesOn[slot] as number[];
    this.slotOf[suite] = slot;
    this.#positionOf[suite] = list.length;
    list.push(suite);
    this.loadMs[slot] = (this.loadMs[slot] as number) + this.durationOn(suite, this.poolOf[slot] as number);
  }

  unassign(suite: number): void {
    const slot = this.slotOf[suite] as number;
    const list = this.suitesOn[slot] as number[];
    const last = list.pop() as number;
    if (last !== suite) {
      const position = this.#positionOf[suite] as number;
      list[position] = last;
      this.#positionOf[last] = position;
    }
    this.slotOf[suite] = -1;
    this.loadMs[slot] = (this.loadMs[slot] as number) - this.durationOn(suite, this.poolOf[slot] as number);
  }

  /** When the last suite ends. A slot that is still busy now but gets no suite does not count. */
  makespanMs(): number {
    let longest = 0;
    for (let slot = 0; slot < this.slotCount; slot++) {
      if ((this.suitesOn[slot] as number[]).length > 0)
        longest = Math.max(longest, this.loadMs[slot] as number);
    }
    return longest;
  }
}
