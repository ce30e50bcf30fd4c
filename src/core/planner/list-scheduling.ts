/**
 * List scheduling (Graham 1966; the parallel schedule generation scheme of resource-constrained project scheduling, Kolisch
 * 1996): time advances from end to end, and at each point the suites start in the order of their rank, as far as what they
 * need is free. Either each suite has its pool already, or the pool is chosen when the suite's turn comes.
 */
import { Heap } from '../vocabulary/heap.js';
import type { IndexedInstance } from './instance.js';
import type { Prices } from './lagrangian-bound.js';
import { Ledger } from './ledger.js';

const tuning = {
  /**
   * Suites that do not fit are looked at up to this many at each point of time. Chosen by `node bench/plan.mjs DIR`;
   * `node bench/sensitivity.mjs DIR list-scheduling`: 16 plans instances with shared workers 0.14 % shorter, 64 ones 1.0 %
   * longer (the same budget pays for fewer simulations), with scarce memory -0.06 % and +0.09 %.
   */
  mostMisses: 32,
} as const;

/** A plan by position of the suites in an indexed instance. */
export interface Schedule {
  /** -1: no pool can run the suite. */
  readonly poolOf: Int32Array;
  /** Number of the slot within its pool; of several devices, of the first. */
  readonly slotOf: Int32Array;
  readonly startMs: Float64Array;
  readonly makespanMs: number;
}

interface Running {
  /** -1: what ran already. */
  readonly suite: number;
  readonly pool: number;
  /** One slot of each device that it holds. */
  readonly slots: readonly number[];
}

/** One schedule; an instance of this class makes a single one. */
export class ListScheduling {
  /** How many pairs of suite and pool were looked at: the cost of the schedule. */
  evaluations = 0;
  readonly #instance: IndexedInstance;
  readonly #prices: Prices;
  readonly #order: Int32Array;
  readonly #ledger: Ledger;
  readonly #running = new Heap<Running>();
  /** By pool: when a slot should come free, the suites that wait for it included. */
  readonly #forecastMs: Float64Array;
  readonly #poolOf: Int32Array;
  readonly #slotOf: Int32Array;
  readonly #startMs: Float64Array;
  #reducedCostWeight = 0;
  #nowMs = 0;

