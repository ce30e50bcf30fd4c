import { setTimeout } from 'node:timers/promises';
import type { Injector } from '../../chaos/injector.js';
import type { ConnectConfig } from '../../config/connect.js';
import type { Happening } from '../../core/events.js';
import type { Machine } from '../../core/machine/machine.js';
import { printable } from '../../core/vocabulary/printable.js';
import { formatDuration } from '../../core/vocabulary/units.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { fleetSecret } from '../../remote/fleet-credentials.js';
import { aboutOf, opening, TreeByRemote, unfitBecause } from '../../remote/fleet-machine.js';
import { type OpenParams, protocolVersion } from '../../remote/protocol.js';
import { projectKeyOfRemote, remoteAddress } from '../../sync/git-remote.js';
import type { WorkingTree } from '../../sync/working-tree.js';
import { Broker } from '../../transport/bullmq/broker.js';
import { addressOf, BrokerAway } from '../../transport/bullmq/broker-problems.js';
import { FleetClient } from '../../transport/bullmq/fleet-client.js';
import type { Registration } from '../../transport/bullmq/registration.js';
import type { Transport } from '../../transport/transport.js';
import { session } from '../session.js';
import { isForeignCode } from './foreign-code.js';
import type { OtherWay } from './join-options.js';

export interface FleetOptions {
  readonly connect: ConnectConfig;
  readonly tree: Promise<WorkingTree>;
  /** Aborted when the run wants no more machines. */
  readonly left: AbortSignal;
  /** See the option `chaos`; undefined: nothing is injected. */
  readonly injector: Injector | undefined;
  /** Whether a suite of the run could use one more machine that has this. @param workers As for `join`. */
  isWanted(machine: Machine, workers: number | undefined): boolean;
  /**
   * A machine is to join the run.
   * @param workers How many suites run there at once; undefined: as many as it can.
   */
  join(way: OtherWay, workers: number | undefined): void;
  tell(happening: Happening): void;
  say(message: string): void;
}

/** What the run calls all machines that may still come. */
const allMachines = 'the fleet';
/** A machine that is there and free answers in less, whatever it runs. */
const leastPatienceMs = 10_000;
/** A broker that starts anew is away for seconds. */
const awayMs = 15_000;
const againMs = 250;
/** How often a machine may take part again in a run that has lost it: what a suite does there ends it again and again. */
const mostReturns = 2;

/** The fleet of a run: its machines are asked to join as they are seen. */
export class Fleet {
  readonly #options: FleetOptions;
  /** Machines that were asked to join, by the name that the run gave them. */
  readonly #asked = new Map<string, Registration>();
  /** Machines that could serve the run, and were not wanted. */
  #spare: readonly Registration[] = [];
  #client: FleetClient | undefined;
  #broker: Broker | undefined;
  #joinOver: (registration: Registration, transport: Transport) => void = () => {};
  #patience: NodeJS.Timeout | undefined;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Lets machines join that are there or come. A fleet that cannot be used is named, and the run goes on without it. */
  async begin(): Promise<void> {
    const { connect, left, tell, say } = this.#options;
    const address = URL.canParse(connect.url) ? addressOf(connect.url) : 'an unreadable address';
    tell({ type: 'machine-awaited', machine: allMachines, address });
    try {
      await this.#enter();
    } catch (error) {
      if (left.aborted) return;
      const { message } = error as Error;
      say(`jest-runner-hardware: ${message}\n  The run goes on without it.`);
      const problem = error instanceof UsageError ? (error.problems[0]?.message ?? message) : message;
      tell({ type: 'machine-settled', machine: allMachines, problem: printable(problem) });
      return;
    }
    if (left.aborted) return;
    const waited = formatDuration(connect.waitForHardware);
    if (this.#asked.size === 0)
      say(
        `jest-runner-hardware: no machine of the fleet at ${address} that this run can use is there yet; one that comes takes part, and suites that need one wait for ${waited}`,
      );
    this.#patience = globalThis.setTimeout(() => {
      const full = this.#broker?.fullBecause;
      const problem = `no machine of the fleet at ${address} that this run can use has come within ${waited}${full === undefined ? '' : `, as the broker takes nothing new: ${full}`}`;
      tell({
        type: 'machine-settled',
        machine: allMachines,
        ...(this.#asked.size === 0 && { problem }),
      });
    }, connect.waitForHardware);
    left.addEventListener('abort', () => clearTimeout(this.#patience), { once: true });
  }

  /** A machine that was lost may take part again: while its worker lives, what was lost is Jest there. */
  letReturn(name: string): void {
    const registration = this.#asked.get(name);
    const losses = [...this.#asked.values()].filter((each) => each === registration).length;
    if (registration !== undefined && losses <= mostReturns) this.#spare = [...this.#spare, registration];
  }

  /** The run has lost a machine, or one did not join: others that were not wanted may be wanted now. */
  reconsider(): void {
    const spare = this.#spare.filter((registration) => this.#client?.isThere(registration));
    this.#spare = [];
    this.#consider(spare);
  }

  async close(): Promise<void> {
    const dropped = this.#client?.dropped ?? 0;
    if (dropped > 0) {
      const which = `${dropped} ${dropped === 1 ? 'message' : 'messages'} of the fleet`;
      this.#options.say(
        `jest-runner-hardware: dropped ${which} that no machine with the right key had sent, or that were too old`,
      );
    }
    await this.#client?.close();
  }

  /** Synchronous. */
  abandon(): void {
    this.#client?.abandon();
  }

  /** A broker that is away for a moment is asked again. */
  async #enter(): Promise<void> {
    const { connect, left, say } = this.#options;
    const patienceMs = Math.min(awayMs, connect.waitForHardware);
    const startedMs = performance.now();
    for (let hasSaid = false; ; hasSaid = true) {
      try {
        await this.#enterOnce();
        return;
      } catch (error) {
        const isOver = left.aborted || performance.now() - startedMs >= patienceMs;
        if (!(error instanceof BrokerAway) || isOver) throw error;
        if (!hasSaid)
          say(
            `jest-runner-hardware: ${error.message}\n  It is tried again for ${formatDuration(patienceMs)}.`,
          );
      }
      await setTimeout(Math.min(againMs, patienceMs), undefined, { signal: left });
    }
  }

  async #enterOnce(): Promise<void> {
    const { url, insecure } = this.#options.connect;
    const secret = fleetSecret(url, session.fleetVariables);
    const broker = await Broker.open({
      url,
      insecure,
      onTrouble: (text) => this.#options.say(`jest-runner-hardware: ${text}`),
    });
    this.#broker = broker;
    try {
      await this.#enterBy(broker, secret);
    } catch (error) {
      await broker.close();
      throw error;
    }
  }

