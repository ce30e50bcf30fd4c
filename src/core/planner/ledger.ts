import type { IndexedInstance, PlanSuite } from './instance.js';

interface MachineUse {
  suites: number;
  threads: number;
  memory: number;
  exclusive: number;
}

/** What is in use at one point of time: workers, threads and memory of machines, slots and memory of devices, and locks. */
export class Ledger {
  readonly #instance: IndexedInstance;
  readonly #machines: readonly MachineUse[];
  /** By pool and slot: 1 where it is free. */
  readonly #free: readonly Uint8Array[];
  /** By pool and slot: when its suite ends; 0 where it is free. */
  readonly #endsMs: readonly Float64Array[];
  /** By pool and device: bytes that are left. */
  readonly #deviceMemory: readonly Float64Array[];
  readonly #locks = new Set<string>();

  constructor(instance: IndexedInstance) {
    const { given } = instance;
    this.#instance = instance;
    this.#machines = given.machines.map(() => ({ suites: 0, threads: 0, memory: 0, exclusive: 0 }));
    this.#free = given.pools.map(({ slots }) => new Uint8Array(slots).fill(1));
    this.#endsMs = given.pools.map(({ slots }) => new Float64Array(slots));
    this.#deviceMemory = given.pools.map(({ slots, slotsPerDevice = 1, deviceMemoryBytes = 0 }) =>
      new Float64Array(Math.ceil(slots / slotsPerDevice)).fill(deviceMemoryBytes),
    );
  }

  machineOf(pool: number): number {
    return this.#instance.given.pools[pool]?.machine ?? 0;
  }

  hasFreeWorker(pool: number): boolean {
    const workers = this.#instance.given.machines[this.machineOf(pool)]?.workers ?? 0;
    return this.#useOf(pool).suites < workers;
  }

  /** When the first slot of the pool is free or comes free. */
  nextFreeMs(pool: number): number {
    let first = Number.POSITIVE_INFINITY;
    for (const ms of this.#endsMs[pool] as Float64Array) if (ms < first) first = ms;
    return first;
  }

  /** Slots on which the suite can start now, one a device; undefined: something that it needs is in use. */
  slotsFor(suite: number, pool: number): readonly number[] | undefined {
    const needs = this.#instance.suites[suite] as PlanSuite;
    const {
      hostMemoryBytes = 0,
      deviceMemoryBytes = 0,
      cpuThreads = 1,
      devices = 1,
      exclusive = false,
    } = needs;
    const use = this.#useOf(pool);
    const machine = this.#instance.given.machines[this.machineOf(pool)];
    if (
      machine === undefined ||
      use.exclusive > 0 ||
      use.suites >= machine.workers ||
      (exclusive && use.suites > 0) ||
      use.threads + cpuThreads > machine.cpuThreads ||
      use.memory + hostMemoryBytes > machine.memoryBytes ||
      (needs.locks ?? []).some((lock) => this.#locks.has(lock))
    ) {
      return undefined;
    }
    const free = this.#free[pool] as Uint8Array;
    const memory = this.#deviceMemory[pool] as Float64Array;
    const perDevice = this.#slotsPerDevice(pool);
    const slots: number[] = [];
    for (let slot = 0; slot < free.length && slots.length < devices; slot++) {
      const device = Math.floor(slot / perDevice);
      if (free[slot] === 0 || (memory[device] as number) < deviceMemoryBytes) continue;
      slots.push(slot);
      slot = (device + 1) * perDevice - 1;
    }
    return slots.length === devices ? slots : undefined;
  }

  book(suite: number, pool: number, slots: readonly number[], endMs: number): void {
    this.#change(suite, pool, slots, 1);
    for (const slot of slots) (this.#endsMs[pool] as Float64Array)[slot] = endMs;
  }

  /** Books a slot for what runs there already: a worker and one thread, without a suite of the instance. */
  bookBusy(pool: number, slot: number, endMs: number): void {
    const use = this.#useOf(pool);
    use.suites++;
    use.threads++;
    (this.#free[pool] as Uint8Array)[slot] = 0;
    (this.#endsMs[pool] as Float64Array)[slot] = endMs;
  }

  /** @param suite -1: what ran there already. */
  release(suite: number, pool: number, slots: readonly number[]): void {
    this.#change(suite, pool, slots, -1);
    for (const slot of slots) (this.#endsMs[pool] as Float64Array)[slot] = 0;
  }

  #change(suite: number, pool: number, slots: readonly number[], sign: 1 | -1): void {
    const use = this.#useOf(pool);
    const needs = this.#instance.suites[suite];
    use.suites += sign;
    use.threads += sign * (needs?.cpuThreads ?? 1);
    use.memory += sign * (needs?.hostMemoryBytes ?? 0);
    if (needs?.exclusive === true) use.exclusive += sign;
    const perDevice = this.#slotsPerDevice(pool);
    const memory = this.#deviceMemory[pool] as Float64Array;
    for (const slot of slots) {
      (this.#free[pool] as Uint8Array)[slot] = sign === 1 ? 0 : 1;
      const device = Math.floor(slot / perDevice);
      memory[device] = (memory[device] as number) - sign * (needs?.deviceMemoryBytes ?? 0);
    }
    for (const lock of needs?.locks ?? []) {
      if (sign === 1) this.#locks.add(lock);
      else this.#locks.delete(lock);
    }
  }

  #slotsPerDevice(pool: number): number {
    return this.#instance.given.pools[pool]?.slotsPerDevice ?? 1;
  }

  #useOf(pool: number): MachineUse {
    return this.#machines[this.machineOf(pool)] as MachineUse;
  }
}
