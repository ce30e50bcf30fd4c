import { Heap } from '../vocabulary/heap.js';
import type { IndexedInstance, PlanSuite } from './instance.js';
import type { Prices } from './lagrangian-bound.js';

/** A plan by position of the suites in an instance. */
export interface Schedule {
  /** -1: nothing can run it. */
  readonly poolOf: Int32Array;
  /** Number of the slot within its pool; of several devices, of the first. */
  readonly slotOf: Int32Array;
  readonly startMs: Float64Array;
  readonly makespanMs: number;
}

/** Suites that find no room are looked at up to this many at every point in time. */
const mostMisses = 32;

interface Running {
  readonly suite: number;
  readonly pool: number;
  /** One slot of each device it holds. */
  readonly slots: readonly number[];
}

/** One pass through time: whenever something ends, suites start in the order of their rank. */
export class Simulation {
  looks = 0;
  readonly #instance: IndexedInstance;
  readonly #prices: Prices;
  readonly #order: Int32Array;
  readonly #running = new Heap<Running>();
  readonly #machines: { suites: number; threads: number; memory: number; exclusive: number }[];
  /** By pool: free[slot], and what is left of each device's memory. */
  readonly #free: Uint8Array[];
  readonly #deviceMemory: Float64Array[];
  /** By pool and slot: when its suite ends, 0 when it is free. */
  readonly #endsMs: Float64Array[];
  /** By pool: when a slot should come free, what is waiting for it counted in. */
  readonly #nextFreeMs: Float64Array;
  readonly #locks = new Set<string>();
  readonly #poolOf: Int32Array;
  readonly #slotOf: Int32Array;
  readonly #startMs: Float64Array;
  #wasteWeight = 0;
  #nowMs = 0;

