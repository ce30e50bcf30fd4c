import { relative } from 'node:path';
import type { Happening, RunEvent } from '../core/events.js';
import type { Claim, Machine } from '../core/machine/machine.js';
import { heldText, isForMany, ownSuite, type Permit, permitKey } from '../core/machine/permits.js';
import type { PermitDemand } from '../core/scheduler/permit-demand.js';
import { formatElapsed } from '../core/vocabulary/units.js';
import type { Executor } from '../execute/executor.js';
import type { RunListener } from '../execute/run.js';
import type { ClaimQueue } from './queue.js';
import { claimedDevices, needsOf, resourceText } from './resources.js';
import { Ticket } from './ticket.js';

type PermitHappening = Extract<
  Happening,
  { type: 'machine-shared' | 'permit-awaited' | 'permit-granted' | 'permit-withdrawn' }
>;

export interface RunClaimsOptions {
  readonly queue: ClaimQueue;
  readonly machine: Machine;
  /** How many suites the run may run at once. */
  readonly limit: number;
  /** Says what permits it wants, as of now. */
  readonly scheduler: { readonly permitDemand: PermitDemand };
  readonly memory: MemoryWatch;
  readonly workers: DeviceWorkers;
  /** Tells the run, which may start suites before this returns. */
  tell(happening: PermitHappening): void;
  /** A line for the person at the terminal. */
  say(message: string): void;
}

/** Knows how much of a device's memory others have taken. */
interface MemoryWatch {
  /** A suite is about to use the devices. @returns To be called when it no longer does. */
  begin(deviceIds: readonly string[]): () => void;
  /** Looks, tells the run, and never rejects; undefined: no suite asks for any of it. */
  look(deviceIds: readonly string[]): Promise<void> | undefined;
  /** Tells nothing any more. */
  close(): void;
}

/** The run's workers, as far as they hold devices. */
interface DeviceWorkers {
  /** Somebody else has the devices: starts a worker for them meanwhile. */
  prepare(machine: Machine, deviceIds: readonly string[]): void;
  /** Resolves when no idle worker holds any of the devices' memory; must not reject. */
  endIdle(deviceIds: readonly string[]): Promise<void>;
}

/** Who waits longer than this wants to know why; and every so often whether it is still so. */
const sayAfterMs = 3000;
const sayEveryMs = 60_000;
/** After a permit was of no use: until anything else happens, but no longer. */
const restMs = 1000;
/** Nobody tells when memory becomes free. */
const lookAgainMs = 5000;

/** A ticket that holds, and whether a suite has run on it. */
interface Held {
  readonly ticket: Ticket;
  fresh: boolean;
  /** `#ends` when it was granted. */
  readonly endsBefore: number;
}

/** What the run has of one permit. */
interface Account {
  readonly permit: Permit;
  readonly forMany: boolean;
  waiting?: Ticket;
  /** Told to the scheduler. */
  held: Held[];
  /** No longer told, released as soon as their suites have ended. */
  draining: Ticket[];
  used: number;
  resting: boolean;
  /** It holds, and is told to the scheduler when it is known what others have taken of the devices. */
  looking?: Ticket;
}

/**
 * Gets permits for the suites of a run from the line of all runs of the host, before the suites are placed: a device
 * that others hold takes no worker, and the scheduler sends suites elsewhere meanwhile. What the run may use it keeps
 * from suite to suite as long as nobody else waits; then it gives it back after the suite that runs, and queues again.
 */
export class RunClaims implements RunListener {
  readonly #options: RunClaimsOptions;
  readonly #accounts = new Map<string, Account>();
  readonly #deviceIds: ReadonlySet<string>;
  readonly #saying = new Map<Account, NodeJS.Timeout>();
  readonly #looks = new Map<Account, NodeJS.Timeout>();
  /** To be released when nothing of their devices' memory is held any more. */
  readonly #leaving = new Set<Ticket>();
  #rest: NodeJS.Timeout | undefined;
  /** Attempts that run, and how many have ended. */
  #running = 0;
  #ends = 0;
  #reviewing = false;
  #again = false;
  #closed = false;

  constructor(options: RunClaimsOptions) {
    this.#options = options;
    this.#deviceIds = new Set(claimedDevices(options.machine).map(({ id }) => id));
  }

  /** To be called when the slots are up, before anything may start. */
  open(): void {
    this.#tell({ type: 'machine-shared', deviceIds: [...this.#deviceIds] });
  }

  /** What an attempt claims is held until its process is gone, however the run goes on. */
  around<Result>(executor: Executor<Result>): Executor<Result> {
    return {
      run: async (start, signal) => {
        const { claim } = start.placement;
        const account = this.#accountOf(this.#permitOf(claim));
        account.used++;
        this.#running++;
        const fresh = account.held.find((held) => held.fresh);
        for (const held of account.forMany ? account.held : fresh ? [fresh] : []) held.fresh = false;
        const leave = this.#options.memory.begin(claim.deviceIds);
        try {
          return await executor.run(start, signal);
        } finally {
          leave();
          account.used--;
          this.#running--;
          this.#ends++;
          this.#giveBack(account);
        }
      },
    };
  }

