import type { Claim } from './machine.js';

/**
 * What a run may take from a machine that it shares with other runs: one suite at a time on these devices with these
 * locks. One without devices and locks that is not exclusive is for any number of suites.
 */
export type Permit = Pick<Claim, 'deviceIds' | 'locks' | 'exclusive'>;

/** The time for which suites were kept from starting, and what stood in the way. */
export interface Wait {
  readonly waitedMs: number;
  /** `gpu0 is held by pid 4711 in ../app` */
  readonly waitedFor: string;
}

const isHeldBy = ' is held by ';
/** Stands for a suite of the very run that waits. */
export const ownSuite = 'another suite of this run';

/** `gpu0 is held by pid 4711 in ../app` */
export function heldText(what: string, holder: string): string {
  return what + isHeldBy + holder;
}

/** The parts of `heldText`; the holder is left out of a text that names none. */
export function partsOfHeldText(text: string): { readonly what: string; readonly holder?: string } {
  const [what = text, ...holder] = text.split(isHeldBy);
  return holder.length === 0 ? { what } : { what, holder: holder.join(isHeldBy) };
}

/** Equal for permits that allow the same. */
export function permitKey({ deviceIds, locks, exclusive }: Permit): string {
  return JSON.stringify([[...deviceIds].sort(), [...locks].sort(), exclusive]);
}

/** Whether any number of suites may use it at once. */
export function isForMany({ deviceIds, locks, exclusive }: Permit): boolean {
  return deviceIds.length === 0 && locks.length === 0 && !exclusive;
}

interface Account {
  readonly forMany: boolean;
  /** Permits that the run has. */
  granted: number;
  /** Suites that run on them. */
  used: number;
  waiting?: { readonly sinceMs: number; readonly by: string };
  /** Told with the next suite that starts. */
  waited?: Wait;
}

/** The permits of a run on one machine. As long as nobody says that the machine is shared, everything is allowed. */
export class Permits {
  readonly #accounts = new Map<string, Account>();
  /** Asked for every group at every decision: its claims are known by identity. */
  readonly #byClaim = new WeakMap<Permit, Account>();
  #sharedDevices: ReadonlySet<string> | undefined;

  /** From now on nothing starts without a permit. @param deviceIds Those that others may hold. */
  share(deviceIds: readonly string[]): void {
    this.#sharedDevices = new Set(deviceIds);
  }

  get isShared(): boolean {
    return this.#sharedDevices !== undefined;
  }

  /** What of a claim is shared with other runs. */
  permitOf({ deviceIds, locks, exclusive }: Permit): Permit {
    return { deviceIds: deviceIds.filter((id) => this.#sharedDevices?.has(id)), locks, exclusive };
  }

  grant(permit: Permit, atMs: number): void {
    const account = this.#accountOf(permit);
    account.granted++;
    const { waiting } = account;
    if (waiting === undefined) return;
    account.waited = { waitedMs: atMs - waiting.sinceMs, waitedFor: waiting.by };
    delete account.waiting;
  }

  /** No further suite starts on it. */
  withdraw(permit: Permit): void {
    this.#accountOf(permit).granted--;
  }

  /** Somebody else has it. */
  awaitTurn(permit: Permit, by: string, atMs: number): void {
    const account = this.#accountOf(permit);
    account.waiting = { sinceMs: account.waiting?.sinceMs ?? atMs, by };
  }

  /** Why a suite with this claim may not start; undefined when it may. */
  refusal(claim: Permit): string | undefined {
    if (!this.isShared) return undefined;
    const { forMany, granted, used, waiting } = this.#accountFor(claim);
    if (forMany ? granted > 0 : used < granted) return undefined;
    const permit = this.permitOf(claim);
    const what = [...permit.deviceIds, ...permit.locks.map((lock) => `lock ${lock}`)].join(' and ');
    return waiting?.by ?? `${what || 'the machine'} is shared with other runs, and it is not our turn`;
  }

  /** @returns What the suite has waited for, when it is the first that starts since then. */
  takeWait(claim: Permit): Wait | undefined {
    if (!this.isShared) return undefined;
    const account = this.#accountFor(claim);
    const { waited } = account;
    delete account.waited;
    return waited;
  }

  /** @param count 1 when a suite starts, -1 when it ends. */
  book(claim: Permit, count: 1 | -1): void {
    if (this.isShared) this.#accountFor(claim).used += count;
  }

  #accountFor(claim: Permit): Account {
    let account = this.#byClaim.get(claim);
    if (account === undefined) {
      account = this.#accountOf(this.permitOf(claim));
      this.#byClaim.set(claim, account);
    }
    return account;
  }

  #accountOf(permit: Permit): Account {
    const key = permitKey(permit);
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = { forMany: isForMany(permit), granted: 0, used: 0 };
      this.#accounts.set(key, account);
    }
    return account;
  }
}