  /** @param rank By suite; higher ones come first. */
  constructor(instance: IndexedInstance, prices: Prices, rank: Float64Array) {
    const { given, suiteCount, poolCount } = instance;
    this.#instance = instance;
    this.#prices = prices;
    this.#order = Int32Array.from(rank.keys()).sort(
      (a, b) => (rank[b] as number) - (rank[a] as number) || a - b,
    );
    this.#machines = given.machines.map(() => ({ suites: 0, threads: 0, memory: 0, exclusive: 0 }));
    this.#free = given.pools.map(({ slots }) => new Uint8Array(slots).fill(1));
    this.#deviceMemory = given.pools.map(({ slots, slotsPerDevice = 1, deviceMemoryBytes = 0 }) =>
      new Float64Array(Math.ceil(slots / slotsPerDevice)).fill(deviceMemoryBytes),
    );
    this.#endsMs = given.pools.map(({ slots }) => new Float64Array(slots));
    this.#nextFreeMs = new Float64Array(poolCount);
    this.#poolOf = new Int32Array(suiteCount).fill(-1);
    this.#slotOf = new Int32Array(suiteCount).fill(-1);
    this.#startMs = new Float64Array(suiteCount);
    given.pools.forEach(({ freeAtMs = [] }, pool) => {
      freeAtMs.forEach((ms, slot) => {
        if (ms <= 0) return;
        (this.#free[pool] as Uint8Array)[slot] = 0;
        const machine = this.#machineOf(pool);
        machine.suites++;
        machine.threads++;
        (this.#endsMs[pool] as Float64Array)[slot] = ms;
        this.#running.push(ms, { suite: -1, pool, slots: [slot] });
      });
    });
  }

  /**
   * Each suite where it finishes soonest, waste counted in.
   * @param wasteWeight What a ms of waste weighs against a ms of finishing later.
   */
  runFreely(wasteWeight: number): Schedule {
    const { poolCount, durations, given } = this.#instance;
    this.#wasteWeight = wasteWeight * given.pools.reduce((sum, { slots }) => sum + slots, 0);
    let pending = [...this.#order].filter((suite) => {
      for (let pool = 0; pool < poolCount; pool++) {
        if (durations[suite * poolCount + pool] !== Number.POSITIVE_INFINITY) return true;
      }
      return false;
    });
    while (pending.length > 0) {
      const before = pending.length;
      pending = this.#startSome(pending, false);
      if (pending.length === before && this.#running.size === 0) pending = this.#startSome(pending, true);
      if (this.#running.size === 0) break;
      this.#advance();
    }
    return this.#schedule();
  }

  /**
   * Each suite on its pool. Of pools that share the workers and the memory of a machine, the one with the most left for
   * each of its slots comes first, so that none is left over at the end.
   * @param poolOf By suite; -1: none.
   */
  runWith(poolOf: Int32Array): Schedule {
    const { given, poolCount, durations } = this.#instance;
    const queues = given.pools.map(() => [] as number[]);
    const leftMs = new Float64Array(poolCount);
    const share = (suite: number, pool: number) =>
      (durations[suite * poolCount + pool] as number) / (given.pools[pool]?.slots ?? 1);
    let waiting = 0;
    for (const suite of this.#order) {
      const pool = poolOf[suite] as number;
      if (pool < 0) continue;
      (queues[pool] as number[]).push(suite);
      leftMs[pool] = (leftMs[pool] as number) + share(suite, pool);
      waiting++;
    }
    const poolsOf = given.machines.map((_, machine) =>
      [...queues.keys()].filter((pool) => this.#machineIndex(pool) === machine),
    );
    let machines: Iterable<number> = poolsOf.keys();
    while (waiting > 0) {
      for (const machine of machines) {
        const pools = poolsOf[machine] as number[];
        if (pools.length > 1) pools.sort((a, b) => (leftMs[b] as number) - (leftMs[a] as number) || a - b);
        for (const pool of pools) {
          for (const suite of this.#startFrom(queues[pool] as number[], pool)) {
            leftMs[pool] = (leftMs[pool] as number) - share(suite, pool);
            waiting--;
          }
        }
      }
      if (this.#running.size === 0) break;
      machines = this.#advance() ?? poolsOf.keys();
    }
    return this.#schedule();
  }

  #schedule(): Schedule {
    const { suiteCount, poolCount, durations } = this.#instance;
    let makespanMs = 0;
    for (let suite = 0; suite < suiteCount; suite++) {
      const pool = this.#poolOf[suite] as number;
      if (pool < 0) continue;
      const endMs = (this.#startMs[suite] as number) + (durations[suite * poolCount + pool] as number);
      makespanMs = Math.max(makespanMs, endMs);
    }
    return { poolOf: this.#poolOf, slotOf: this.#slotOf, startMs: this.#startMs, makespanMs };
  }

  /** Starts what there is room for. @returns What it took out of the queue. */
  #startFrom(queue: number[], pool: number): readonly number[] {
    const started: number[] = [];
    for (let at = 0; at < queue.length && at < mostMisses && this.#hasWorker(pool); ) {
      const suite = queue[at] as number;
      this.looks++;
      const slots = this.#roomOn(suite, pool);
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

  #hasWorker(pool: number): boolean {
    const workers = this.#instance.given.machines[this.#machineIndex(pool)]?.workers ?? 0;
    return this.#machineOf(pool).suites < workers;
  }

  /** @param anywhere Takes what fits, without waiting for something better. @returns What is left. */
  #startSome(pending: readonly number[], anywhere: boolean): number[] {
    this.#forecast();
    const left: number[] = [];
    let misses = 0;
    for (const [index, suite] of pending.entries()) {
      if (misses >= mostMisses) return [...left, ...pending.slice(index)];
      const pool = this.#bestPool(suite, anywhere);
      const slots = pool < 0 ? undefined : this.#roomOn(suite, pool);
      if (slots === undefined) {
        left.push(suite);
        misses++;
      } else {
        this.#start(suite, pool, slots);
      }
    }
    return left;
  }

  /** When each pool has a free slot: now, or when the first of its running suites ends. */
  #forecast(): void {
    const { poolCount } = this.#instance;
    for (let pool = 0; pool < poolCount; pool++) {
      const endsMs = this.#endsMs[pool] as Float64Array;
      let first = Number.POSITIVE_INFINITY;
      for (const ms of endsMs) if (ms < first) first = ms;
      this.#nextFreeMs[pool] = Math.max(first, this.#nowMs);
    }
  }

  #bestPool(suite: number, anywhere: boolean): number {
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
      this.looks++;
      const fits = this.#roomOn(suite, pool) !== undefined;
      if (anywhere && !fits) continue;
      const waste = ms * (this.#prices.rates[rateRow + pool] as number) - leastPrice;
      const endMs = (fits ? this.#nowMs : Math.max(this.#nextFreeMs[pool] as number, this.#nowMs + 1)) + ms;
      const value = endMs + this.#wasteWeight * waste;
      if (value < least) {
        least = value;
        best = pool;
        waits = !fits;
      }
    }
    if (!waits) return best;
    // It will stand in the way of those behind it there.
    const ms = durations[suite * poolCount + best] as number;
    const slots = this.#instance.slots[best] as number;
    this.#nextFreeMs[best] = (this.#nextFreeMs[best] as number) + ms / slots;
    return -1;
  }

  /** Slots for the suite now; undefined when something is missing. */
  #roomOn(suite: number, pool: number): readonly number[] | undefined {
    const needs = this.#instance.suites[suite] as PlanSuite;
    const {
      hostMemoryBytes = 0,
      deviceMemoryBytes = 0,
      cpuThreads = 1,
      devices = 1,
      exclusive = false,
    } = needs;
    const state = this.#machineOf(pool);
    const facts = this.#instance.given.machines[this.#machineIndex(pool)];
    if (
      facts === undefined ||
      state.exclusive > 0 ||
      state.suites >= facts.workers ||
      (exclusive && state.suites > 0) ||
      state.threads + cpuThreads > facts.cpuThreads ||
      state.memory + hostMemoryBytes > facts.memoryBytes ||
      (needs.locks ?? []).some((lock) => this.#locks.has(lock))
    ) {
      return undefined;
    }
    const free = this.#free[pool] as Uint8Array;
    const memory = this.#deviceMemory[pool] as Float64Array;
    const perDevice = this.#instance.given.pools[pool]?.slotsPerDevice ?? 1;
    const slots: number[] = [];
    for (let slot = 0; slot < free.length && slots.length < devices; slot++) {
      const device = Math.floor(slot / perDevice);
      if (free[slot] === 0 || (memory[device] as number) < deviceMemoryBytes) continue;
      slots.push(slot);
      slot = (device + 1) * perDevice - 1;
    }
    return slots.length === devices ? slots : undefined;
  }

  #start(suite: number, pool: number, slots: readonly number[]): void {
    this.#book(suite, pool, slots, 1);
    this.#poolOf[suite] = pool;
    this.#slotOf[suite] = slots[0] as number;
    this.#startMs[suite] = this.#nowMs;
    const endMs = this.#nowMs + (this.#instance.durations[suite * this.#instance.poolCount + pool] as number);
    for (const slot of slots) (this.#endsMs[pool] as Float64Array)[slot] = endMs;
    this.#running.push(endMs, { suite, pool, slots });
  }

  /** To the next end, and all that end with it. @returns The machines on which more may start; undefined: on all. */
  #advance(): ReadonlySet<number> | undefined {
    this.#nowMs = this.#running.leastKey;
    const machines = new Set<number>();
    let unlocked = false;
    while (this.#running.leastKey <= this.#nowMs) {
      const { suite, pool, slots } = this.#running.pop() as Running;
      this.#book(suite, pool, slots, -1);
      machines.add(this.#machineIndex(pool));
      unlocked ||= (this.#instance.suites[suite]?.locks?.length ?? 0) > 0;
    }
    return unlocked ? undefined : machines;
  }

  #book(suite: number, pool: number, slots: readonly number[], sign: 1 | -1): void {
    const state = this.#machineOf(pool);
    const needs = this.#instance.suites[suite];
    state.suites += sign;
    state.threads += sign * (needs?.cpuThreads ?? 1);
    state.memory += sign * (needs?.hostMemoryBytes ?? 0);
    if (needs?.exclusive === true) state.exclusive += sign;
    const perDevice = this.#instance.given.pools[pool]?.slotsPerDevice ?? 1;
    for (const slot of slots) {
      (this.#free[pool] as Uint8Array)[slot] = sign === 1 ? 0 : 1;
      if (sign === -1) (this.#endsMs[pool] as Float64Array)[slot] = 0;
      const memory = this.#deviceMemory[pool] as Float64Array;
      const device = Math.floor(slot / perDevice);
      memory[device] = (memory[device] as number) - sign * (needs?.deviceMemoryBytes ?? 0);
    }
    for (const lock of needs?.locks ?? []) {
      if (sign === 1) this.#locks.add(lock);
      else this.#locks.delete(lock);
    }
  }

  #machineIndex(pool: number): number {
    return this.#instance.given.pools[pool]?.machine ?? 0;
  }

  #machineOf(pool: number) {
    return this.#machines[this.#machineIndex(pool)] as {
      suites: number;
      threads: number;
      memory: number;
      exclusive: number;
    };
  }
}
