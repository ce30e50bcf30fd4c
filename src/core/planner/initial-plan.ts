import type { IndexedInstance } from './instance.js';
import type { Prices } from './lagrangian-bound.js';
import { Loads } from './loads.js';
import { balancedPools, roomAt } from './rounding.js';

/**
 * How much a ms of waste (what a pool costs a suite above its cheapest) weighs against a ms of finishing later. From the
 * cheapest plan to the best balanced one: the first that is near the bound is taken, as it leaves the most room for what
 * takes longer than expected.
 */
const wasteWeights = [300, 30, 10, 3, 1, 0.3] as const;
/** Near enough to the bound. */
const nearBound = 1.002;

/**
 * Types by waste alone, each as full as the bound lets it be; within a pool longest first. Near the bound where a slot gets
 * many suites.
 */
export function balancedPlan(instance: IndexedInstance, prices: Prices): Loads {
  const poolOf = balancedPools(instance, prices, roomAt(prices, prices.boundMs));
  const loads = new Loads(instance);
  const free = freeSlots(loads);
  for (const suite of longestFirst(instance, prices)) free[poolOf[suite] as number]?.put(suite);
  return loads;
}

/** Each suite to the slot where finishing time and waste together are least; the best of a few weights. */
export function startPlan(instance: IndexedInstance, prices: Prices): Loads {
  const order = longestFirst(instance, prices);
  let best: Loads | undefined;
  for (const weight of wasteWeights) {
    const loads = listPlan(instance, prices, order, weight);
    if (best === undefined || loads.makespanMs() < best.makespanMs() * 0.9999) best = loads;
    if (best.makespanMs() <= prices.boundMs * nearBound) break;
  }
  return best ?? new Loads(instance);
}

/** By duration on the cheapest pool. */
function longestFirst({ suiteCount, poolCount, durations }: IndexedInstance, prices: Prices): Int32Array {
  const { rates, resources, forbiddenAboveMs } = prices;
  const key = new Float64Array(suiteCount);
  for (let suite = 0; suite < suiteCount; suite++) {
    const rateRow = (resources.groupOf[suite] as number) * poolCount;
    let least = Number.POSITIVE_INFINITY;
    for (let pool = 0; pool < poolCount; pool++) {
      const ms = durations[suite * poolCount + pool] as number;
      const price = ms * (rates[rateRow + pool] as number);
      if (price < least && ms <= forbiddenAboveMs) {
        least = price;
        key[suite] = ms;
      }
    }
  }
  return Int32Array.from(key.keys()).sort((a, b) => (key[b] as number) - (key[a] as number) || a - b);
}

/** Longest first, each to the slot where finishing time and waste together are least. */
function listPlan(instance: IndexedInstance, prices: Prices, order: Int32Array, wasteWeight: number): Loads {
  const { poolCount, durations } = instance;
  const { rates, boundMs, forbiddenAboveMs, resources } = prices;
  const loads = new Loads(instance);
  const free = freeSlots(loads);
  // Rates are shares of the whole fleet; times the number of slots they are near 1, so that weights mean the same everywhere.
  const scale = wasteWeight * loads.slotCount;
  for (const suite of order) {
    const row = suite * poolCount;
    const rateRow = (resources.groupOf[suite] as number) * poolCount;
    let leastPrice = Number.POSITIVE_INFINITY;
    let leastMs = Number.POSITIVE_INFINITY;
    for (let pool = 0; pool < poolCount; pool++) {
      const ms = durations[row + pool] as number;
      const price = ms * (rates[rateRow + pool] as number);
      if (price < leastPrice && ms <= forbiddenAboveMs) leastPrice = price;
      if (ms < leastMs) leastMs = ms;
    }
    if (leastMs === Number.POSITIVE_INFINITY) continue;
    // A plan near the bound has no room for more; with slots that come free late there may be no other way.
    const mostMs = Math.max(leastMs, boundMs);
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let pool = 0; pool < poolCount; pool++) {
      const ms = durations[row + pool] as number;
      if (ms > mostMs) continue;
      const endMs = (free[pool] as FreeSlots).leastMs() + ms;
      const waste = ms * (rates[rateRow + pool] as number) - leastPrice;
      const value = endMs + scale * waste + (endMs > boundMs ? (endMs - boundMs) * 3 : 0);
      if (value < least) {
        least = value;
        best = pool;
      }
    }
    if (best >= 0) (free[best] as FreeSlots).put(suite);
  }
  return loads;
}

/** By pool. */
function freeSlots(loads: Loads): readonly FreeSlots[] {
  return Array.from({ length: loads.instance.poolCount }, (_, pool) => new FreeSlots(loads, pool));
}

/** The slots of a pool, the one that comes free first on top of a heap. */
class FreeSlots {
  readonly #loads: Loads;
  readonly #heap: number[];

  constructor(loads: Loads, pool: number) {
    const first = loads.firstOf[pool] as number;
    this.#loads = loads;
    this.#heap = Array.from(
      { length: (loads.firstOf[pool + 1] as number) - first },
      (_, index) => first + index,
    );
    this.#heap.sort((a, b) => (this.#before(a, b) ? -1 : 1));
  }

  leastMs(): number {
    return this.#loads.loadMs[this.#heap[0] as number] as number;
  }

  put(suite: number): void {
    this.#loads.put(suite, this.#heap[0] as number);
    this.#sink();
  }

  #before(a: number, b: number): boolean {
    const [atA, atB] = [this.#loads.loadMs[a] as number, this.#loads.loadMs[b] as number];
    return atA < atB || (atA === atB && a < b);
  }

  #sink(): void {
    const heap = this.#heap;
    const moving = heap[0] as number;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1] as number, heap[child] as number)) child++;
      if (this.#before(moving, heap[child] as number)) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = moving;
  }
}
