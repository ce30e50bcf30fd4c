import type { Allowance, FairTurns } from './fair-turns.js';

/** Called with what a run may use of a device, when it has changed. */
type TellRun = (deviceId: string, allowance: Allowance) => void;

interface Listener {
  readonly tell: TellRun;
  /** By device. */
  readonly told: Map<string, Allowance>;
  seen: ReadonlyMap<string, Allowance>;
}

/**
 * Tells runs what they may use of a machine. A place that is free between two suites of one run is no news: others hear of a
 * place when it has been free for a moment.
 */
export class TurnNews {
  readonly #turns: FairTurns;
  readonly #listeners = new Map<string, Listener>();
  readonly #after: (ms: number, call: () => void) => () => void;
  #stop: (() => void) | undefined;

  /** @param after Calls once, later. Returns what stops it. For tests. */
  constructor(turns: FairTurns, after = realTimer) {
    this.#turns = turns;
    this.#after = after;
  }

  /** A run has come. It is told at once what is not all its own. */
  enter(owner: string, tell: TellRun): void {
    const told = new Map(
      [...this.#turns.capacities].map(([device, capacity]) => [device, { free: capacity, share: capacity }]),
    );
    const listener: Listener = { tell, told, seen: this.#turns.allowancesOf(owner) };
    this.#listeners.set(owner, listener);
    this.#review(owner, listener);
  }

  leave(owner: string): void {
    this.#listeners.delete(owner);
    if (this.#listeners.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  /** What runs may use may have changed. */
  changed(): void {
    // A run that is alone has everything.
    if (this.#listeners.size > 0) this.#stop ??= this.#after(momentMs, () => this.#reviewAll());
  }

  #reviewAll(): void {
    this.#stop = undefined;
    let isDone = true;
    for (const [owner, listener] of this.#listeners) isDone = this.#review(owner, listener) && isDone;
    if (!isDone) this.changed();
  }

  /** @returns False: there may be more to tell in a moment. */
  #review(owner: string, listener: Listener): boolean {
    const before = listener.seen;
    listener.seen = this.#turns.allowancesOf(owner);
    let isDone = true;
    for (const [device, now] of listener.seen) {
      const steady = least(now, before.get(device) ?? now);
      const told = listener.told.get(device);
      if (!isEqual(steady, now)) isDone = false;
      if (told !== undefined && isEqual(told, steady)) continue;
      listener.told.set(device, steady);
      listener.tell(device, steady);
    }
    return isDone;
  }
}

const momentMs = 100;

function realTimer(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms);
  return () => clearTimeout(timer);
}

function least(one: Allowance, other: Allowance): Allowance {
  return { free: Math.min(one.free, other.free), share: Math.min(one.share, other.share) };
}

function isEqual(one: Allowance, other: Allowance): boolean {
  return one.free === other.free && one.share === other.share;
}
