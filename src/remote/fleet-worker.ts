import * as v from 'valibot';
import { type Machine, slotsToOffer } from '../core/machine/machine.js';
import { printable } from '../core/vocabulary/printable.js';
import { packageVersion } from '../host/package-version.js';
import type { Broker } from '../transport/bullmq/broker.js';
import { FleetServer } from '../transport/bullmq/fleet-server.js';
import type { Served } from '../transport/bullmq/served-session.js';
import type { Call, Handlers } from '../transport/transport.js';
import { checked } from './checked.js';
import { FairTurns } from './fair-turns.js';
import {
  allowedFetch,
  allowedPrepare,
  allowedStart,
  checkRun,
  type FleetPolicy,
  placeOf,
} from './fleet-policy.js';
import { type IdlePolicy, IdleWatch } from './idle-watch.js';
import {
  type ClearParams,
  type FleetAbout,
  mostReasonCharacters,
  type OpenParams,
  protocolVersion,
  type RunParams,
  type SetAsideParams,
} from './protocol.js';
import { SetAsideHere } from './set-aside-here.js';
import { TurnNews } from './turn-news.js';
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
  /** Suites start only while others leave the machine idle; left out: always. */
  readonly idle?: IdlePolicy;
  /** No suite may take longer, ms; left out: as long as it likes. */
  readonly longestSuiteMs?: number;
  /** Called when runs can see it, for the first time. */
  onJoined(): void;
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
  readonly #news: TurnNews;
  readonly #setAside: SetAsideHere;
  readonly #idle: IdleWatch | undefined;
  /** Device of each slot. */
  readonly #devices: ReadonlyMap<string, string>;
  readonly #workers = new Set<Worker>();
  /** Tells each run that was let in what happens here. */
  readonly #runs = new Map<string, (text: string) => void>();
  #nextRun = 1;
  #isLeaving = false;

  constructor(options: FleetWorkerOptions) {
    const { broker, name, key, root, machine, workers, policy, idle } = options;
    this.#options = options;
    const slots = slotsToOffer(machine, workers);
    this.#devices = new Map(slots.map((slot) => [slot.id, slot.device.id]));
    const capacities: Record<string, number> = {};
    for (const device of this.#devices.values()) capacities[device] = (capacities[device] ?? 0) + 1;
    this.#turns = new FairTurns(capacities, { onChange: () => this.#news.changed() });
    this.#news = new TurnNews(this.#turns);
    this.#setAside = new SetAsideHere({ directory: root, name, devices: machine.devices });
    this.#idle = idle && new IdleWatch(idle, (isIdle) => this.#useIf(isIdle));
    if (idle !== undefined) this.#turns.pause();
    const about: Omit<FleetAbout, 'load' | 'setAside' | 'inUseByOthers'> = {
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
        setAside: this.#setAside.devices,
        inUseByOthers: this.#idle?.isIdle === false,
        load: { runs: this.#runs.size, suites: this.#turns.running },
      }),
      serve: (notify) => this.#serve(notify),
      onJoined: options.onJoined,
      onTrouble: options.say,
    });
  }

  async start(): Promise<void> {
    await this.#idle?.start();
    await this.#server.start();
  }

  /** Takes no further runs, and lets the suites that run here end for a while. Runs start elsewhere what has not ended by then. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    await Promise.all([...this.#workers].map((worker) => worker.leave()));
  }

  /** Leaves the fleet and ends all that runs. */
  async close(): Promise<void> {
    this.kill();
    await this.#server.close();
  }

  /** Ends all that runs. Synchronous, so that it works while this process exits. */
  kill(): void {
    this.#idle?.stop();
    for (const worker of this.#workers) worker.kill();
  }

  #serve(notify: (name: string, payload: unknown) => void): Served {
    const { root, machine, policy, longestSuiteMs } = this.#options;
    const id = `run ${this.#nextRun++}`;
    const worker = new Worker({
      root,
      notify,
      takeTurn: (queue) => this.#turns.take(this.#devices.get(queue) ?? queue, id),
      ...(longestSuiteMs !== undefined && { longestTaskMs: longestSuiteMs }),
    });
    this.#workers.add(worker);
    let opened: OpenParams | undefined;
    let here = machine;
    const { cache, fetchTree, prepare, start, run: runTask, ping, finish } = worker.handlers;
    const afterOpen =
      (
        handler: Handlers[string],
        allowed: (params: unknown, run: OpenParams) => unknown = (params) => params,
      ): Handlers[string] =>
      async (params: unknown, call) => {
        if (opened === undefined) throw new Error('the run has not opened');
        return handler(allowed(params, opened) as never, call);
      };
    return {
      handlers: {
        open: async (params: unknown, { signal }: Call) => {
          const run = checkRun(params, policy);
          // What a run needs is installed and started with other people's work out of the way, too.
          if (this.#idle?.isIdle === false) {
            notify('progress', 'is in use by others, and takes part when it is idle');
            await this.#idle.whenIdle(signal);
          }
          if (this.#isLeaving) throw new Error('is about to leave the fleet');
          this.#turns.enter(id, run.weight);
          this.#news.enter(id, (deviceId, allowance) =>
            notify('told', { name: 'device-turns', payload: { deviceId, ...allowance } }),
          );
          this.#setAside.enter(id, placeOf(run.project), (device) =>
            notify('told', { name: 'set-aside', payload: device }),
          );
          opened = run;
          this.#runs.set(id, (text) => notify('progress', text));
          this.#options.onRuns(this.#runs.size);
          this.#options.say(printable(`${id} of ${run.project}`));
        },
        // It was asked when the worker started, and what a run says about it does not count, but for what it calls it.
        detect: afterOpen(async (params: unknown) => {
          here = { ...machine, machine: { ...machine.machine, name: calledBy(params) } };
          return here;
        }),
        cache: afterOpen(cache),
        fetchTree: afterOpen(fetchTree, (params, run) => allowedFetch(params, run, policy)),
        prepare: afterOpen(prepare, (params) => allowedPrepare(params, policy)),
        start: afterOpen(start, (params) => allowedStart(params, here, this.#devices.size)),
        run: afterOpen(runTask, (params) => this.#placed(params, here.machine.name)),
        ping: afterOpen(ping),
        finish: afterOpen(finish),
        clearSetAside: async (params: unknown) => this.#clearSetAside(params),
      },
      onNotice: (notice, payload) => {
        if (opened === undefined) return;
        if (notice === 'take-back') worker.onNotice(notice, payload);
        else if (notice === 'set-aside') this.#keepSetAside(id, payload);
      },
      close: () => {
        this.#news.leave(id);
        this.#turns.leave(id);
        this.#setAside.leave(id);
        this.#workers.delete(worker);
        worker.kill();
        if (this.#runs.delete(id)) this.#options.onRuns(this.#runs.size);
      },
    };
  }

  #useIf(isIdle: boolean): void {
    if (isIdle) this.#turns.resume();
    else this.#turns.pause();
    const text = isIdle ? 'is idle: suites may start' : 'is in use by others: no further suite starts there';
    this.#options.say(`${this.#options.name} ${text}`);
    for (const tell of this.#runs.values()) tell(text);
  }

  #keepSetAside(id: string, payload: unknown): void {
    const { say } = this.#options;
    try {
      const { deviceId, reason } = checked(told, payload, 'what is to be set aside is no device');
      this.#setAside.keep(id, deviceId, reason);
      say(printable(`${id} has set ${deviceId} aside: it ${reason}`));
    } catch (error) {
      say(printable(`what ${id} says of a device is not kept: ${(error as Error).message}`));
    }
  }

  #clearSetAside(params: unknown) {
    const { deviceIds } = checked(cleared, params, 'what is to be used again are no devices');
    const devices = this.#setAside.clear(deviceIds);
    for (const { deviceId } of devices) this.#options.say(printable(`${deviceId} is used again`));
    return devices;
  }

  /** Places of other names would be beside the turns. @param called What the run calls this machine. */
  #placed(params: unknown, called: string): RunParams {
    const { queue, number, task } = checked(sent, params, 'what is to run is no task');
    const own = queue.startsWith(`${called}/`) ? `${this.#options.name}${queue.slice(called.length)}` : queue;
    if (!this.#devices.has(own)) throw new Error(`it has no place ${JSON.stringify(queue)}`);
    return { queue: own, number, task };
  }
}

const sent = v.object({ queue: v.string(), number: v.pipe(v.number(), v.safeInteger()), task: v.unknown() });
const told = v.object({
  deviceId: v.string(),
  reason: v.pipe(v.string(), v.maxLength(mostReasonCharacters)),
}) satisfies v.GenericSchema<SetAsideParams>;
const cleared = v.object({ deviceIds: v.array(v.string()) }) satisfies v.GenericSchema<unknown, ClearParams>;
const asked = v.object({ name: v.pipe(v.string(), v.regex(/^[\w.-]{1,200}$/)) });

/** Several machines may have one key, and so one name: a run tells them apart. */
function calledBy(params: unknown): string {
  return checked(asked, params, 'what is to be detected is no machine').name;
}
