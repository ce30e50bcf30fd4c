import { homedir, hostname } from 'node:os';
import { resolve } from 'node:path';
import { detectMachine } from '../detect/detect.js';
import { lazyProbeNames } from '../detect/lazy-probes.js';
import { Broker } from '../transport/bullmq/broker.js';
import { takeWorkerKey } from './fleet-credentials.js';
import type { FleetPolicy } from './fleet-policy.js';
import { FleetWorker } from './fleet-worker.js';
import type { IdlePolicy } from './idle-watch.js';

export interface ServeFleetOptions {
  /** Address of the broker. */
  readonly url: string;
  readonly insecure: boolean;
  /** What the machine is called; left out: as its key says, else its host. */
  readonly name?: string;
  /** Where checkouts are kept; `~` is the user's home. */
  readonly directory: string;
  /** See `FleetWorkerOptions`. */
  readonly workers?: number;
  readonly longestSuiteMs?: number;
  /** Path of a machine file for this machine. */
  readonly machineFile?: string;
  readonly python?: string;
  readonly policy: FleetPolicy;
  /** See `FleetWorkerOptions`. */
  readonly idle?: IdlePolicy;
  /** Ends after the first time that it has served a run and has none. */
  readonly once: boolean;
  /** Ends when it has had no run for so long, ms; left out: never. */
  readonly idleExitMs?: number;
  readonly env: NodeJS.ProcessEnv;
  say(text: string): void;
}

/** Serves the runs of a fleet until it has served enough, or is told to end. */
export async function serveFleet(options: ServeFleetOptions): Promise<void> {
  const { url, insecure, env, directory, machineFile, python, once, idleExitMs, say } = options;
  const { name, key } = takeWorkerKey(url, env, options.name, hostname().replaceAll(/[^\w.-]/g, '-'));
  const root = resolve(directory.replace(/^~(?=\/|$)/, homedir()));
  const [broker, machine] = await Promise.all([
    Broker.open({ url, insecure, onTrouble: say }),
    detectMachine({
      projectDir: root,
      lazy: lazyProbeNames,
      ...(machineFile !== undefined && { machineFile }),
      ...(python !== undefined && { python }),
    }),
  ]);
  const { policy, workers, longestSuiteMs, idle } = options;
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const idleExit = new IdleExit(idleExitMs, end);
  const worker = new FleetWorker({
    broker,
    name,
    key,
    root,
    machine: { ...machine, machine: { ...machine.machine, name } },
    policy,
    ...(idle !== undefined && { idle }),
    ...(workers !== undefined && { workers }),
    ...(longestSuiteMs !== undefined && { longestSuiteMs }),
    onJoined: () => say(`${name} has joined the fleet at ${broker.address}`),
    onRuns(count) {
      idleExit.set(count > 0);
      if (count === 0 && once) end();
    },
    say,
  });
  process.on('exit', () => worker.kill());
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.once(signal, end);
  // The machine is shut down or taken away. Whoever cannot wait says so again.
  process.once('SIGTERM', () => {
    process.once('SIGTERM', end);
    void worker.leave().then(end);
  });
  try {
    await worker.start();
  } catch (error) {
    await worker.close();
    await broker.close();
    throw error;
  }
  idleExit.set(false);
  await ended;
  await worker.close();
  await broker.close();
  say(`${name} has left the fleet`);
}

/** Ends when nothing has been going on for long. */
class IdleExit {
  readonly #afterMs: number | undefined;
  readonly #end: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(afterMs: number | undefined, end: () => void) {
    this.#afterMs = afterMs;
    this.#end = end;
  }

  set(isBusy: boolean): void {
    clearTimeout(this.#timer);
    if (!isBusy && this.#afterMs !== undefined) this.#timer = setTimeout(this.#end, this.#afterMs);
  }
}
