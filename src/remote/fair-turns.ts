import { atLeast, atMost, fairShares } from './fair-shares.js';

/** Whose turn it is. */
export interface Turn {
  /** Resolves when it has come. */
  readonly granted: Promise<void>;
  /** Lets the next one go on, whether it had come or not. */
  release(): void;
}

/** What a run may use of a device, beside other runs. */
export interface Allowance {
  /** Places that nobody else uses or waits for; suites there start at once. */
  readonly free: number;
  /**
   * Places that it gets in the end if it wants more than are free: others give them back as their suites end. 0: those are no
   * runs, and nobody knows when.
   */
  readonly share: number;
}

interface Entry {
  readonly owner: string;
  grant(): void;
}

interface Room {
  readonly capacity: number;
  readonly running: Map<Entry, { readonly sinceMs: number }>;
  readonly waiting: Set<Entry>;
  /** Ms that the suites of each run have had here, divided by its weight. */
  readonly served: Map<string, number>;
}

export interface FairTurnsOptions {
  /** For tests. */
  nowMs?(): number;
  /** Called when what runs may use may have changed. */
  onChange?(): void;
}

/**
 * Shares the devices of a machine among the runs that use it at once, by their weights (max-min fairness). No run waits while
 * a place is free. A place that becomes free goes to a run that has fewer than its share; what is left of the shares beyond
 * whole places goes in turn, to the run that has had the least time. So none starves.
 */
export class FairTurns {
  readonly #rooms = new Map<string, Room>();
  readonly #weights = new Map<string, number>();
  readonly #nowMs: () => number;
  readonly #onChange: () => void;
  #isPaused = false;

  /** @param capacities How many may use a device at once, by its id. */
  constructor(
    capacities: Readonly<Record<string, number>>,
    { nowMs = () => performance.now(), onChange = () => {} }: FairTurnsOptions = {},
  ) {
    for (const [device, capacity] of Object.entries(capacities))
      this.#rooms.set(device, { capacity, running: new Map(), waiting: new Set(), served: new Map() });
    this.#nowMs = nowMs;
    this.#onChange = onChange;
  }

  /** A run has come. @param weight How much it gets beside others: one of 2 gets twice as much as one of 1. */
  enter(owner: string, weight: number): void {
    this.#weights.set(owner, weight);
    this.#onChange();
  }

