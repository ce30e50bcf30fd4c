import type { Happening, RunEvent } from '../core/events.js';
import type { Claim, Machine } from '../core/machine/machine.js';
import { type Permit, permitKey } from '../core/machine/permits.js';
import type { PermitDemand } from '../core/scheduler/permit-demand.js';
import type { Executor } from '../execute/executor.js';
import type { RunListener } from '../execute/run.js';
import { Departures, type DeviceWorkers } from './departures.js';
import { MemoryGate, type MemoryWatch } from './memory-gate.js';
import { type Held, PermitAccount } from './permit-account.js';
import type { ClaimQueue } from './queue.js';
import { claimedDevices, needsOf } from './resources.js';
import { Ticket } from './ticket.js';
import { blockedText, WaitNotice } from './wait-notice.js';

type PermitHappening = Extract<
  Happening,
  { type: 'machine-shared' | 'permit-awaited' | 'permit-granted' | 'permit-withdrawn' }
>;

export interface RunClaimsOptions {
  readonly queue: ClaimQueue;
  readonly machine: Machine;
  /** How many suites the run may run at once. */
  readonly limit: number;
  /** Names the permits that it wants at this moment. */
  readonly scheduler: { readonly permitDemand: PermitDemand };
  readonly memory: MemoryWatch;
  readonly workers: DeviceWorkers;
  /** Tells the run, which may start suites before this returns. */
  tell(happening: PermitHappening): void;
  /** A line for the person at the terminal. */
  say(message: string): void;
}

/** How long an unused permit is not asked for again, unless something else happens before. */
const restMs = 1000;

/**
 * Gets permits for the suites of a run from the line of all runs of the host, before the suites are placed: a device
 * that others hold takes no worker, and the scheduler sends suites elsewhere meanwhile. What the run may use it keeps
 * from suite to suite as long as nobody else waits; then it gives it back after the suite that runs, and queues again.
 */
export class RunClaims implements RunListener {
  readonly #options: RunClaimsOptions;
  readonly #accounts = new Map<string, PermitAccount>();
  readonly #deviceIds: ReadonlySet<string>;
  readonly #notice: WaitNotice;
  readonly #memory: MemoryGate;
  readonly #departures: Departures;
  #rest: NodeJS.Timeout | undefined;
  /** Attempts that run, and how many have ended. */
  #running = 0;
  #ends = 0;
  #reviewing = false;
  #again = false;
  #closed = false;

  constructor(options: RunClaimsOptions) {
    const { machine, memory, workers, say } = options;
    this.#options = options;
    this.#deviceIds = new Set(claimedDevices(machine).map(({ id }) => id));
    this.#notice = new WaitNotice(machine, say);
    this.#memory = new MemoryGate(memory);
    this.#departures = new Departures(workers);
  }

  /** Tells the run that permits are needed from now on. Call it after the slots are up and before anything starts. */
  shareMachine(): void {
    this.#tell({ type: 'machine-shared', deviceIds: [...this.#deviceIds] });
  }

  /** The executor that keeps what an attempt claims until the attempt's process is gone. */
  around<Result>(executor: Executor<Result>): Executor<Result> {
    return {
      run: async (start, signal) => {
        const { claim } = start.placement;
        const account = this.#accountOf(this.#permitOf(claim));
        account.beginUse();
        this.#running++;
        const endMemoryUse = this.#memory.begin(claim);
        try {
          return await executor.run(start, signal);
        } finally {
          endMemoryUse();
          account.endUse();
          this.#running--;
          this.#ends++;
          this.#giveBack(account);
        }
      },
    };
  }

  /** Reviews permits: the events may have changed what the scheduler wants. */
  settled(events: readonly RunEvent[]): void {
    // An event that is not about permits: a permit that was of no use before may be useful now.
    if (events.some(({ type }) => !type.startsWith('permit-'))) this.#endRest();
    this.#review();
  }

  /** Releases every claim at once. Synchronous, so that it works while this process exits. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#rest);
    this.#memory.close();
    this.#departures.close();
    for (const account of this.#accounts.values()) {
      this.#notice.end(account.waiting);
      account.release();
    }
  }

  /** Withdraws permits that others wait for and requests missing ones, until telling the run changes nothing more. */
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

  #reviewOnce(): void {
    for (const account of this.#accounts.values()) this.#withdrawAwaited(account);
    const { needed, requested } = this.#options.scheduler.permitDemand;
    const keys = new Set(needed.map(permitKey));
    for (const [key, account] of this.#accounts) {
      if (keys.has(key)) continue;
      this.#notice.end(account.waiting);
      account.stopWaiting();
      // No suite is left that could use them.
      for (const held of account.held.filter(({ fresh }) => fresh)) this.#withdraw(account, held);
    }
    for (const permit of requested) this.#request(this.#accountOf(permit));
  }

