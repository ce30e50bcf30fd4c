import { type Machine, slotsToOffer } from '../core/machine/machine.js';
import { packageVersion } from '../host/package-version.js';
import type { Broker } from '../transport/bullmq/broker.js';
import { FleetServer } from '../transport/bullmq/fleet-server.js';
import type { Served } from '../transport/bullmq/served-session.js';
import type { Handlers } from '../transport/transport.js';
import { FairTurns } from './fair-turns.js';
import { allowedFetch, allowedPrepare, allowedStart, checkRun, type FleetPolicy } from './fleet-policy.js';
import {
  type FetchParams,
  type FleetAbout,
  type OpenParams,
  type PrepareParams,
  protocolVersion,
  type StartParams,
} from './protocol.js';
import { Worker } from './worker.js';

export interface FleetWorkerOptions {
  readonly broker: Broker;
  readonly name: string;
  readonly key: Buffer;
  /** Where checkouts are kept, absolute. */
  readonly root: string;
  readonly machine: Machine;
  /** How many suites run at once; left out: one for each CPU thread, and one for each accelerator. */
  readonly workers?: number;
  readonly policy: FleetPolicy;
  /** No suite may take longer, ms; left out: as long as it likes. */
  readonly longestSuiteMs?: number;
  /** Called when a run has begun, or ended. @param count How many there are now. */
  onRuns(count: number): void;
  /** A line for the person at the terminal. */
  say(text: string): void;
}

/** A machine of a fleet: serves the runs that come, and shares its devices among them. */
export class FleetWorker {
  readonly #options: FleetWorkerOptions;
  readonly #server: FleetServer;
  readonly #turns: FairTurns;
  /** Device of each slot. */
  readonly #devices: ReadonlyMap<string, string>;
  readonly #workers = new Set<Worker>();
  #nextRun = 1;

  constructor(options: FleetWorkerOptions) {
    const { broker, name, key, machine, workers, policy } = options;
    this.#options = options;
    const slots = slotsToOffer(machine, workers);
    this.#devices = new Map(slots.map((slot) => [slot.id, slot.device.id]));
    const capacities: Record<string, number> = {};
    for (const device of this.#devices.values()) capacities[device] = (capacities[device] ?? 0) + 1;
    this.#turns = new FairTurns(capacities);
    const about: Omit<FleetAbout, 'load'> = {
      protocol: protocolVersion,
      version: packageVersion(),
      machine,
      ...(workers !== undefined && { workers }),
      ...(policy.only !== undefined && { only: policy.only }),
    };
    this.#server = new FleetServer({
      broker,
      name,
      key,
      about: (): FleetAbout => ({
        ...about,
        load: { runs: this.#workers.size, suites: this.#turns.running },
      }),
      serve: (notify) => this.#serve(notify),
      onRuns: options.onRuns,
      onTrouble: options.say,
    });
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  /** Leaves the fleet and ends all that runs. */
  async close(): Promise<void> {
    this.kill();
    await this.#server.close();
  }

  /** Ends all that runs. Synchronous, so that it works while this process exits. */
  kill(): void {
    for (const worker of this.#workers) worker.kill();
  }

  #serve(notify: (name: string, payload: unknown) => void): Served {
    const { root, machine, policy, name, longestSuiteMs } = this.#options;
    const run = `run ${this.#nextRun++}`;
    const worker = new Worker({
      root,
      notify,
      takeTurn: (queue) => this.#turns.take(this.#devices.get(queue) ?? queue, run),
      ...(longestSuiteMs !== undefined && { longestTaskMs: longestSuiteMs }),
    });
    this.#workers.add(worker);
    let isOpen = false;
    const { cache, fetchTree, prepare, start, run: runTask, ping, finish } = worker.handlers;
    const opened =
      <Params>(
        handler: Handlers[string],
        allowed: (params: Params) => unknown = (params) => params,
      ): Handlers[string] =>
      async (params: Params, call) => {
        if (!isOpen) throw new Error('the run has not opened');
        return handler(allowed(params) as never, call);
      };
    return {
      handlers: {
        open: async (params: OpenParams) => {
          checkRun(params, policy);
          this.#turns.enter(run, params.weight);
          isOpen = true;
          this.#options.say(`${run} of ${params.project}`);
        },
        // It was asked when the worker started, and what a run says about it does not count.
        detect: opened(async () => ({ ...machine, machine: { ...machine.machine, name } })),
        cache: opened(cache),
        fetchTree: opened(fetchTree, (params: FetchParams) => allowedFetch(params, policy)),
        prepare: opened(prepare, (params: PrepareParams) => allowedPrepare(params, policy)),
        start: opened(start, (params: StartParams) => allowedStart(params)),
        run: opened(runTask),
        ping: opened(ping),
        finish: opened(finish),
      },
      onNotice: (notice, payload) => {
        if (isOpen && notice === 'take-back') worker.onNotice(notice, payload);
      },
      close: () => {
        this.#turns.leave(run);
        this.#workers.delete(worker);
        worker.kill();
      },
    };
  }
}