  leave(owner: string): void {
    this.#weights.delete(owner);
    for (const { served } of this.#rooms.values()) served.delete(owner);
    this.#onChange();
  }

  /** Nothing more starts until `resume`. What runs goes on. */
  pause(): void {
    this.#isPaused = true;
    this.#onChange();
  }

  resume(): void {
    this.#isPaused = false;
    for (const room of this.#rooms.values()) this.#admit(room);
    this.#onChange();
  }

  /** How many run now, by the id of their device; left out: none. */
  get running(): Readonly<Record<string, number>> {
    const counts = [...this.#rooms].map(([device, { running }]) => [device, running.size] as const);
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }

  /** By device. */
  get capacities(): ReadonlyMap<string, number> {
    return new Map([...this.#rooms].map(([device, { capacity }]) => [device, capacity]));
  }

  /** What the run may use, by device. */
  allowancesOf(owner: string): ReadonlyMap<string, Allowance> {
    return new Map([...this.#rooms].map(([device, room]) => [device, this.#allowanceIn(room, owner)]));
  }

  /** @param device Where it is to run; one that is not shared is free. */
  take(device: string, owner: string): Turn {
    const room = this.#rooms.get(device);
    if (room === undefined) return { granted: Promise.resolve(), release() {} };
    let grant = () => {};
    const granted = new Promise<void>((resolve) => {
      grant = resolve;
    });
    const entry: Entry = { owner, grant };
    this.#catchUp(owner, room);
    room.waiting.add(entry);
    this.#admit(room);
    this.#onChange();
    return { granted, release: () => this.#release(entry, room) };
  }

  #release(entry: Entry, room: Room): void {
    const place = room.running.get(entry);
    if (!room.running.delete(entry) && !room.waiting.delete(entry)) return;
    const { owner } = entry;
    if (place !== undefined && this.#weights.has(owner)) {
      const had = (this.#nowMs() - place.sinceMs) / this.#weightOf(owner);
      room.served.set(owner, (room.served.get(owner) ?? 0) + had);
    }
    this.#admit(room);
    this.#onChange();
  }

  /** A run that wanted nothing for a while makes up for nothing that was before. */
  #catchUp(owner: string, room: Room): void {
    const demands = demandsIn(room);
    if (demands.has(owner) || demands.size === 0 || !this.#weights.has(owner)) return;
    const least = Math.min(...[...demands.keys()].map((each) => this.#servedBy(each, room)));
    room.served.set(owner, Math.max(least, room.served.get(owner) ?? 0));
  }

  #admit(room: Room): void {
    while (!this.#isPaused && room.running.size < room.capacity && room.waiting.size > 0) {
      const next = this.#nextIn(room);
      room.waiting.delete(next);
      room.running.set(next, { sinceMs: this.#nowMs() });
      next.grant();
    }
  }

  /** Among equals the one that came first. */
  #nextIn(room: Room): Entry {
    const ranks = this.#ranksIn(room);
    const comesBefore = (one: Entry, other: Entry) => {
      const [a, b] = [ranks.get(one.owner), ranks.get(other.owner)];
      if (a === undefined || b === undefined || a === b) return false;
      return a.level < b.level || (a.level === b.level && a.served < b.served);
    };
    return [...room.waiting].reduce((best, each) => (comesBefore(each, best) ? each : best));
  }

  /** Level 0: has fewer places than its share, rounded down; 1: than its share, rounded up; 2: has its share. */
  #ranksIn(room: Room): ReadonlyMap<string, { readonly level: number; readonly served: number }> {
    const demands = [...demandsIn(room)];
    const shares = fairShares(
      room.capacity,
      demands.map(([owner, { wanted }]) => ({ weight: this.#weightOf(owner), wanted })),
    );
    return new Map(
      demands.map(([owner, { running }], index) => {
        const share = shares[index] ?? 0;
        const level = running < atLeast(share) ? 0 : running < atMost(share) ? 1 : 2;
        return [owner, { level, served: this.#servedBy(owner, room) }];
      }),
    );
  }

  #allowanceIn(room: Room, owner: string): Allowance {
    if (this.#isPaused) return { free: 0, share: 0 };
    const others = [...demandsIn(room)].filter(([each]) => each !== owner);
    const taken = others.reduce((sum, [, { wanted }]) => sum + wanted, 0);
    const shares = fairShares(room.capacity, [
      { weight: this.#weightOf(owner), wanted: Number.POSITIVE_INFINITY },
      ...others.map(([each, { wanted }]) => ({ weight: this.#weightOf(each), wanted })),
    ]);
    const share = Math.max(1, atMost(shares[0] ?? 0));
    return { free: Math.max(0, room.capacity - taken), share };
  }

  /** With what it has now. */
  #servedBy(owner: string, { served, running }: Room): number {
    const nowMs = this.#nowMs();
    let ms = 0;
    for (const [entry, { sinceMs }] of running) if (entry.owner === owner) ms += nowMs - sinceMs;
    return (served.get(owner) ?? 0) + ms / this.#weightOf(owner);
  }

  #weightOf(owner: string): number {
    return this.#weights.get(owner) ?? 1;
  }
}

interface OwnDemand {
  running: number;
  /** Those that run, and those that wait. */
  wanted: number;
}

/** Of each run that runs or waits there. */
function demandsIn({ running, waiting }: Room): ReadonlyMap<string, OwnDemand> {
  const demands = new Map<string, OwnDemand>();
  const count = (owner: string, isRunning: boolean) => {
    const demand = demands.get(owner) ?? { running: 0, wanted: 0 };
    demands.set(owner, demand);
    demand.wanted++;
    if (isRunning) demand.running++;
  };
  for (const { owner } of running.keys()) count(owner, true);
  for (const { owner } of waiting) count(owner, false);
  return demands;
}