  #request(account: PermitAccount): void {
    if (!account.lacksTicket) return;
    const { permit } = account;
    const { queue, machine, workers } = this.#options;
    const ticket: Ticket = new Ticket(queue, needsOf(permit, machine), {
      onGranted: () => {
        if (this.#closed || account.waiting !== ticket) return;
        this.#notice.end(ticket);
        account.waiting = undefined;
        this.#grantWhenMeasured(account, ticket, this.#memory.measure(account.permit));
        this.#review();
      },
      onWanted: () => {
        if (!this.#closed) this.#review();
      },
    });
    if (ticket.isGranted) {
      this.#grantWhenMeasured(account, ticket, this.#memory.measure(account.permit));
      return;
    }
    account.waiting = ticket;
    this.#tell({ type: 'permit-awaited', permit, by: blockedText(ticket, permit, machine) });
    this.#notice.begin(ticket, permit);
    if (permit.deviceIds.length > 0) workers.prepare(machine, permit.deviceIds);
  }

  #grantWhenMeasured(account: PermitAccount, ticket: Ticket, measured: Promise<void> | undefined): void {
    if (measured === undefined) {
      this.#grant(account, ticket);
      return;
    }
    account.measuring = ticket;
    void measured.then(() => {
      if (this.#closed || account.measuring !== ticket) return;
      account.measuring = undefined;
      this.#grant(account, ticket);
      this.#memory.pollWhileUnused(account);
      this.#review();
    });
  }

  #grant(account: PermitAccount, ticket: Ticket): void {
    account.addGranted(ticket, this.#ends);
    this.#tell({ type: 'permit-granted', permit: account.permit });
    this.#again = true;
  }

  /** Withdraws permits that other runs wait for. A fresh one may be used once before. */
  #withdrawAwaited(account: PermitAccount): void {
    for (const held of account.held) {
      if (!held.ticket.isAwaited) continue;
      // The scheduler had its chance: a worker became free since the grant, or none was busy.
      const isUseless = held.fresh && (this.#running === 0 || this.#ends > held.endsBefore);
      if (held.fresh && !isUseless) continue;
      if (isUseless) this.#letRest(account);
      this.#withdraw(account, held);
    }
  }

  #withdraw(account: PermitAccount, held: Held): void {
    account.drain(held);
    this.#tell({ type: 'permit-withdrawn', permit: account.permit });
    this.#releaseDrained(account);
  }

  /** Called when an attempt has ended, before the scheduler is told. */
  #giveBack(account: PermitAccount): void {
    if (this.#closed) return;
    this.#releaseDrained(account);
    // First come, first served: whoever waits has come before the next suite of this run.
    for (const held of account.contended()) this.#withdraw(account, held);
    this.#measureKept(account);
  }

  /** Measures again before the next suite: other programs may have taken memory while the last one ran. */
  #measureKept(account: PermitAccount): void {
    const { kept } = account;
    if (kept === undefined || account.measuring !== undefined) return;
    const measured = this.#memory.measure(account.permit);
    if (measured === undefined) return;
    account.withhold(kept);
    this.#tell({ type: 'permit-withdrawn', permit: account.permit });
    this.#grantWhenMeasured(account, kept.ticket, measured);
  }

  #releaseDrained(account: PermitAccount): void {
    for (const ticket of account.takeDrained()) this.#departures.release(ticket, account.permit);
  }

  /** Pauses requests for the permit: two runs that cannot use it would pass it back and forth. */
  #letRest(account: PermitAccount): void {
    account.resting = true;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      this.#endRest();
      this.#review();
    }, restMs);
  }

  #endRest(): void {
    clearTimeout(this.#rest);
    for (const account of this.#accounts.values()) account.resting = false;
  }

  #permitOf({ deviceIds, locks, exclusive }: Claim): Permit {
    return { deviceIds: deviceIds.filter((id) => this.#deviceIds.has(id)), locks, exclusive };
  }

  #accountOf(permit: Permit): PermitAccount {
    const key = permitKey(permit);
    let account = this.#accounts.get(key);
    if (account === undefined) {
      account = new PermitAccount(permit, this.#mostAtOnce(permit));
      this.#accounts.set(key, account);
    }
    return account;
  }

  /** @returns How many suites of the run could use such permits at once. */
  #mostAtOnce({ deviceIds, locks, exclusive }: Permit): number {
    if (locks.length > 0 || exclusive) return 1;
    const { machine, limit } = this.#options;
    const shares = machine.devices.flatMap(({ id, shares: own = 1 }) => (deviceIds.includes(id) ? own : []));
    return Math.min(limit, ...shares);
  }

  #tell(happening: WithoutMachine<PermitHappening>): void {
    this.#options.tell({ machine: this.#options.machine.machine.name, ...happening } as PermitHappening);
  }
}

type WithoutMachine<Event> = Event extends unknown ? Omit<Event, 'machine'> : never;