  /** @param rank By suite; higher ones start first. */
  constructor(instance: IndexedInstance, prices: Prices, rank: Float64Array) {
    const { given, suiteCount, poolCount } = instance;
    this.#instance = instance;
    this.#prices = prices;
    this.#order = Int32Array.from(rank.keys()).sort(
      (a, b) => (rank[b] as number) - (rank[a] as number) || a - b,
    );
    this.#ledger = new Ledger(instance);
    this.#forecastMs = new Float64Array(poolCount);
    this.#poolOf = new Int32Array(suiteCount).fill(-1);
    this.#slotOf = new Int32Array(suiteCount).fill(-1);
    this.#startMs = new Float64Array(suiteCount);
    given.pools.forEach(({ freeAtMs = [] }, pool) => {
      freeAtMs.forEach((ms, slot) => {
        if (ms <= 0) return;
        this.#ledger.bookBusy(pool, slot, ms);
        this.#running.push(ms, { suite: -1, pool, slots: [slot] });
      });
    });
  }

  /**
   * Chooses for each suite the pool with the least completion time plus weighted reduced cost, when its turn comes.
   * @param reducedCostWeight Of a ms of reduced cost against a ms of finishing later.
   */
  scheduleOnChosenPools(reducedCostWeight: number): Schedule {
    const { poolCount, durations, given } = this.#instance;
    this.#reducedCostWeight = reducedCostWeight * given.pools.reduce((sum, { slots }) => sum + slots, 0);
    let pending = [...this.#order].filter((suite) => {
      for (let pool = 0; pool < poolCount; pool++) {
        if (durations[suite * poolCount + pool] !== Number.POSITIVE_INFINITY) return true;
      }
      return false;
    });
    while (pending.length > 0) {
      const before = pending.length;
      pending = this.#startPending(pending, false);
      // Nothing runs, so waiting for a better pool would be forever.
      if (pending.length === before && this.#running.size === 0) pending = this.#startPending(pending, true);
      if (this.#running.size === 0) break;
      this.#advanceToNextEnd();
    }
    return this.#schedule();
  }

  /**
   * Starts each suite on its pool. Among the pools of a machine the one with the most work left per slot comes first:
   * they share workers and memory, and none should be left over at the end.
   * @param poolOf By suite; -1: none.
   */
  scheduleOnAssignedPools(poolOf: Int32Array): Schedule {
    const { given, poolCount, durations } = this.#instance;
    const queues = given.pools.map(() => [] as number[]);
    const leftMs = new Float64Array(poolCount);
    const workPerSlot = (suite: number, pool: number) =>
      (durations[suite * poolCount + pool] as number) / (given.pools[pool]?.slots ?? 1);
    let waiting = 0;
    for (const suite of this.#order) {
      const pool = poolOf[suite] as number;
      if (pool < 0) continue;
      (queues[pool] as number[]).push(suite);
      leftMs[pool] = (leftMs[pool] as number) + workPerSlot(suite, pool);
      waiting++;
    }
    const poolsOf = given.machines.map((_, machine) =>
      [...queues.keys()].filter((pool) => this.#ledger.machineOf(pool) === machine),
    );
    let machines: Iterable<number> = poolsOf.keys();
    while (waiting > 0) {
      for (const machine of machines) {
        const pools = poolsOf[machine] as number[];
        if (pools.length > 1) pools.sort((a, b) => (leftMs[b] as number) - (leftMs[a] as number) || a - b);
        for (const pool of pools) {
          for (const suite of this.#startQueued(queues[pool] as number[], pool)) {
            leftMs[pool] = (leftMs[pool] as number) - workPerSlot(suite, pool);
            waiting--;
          }
        }
      }
      if (this.#running.size === 0) break;
      machines = this.#advanceToNextEnd() ?? poolsOf.keys();
    }
    return this.#schedule();
  }

  #schedule(): Schedule {
    const { suiteCount } = this.#instance;
    let makespanMs = 0;
    for (let suite = 0; suite < suiteCount; suite++) {
      const pool = this.#poolOf[suite] as number;
      if (pool < 0) continue;
      const endMs = (this.#startMs[suite] as number) + this.#durationOn(suite, pool);
      makespanMs = Math.max(makespanMs, endMs);
    }
    return { poolOf: this.#poolOf, slotOf: this.#slotOf, startMs: this.#startMs, makespanMs };
  }

  /** Starts what fits now and takes it out of the queue. */
  #startQueued(queue: number[], pool: number): readonly number[] {
    const started: number[] = [];
    for (let at = 0; at < queue.length && at < tuning.mostMisses && this.#ledger.hasFreeWorker(pool); ) {
      const suite = queue[at] as number;
      this.evaluations++;
      const slots = this.#ledger.slotsFor(suite, pool);
      if (slots === undefined) {
        at++;
        continue;
      }
      this.#start(suite, pool, slots);
      queue.splice(at, 1);
      started.push(suite);
    }
    return started;
  }

  /** @param anywhere Takes what fits, without waiting for something better. @returns What is left. */
  #startPending(pending: readonly number[], anywhere: boolean): number[] {
    this.#forecast();
    const left: number[] = [];
    let misses = 0;
    for (const [index, suite] of pending.entries()) {
      if (misses >= tuning.mostMisses) return [...left, ...pending.slice(index)];
      const pool = this.#choosePool(suite, anywhere);
      const slots = pool < 0 ? undefined : this.#ledger.slotsFor(suite, pool);
      if (slots === undefined) {
        left.push(suite);
        misses++;
      } else {
        this.#start(suite, pool, slots);
      }
    }
    return left;
  }

  #forecast(): void {
    for (let pool = 0; pool < this.#instance.poolCount; pool++) {
      this.#forecastMs[pool] = Math.max(this.#ledger.nextFreeMs(pool), this.#nowMs);
    }
  }

  /** @returns -1: the best pool is in use, and the suite waits for it. */
  #choosePool(suite: number, anywhere: boolean): number {
    const { poolCount, durations } = this.#instance;
    const rateRow = (this.#prices.resources.groupOf[suite] as number) * poolCount;
    let leastPrice = Number.POSITIVE_INFINITY;
    for (let pool = 0; pool < poolCount; pool++) {
      const price =
        (durations[suite * poolCount + pool] as number) * (this.#prices.rates[rateRow + pool] as number);
      if (price < leastPrice) leastPrice = price;
    }
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    let waits = false;
    for (let pool = 0; pool < poolCount; pool++) {
      const ms = durations[suite * poolCount + pool] as number;
      if (ms === Number.POSITIVE_INFINITY) continue;
      this.evaluations++;
      const fits = this.#ledger.slotsFor(suite, pool) !== undefined;
      if (anywhere && !fits) continue;
      const reducedCost = ms * (this.#prices.rates[rateRow + pool] as number) - leastPrice;
      const startMs = fits ? this.#nowMs : Math.max(this.#forecastMs[pool] as number, this.#nowMs + 1);
      const value = startMs + ms + this.#reducedCostWeight * reducedCost;
      if (value < least) {
        least = value;
        best = pool;
        waits = !fits;
      }
    }
    if (!waits) return best;
    // The suites behind it will find the pool busy for longer.
    const ms = this.#durationOn(suite, best);
    const slots = this.#instance.slots[best] as number;
    this.#forecastMs[best] = (this.#forecastMs[best] as number) + ms / slots;
    return -1;
  }

  #start(suite: number, pool: number, slots: readonly number[]): void {
    const endMs = this.#nowMs + this.#durationOn(suite, pool);
    this.#ledger.book(suite, pool, slots, endMs);
    this.#poolOf[suite] = pool;
    this.#slotOf[suite] = slots[0] as number;
    this.#startMs[suite] = this.#nowMs;
    this.#running.push(endMs, { suite, pool, slots });
  }

  /** Advances to the next end. @returns Machines on which more may start now; undefined: all, as a lock was released. */
  #advanceToNextEnd(): ReadonlySet<number> | undefined {
    this.#nowMs = this.#running.leastKey;
    const machines = new Set<number>();
    let unlocked = false;
    while (this.#running.leastKey <= this.#nowMs) {
      const { suite, pool, slots } = this.#running.pop() as Running;
      this.#ledger.release(suite, pool, slots);
      machines.add(this.#ledger.machineOf(pool));
      unlocked ||= (this.#instance.suites[suite]?.locks?.length ?? 0) > 0;
    }
    return unlocked ? undefined : machines;
  }

  #durationOn(suite: number, pool: number): number {
    return this.#instance.durations[suite * this.#instance.poolCount + pool] as number;
  }
}
