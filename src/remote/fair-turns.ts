/** Whose turn it is. */
export interface Turn {
  /** Resolves when it has come. */
  readonly granted: Promise<void>;
  /** Lets the next one go on, whether it had come or not. */
  release(): void;
}

interface Entry {
  readonly owner: string;
  grant(): void;
}

interface Room {
  readonly capacity: number;
  readonly running: Entry[];
  readonly waiting: Entry[];
}

/**
 * Shares the devices of a machine among the runs that use it at once: a place that is free goes to the run that has the
 * fewest places, by its weight, and among equals to the one that has had the least time (max-min fairness). No run waits
 * while a place is free, and none starves.
 */
export class FairTurns {
  readonly #rooms = new Map<string, Room>();
  readonly #weights = new Map<string, number>();
  /** Ms that each run has had, divided by its weight. */
  readonly #served = new Map<string, number>();
  readonly #nowMs: () => number;

  /**
   * @param capacities How many may use a device at once, by its id.
   * @param nowMs For tests.
   */
  constructor(capacities: Readonly<Record<string, number>>, nowMs: () => number = () => performance.now()) {
    for (const [device, capacity] of Object.entries(capacities))
      this.#rooms.set(device, { capacity, running: [], waiting: [] });
    this.#nowMs = nowMs;
  }

  /** A run has come. @param weight How much it gets beside others: one of 2 gets twice as much as one of 1. */
  enter(owner: string, weight: number): void {
    this.#weights.set(owner, weight);
    // It makes up for nothing that was before it came.
    const least = Math.min(...this.#served.values());
    this.#served.set(owner, Number.isFinite(least) ? least : 0);
  }

  leave(owner: string): void {
    this.#weights.delete(owner);
    this.#served.delete(owner);
  }

  /** How many run now, by the id of their device; left out: none. */
  get running(): Readonly<Record<string, number>> {
    const counts = [...this.#rooms].map(([device, { running }]) => [device, running.length] as const);
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }

  /** @param device Where it is to run; one that is not shared is free. */
  take(device: string, owner: string): Turn {
    const room = this.#rooms.get(device);
    if (room === undefined) return { granted: Promise.resolve(), release() {} };
    let startedMs: number | undefined;
    let grant = () => {};
    const granted = new Promise<void>((resolve) => {
      grant = resolve;
    });
    const entry: Entry = {
      owner,
      grant: () => {
        startedMs = this.#nowMs();
        room.running.push(entry);
        grant();
      },
    };
    room.waiting.push(entry);
    this.#admit(room);
    let isReleased = false;
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      if (startedMs === undefined) {
        room.waiting.splice(room.waiting.indexOf(entry), 1);
        return;
      }
      room.running.splice(room.running.indexOf(entry), 1);
      const served = this.#served.get(owner);
      if (served !== undefined) {
        const share = (this.#nowMs() - startedMs) / this.#weightOf(owner);
        this.#served.set(owner, served + share);
      }
      this.#admit(room);
    };
    return { granted, release };
  }

  #admit(room: Room): void {
    while (room.running.length < room.capacity) {
      const next = room.waiting.reduce<Entry | undefined>(
        (best, each) => (best === undefined || this.#comesBefore(each, best, room) ? each : best),
        undefined,
      );
      if (next === undefined) return;
      room.waiting.splice(room.waiting.indexOf(next), 1);
      next.grant();
    }
  }

  #comesBefore(one: Entry, other: Entry, room: Room): boolean {
    if (one.owner === other.owner) return false;
    const less = this.#placesOf(one.owner, room) - this.#placesOf(other.owner, room);
    return less < 0 || (less === 0 && this.#servedOf(one.owner) < this.#servedOf(other.owner));
  }

  #placesOf(owner: string, { running }: Room): number {
    return running.filter((each) => each.owner === owner).length / this.#weightOf(owner);
  }

  #servedOf(owner: string): number {
    return this.#served.get(owner) ?? 0;
  }

  #weightOf(owner: string): number {
    return this.#weights.get(owner) ?? 1;
  }
}