  /** What is wanted and what is held may have changed. */
  settled(events: readonly RunEvent[]): void {
    // Something has happened that permits were not the reason of: those of no use may be of use now.
    if (events.some(({ type }) => !type.startsWith('permit-'))) this.#wake();
    this.#review();
  }

  #review(): void {
    this.#again = true;
    if (this.#reviewing) return;
    this.#reviewing = true;
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        this.#reviewOnce();
      }
    } finally {
      this.#reviewing = false;
    }
  }

  #wake(): void {
    clearTimeout(this.#rest);
    for (const account of this.#accounts.values()) account.resting = false;
  }

  /** Gives everything back at once. Synchronous. */
  close(): void {
    this.#closed = true;
    this.#options.memory.close();
    clearTimeout(this.#rest);
    for (const timer of this.#looks.values()) clearTimeout(timer);
    for (const ticket of this.#leaving) ticket.release();
    for (const account of this.#accounts.values()) {
      this.#stopWaiting(account);
      account.looking?.release();
      delete account.looking;
      for (const { ticket } of account.held) ticket.release();
      for (const ticket of account.draining) ticket.release();
      account.held = [];
      account.draining = [];
    }
  }

  #reviewOnce(): void {
    for (const account of this.#accounts.values()) this.#withdrawAwaited(account);
    const { needed, requested } = this.#options.scheduler.permitDemand;
    const keys = new Set(needed.map(permitKey));
    for (const [key, account] of this.#accounts) {
      if (keys.has(key)) continue;
      this.#stopWaiting(account);
      // Nothing will come any more that could use what no suite has used yet.
      for (const held of account.held.filter(({ fresh }) => fresh)) this.#withdraw(account, held);
    }
    for (const permit of requested) this.#request(this.#accountOf(permit));
  }

  #request(account: Account): void {
    const { permit, forMany, held, draining, used } = account;
    if (account.waiting !== undefined || account.resting || account.looking !== undefined) return;
    const isEnough = forMany
      ? held.length > 0
      : held.length > used || held.length + draining.length >= this.#mostAtOnce(permit);
    if (isEnough) return;
    const { queue, machine, workers } = this.#options;
    const ticket: Ticket = new Ticket(queue, needsOf(permit, machine), {
      onGranted: () => {
        if (this.#closed || account.waiting !== ticket) return;
        this.#stopSaying(account);
        delete account.waiting;
        this.#granted(account, ticket);
        this.#review();
      },
      onWanted: () => {
        if (!this.#closed) this.#review();
      },
    });
    if (ticket.isGranted) {
      this.#granted(account, ticket);
      return;
    }
    account.waiting = ticket;
    this.#tell({ type: 'permit-awaited', permit, by: this.#blockedText(account) });
    this.#say(account, sayAfterMs);
    if (permit.deviceIds.length > 0) workers.prepare(machine, permit.deviceIds);
  }

  /** @returns How many suites of the run could use such permits at once. */
  #mostAtOnce({ deviceIds, locks, exclusive }: Permit): number {
    if (locks.length > 0 || exclusive) return 1;
    const { machine, limit } = this.#options;
    const shares = machine.devices.flatMap(({ id, shares: own = 1 }) => (deviceIds.includes(id) ? own : []));
    return Math.min(limit, ...shares);
  }

  #granted(account: Account, ticket: Ticket, look = this.#look(account)): void {
    if (look === undefined) {
      this.#grant(account, ticket);
      return;
    }
    account.looking = ticket;
    void look.then(() => {
      if (this.#closed || account.looking !== ticket) return;
      delete account.looking;
      this.#grant(account, ticket);
      this.#lookAgain(account);
      this.#review();
    });
  }

  #look({ permit }: Account): Promise<void> | undefined {
    return this.#options.memory.look(permit.deviceIds);
  }

  /** As long as the scheduler has no use for the permit: others may have too much of the memory. */
  #lookAgain(account: Account): void {
    clearTimeout(this.#looks.get(account));
    const timer = setTimeout(() => {
      if (this.#closed || !account.held.some(({ fresh }) => fresh)) return;
      void this.#look(account)?.then(() => this.#lookAgain(account));
    }, lookAgainMs);
    this.#looks.set(account, timer);
  }

  #grant(account: Account, ticket: Ticket): void {
    account.held.push({ ticket, fresh: true, endsBefore: this.#ends });
    this.#tell({ type: 'permit-granted', permit: account.permit });
    this.#again = true;
  }

  /** Stops the use of what others wait for. What was just granted may be used once. */
  #withdrawAwaited(account: Account): void {
    for (const held of [...account.held]) {
      if (!held.ticket.isAwaited) continue;
      // A worker has become free since then, or there was none busy, and the scheduler had no use for it.
      const isUseless = held.fresh && (this.#running === 0 || this.#ends > held.endsBefore);
      if (held.fresh && !isUseless) continue;
      if (isUseless) this.#letRest(account);
      this.#withdraw(account, held);
    }
  }

  #withdraw(account: Account, held: Held): void {
    account.held = account.held.filter((other) => other !== held);
    account.draining.push(held.ticket);
    this.#tell({ type: 'permit-withdrawn', permit: account.permit });
    this.#releaseDrained(account);
  }

  /** After the end of an attempt, before the scheduler knows of it. */
  #giveBack(account: Account): void {
    if (this.#closed) return;
    this.#releaseDrained(account);
    // Who waits may not have said so yet: first come, first served.
    const used = account.held.filter(
      ({ fresh, ticket }) => !fresh && !account.forMany && ticket.isContended(),
    );
    for (const held of used.slice(0, Math.max(0, account.held.length - account.used))) {
      this.#withdraw(account, held);
    }
    this.#renewLook(account);
  }

  /** What is kept for the next suite must be looked at again: others have had the time of a whole suite. */
  #renewLook(account: Account): void {
    const kept = account.held.find(({ fresh }) => !fresh);
    if (kept === undefined || account.looking !== undefined || account.held.length <= account.used) return;
    const look = this.#look(account);
    if (look === undefined) return;
    account.held = account.held.filter((other) => other !== kept);
    this.#tell({ type: 'permit-withdrawn', permit: account.permit });
    this.#granted(account, kept.ticket, look);
  }

  #releaseDrained(account: Account): void {
    const inUse = () =>
      account.forMany ? account.used > 0 : account.used >= account.held.length + account.draining.length;
    while (account.draining.length > 0 && !inUse()) this.#leave(account.draining.shift(), account.permit);
  }

  #leave(ticket: Ticket | undefined, permit: Permit): void {
    if (ticket === undefined) return;
    if (permit.deviceIds.length === 0) {
      ticket.release();
      return;
    }
    this.#leaving.add(ticket);
    void this.#options.workers.endIdle(permit.deviceIds).then(() => {
      this.#leaving.delete(ticket);
      ticket.release();
    });
  }

  /** Not asked for again at once: two runs that have no use for it would throw it to each other. */
  #letRest(account: Account): void {
    account.resting = true;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      this.#wake();
      this.#review();
    }, restMs);
  }

  #stopWaiting(account: Account): void {
    this.#stopSaying(account);
    account.waiting?.release();
    delete account.waiting;
  }

  #say(account: Account, afterMs: number): void {
    this.#stopSaying(account);
    const timer = setTimeout(() => {
      // That suites of one run follow one another is no news.
      if (account.waiting?.holder()?.content.pid !== process.pid) {
        this.#options.say(`jest-runner-hardware: waiting: ${this.#blockedText(account, true)}`);
      }
      this.#say(account, sayEveryMs);
    }, afterMs);
    this.#saying.set(account, timer.unref());
  }

  #stopSaying(account: Account): void {
    clearTimeout(this.#saying.get(account));
    this.#saying.delete(account);
  }

  /** `gpu0 is held by pid 4711 in ../app`, and for a person `, 2:10`. */
  #blockedText({ waiting, permit }: Account, withTime = false): string {
    const holder = waiting?.holder();
    if (holder === undefined) return `${permit.deviceIds.join(' and ') || 'the machine'} is about to be free`;
    const { resource, content } = holder;
    const { pid, cwd, sinceMs } = content;
    const what = resourceText(resource, this.#options.machine);
    if (pid === process.pid) return heldText(what, ownSuite);
    const near = relative(process.cwd(), cwd) || '.';
    const where = near.length < cwd.length ? near : cwd;
    const time = withTime ? `, ${formatElapsed(Math.max(0, Date.now() - sinceMs))}` : '';
    return heldText(what, `pid ${pid} in ${where}${time}`);
  }

  #permitOf({ deviceIds, locks, exclusive }: Claim): Permit {
    return { deviceIds: deviceIds.filter((id) => this.#deviceIds.has(id)), locks, exclusive };
  }

  #accountOf(permit: Permit): Account {
    const key = permitKey(permit);
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = { permit, forMany: isForMany(permit), held: [], draining: [], used: 0, resting: false };
      this.#accounts.set(key, account);
    }
    return account;
  }

  #tell(happening: WithoutMachine<PermitHappening>): void {
    this.#options.tell({
      machine: this.#options.machine.machine.name,
      ...happening,
    } as PermitHappening);
  }
}

type WithoutMachine<Event> = Event extends unknown ? Omit<Event, 'machine'> : never;