  async #enterBy(broker: Broker, secret: string): Promise<void> {
    const { connect, tree, left, injector, join } = this.#options;
    const { root, prefix } = await tree;
    const remote = await remoteAddress(root, connect.remote);
    left.throwIfAborted();
    const byRemote = new TreeByRemote(remote, connect.push);
    const opened: OpenParams = {
      protocol: protocolVersion,
      project: `${remote}${prefix === '' ? '' : `/${prefix}`}`,
      remote,
      weight: connect.priority,
      isForeign: isForeignCode(process.env),
    };
    this.#joinOver = (registration, transport) => {
      const about = aboutOf(registration);
      const way: OtherWay = {
        transport: opening(transport, opened, Math.max(leastPatienceMs, connect.waitForHardware)),
        fleetName: registration.name,
        isInUse: about?.inUseByOthers === true,
        project: projectKeyOfRemote(remote, registration.name),
        bringTree: (...args) => byRemote.bring(...args),
      };
      join(way, about?.workers);
    };
    this.#client = new FleetClient({
      broker,
      secret,
      ...(injector !== undefined && { disturb: (...passing) => injector.disturb(...passing) }),
      onMachines: (registrations) =>
        this.#consider(registrations.filter((each) => this.#isFit(each, remote))),
    });
    await this.#client.start();
  }

  /** Those with the fewest runs come first, and those that others use last. Who is not wanted may be later. */
  #consider(registrations: readonly Registration[]): void {
    const { isWanted, left } = this.#options;
    const useOf = (registration: Registration) => {
      const { load, inUseByOthers } = aboutOf(registration) ?? {};
      return inUseByOthers ? Number.MAX_SAFE_INTEGER : (load?.runs ?? 0);
    };
    for (const registration of [...registrations].sort((a, b) => useOf(a) - useOf(b))) {
      const about = aboutOf(registration);
      const transport = this.#client?.transportTo(registration);
      if (left.aborted || about === undefined || transport === undefined) return;
      if (isWanted(about.machine, about.workers))
        this.#joinOver(registration, { ...transport, name: this.#nameFor(registration) });
      else this.#spare = [...this.#spare, registration];
    }
  }

  /** Whether the run could use it at all; says why not. */
  #isFit(registration: Registration, remote: string): boolean {
    const about = aboutOf(registration);
    const unfit = about === undefined ? 'says nothing that is understood here' : unfitBecause(about, remote);
    if (unfit === undefined) return true;
    const { left, say } = this.#options;
    if (!left.aborted)
      say(`jest-runner-hardware: ${printable(`${registration.name} ${unfit}`)}; the run goes on without it`);
    return false;
  }

  /** Several machines may have one key, and so one name; one that was lost has another name when it takes part again. */
  #nameFor(registration: Registration): string {
    let unique = registration.name;
    for (let count = 2; this.#asked.has(unique); count++) unique = `${registration.name}-${count}`;
    this.#asked.set(unique, registration);
    return unique;
  }
}
