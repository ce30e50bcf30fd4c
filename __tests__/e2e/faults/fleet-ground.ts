import { fileURLToPath } from 'node:url';
import { farJest, leftFilesAt, pidsAt } from '../harness/far-machine.js';
import { type Fleet, type FleetMachine, startFleet, useFleetProject } from '../harness/fleet.js';
import { type Link, startLink } from '../harness/link.js';
import { zombiesOf } from '../harness/processes.js';
import type { Project } from '../harness/project.js';
import type { RedisHost } from '../harness/redis-server.js';
import { type Fault, type Ground, killed, signal, type Target } from './fault.js';

/** Two machines of a fleet, each with a way of its own to the broker, and so has the run. */
export async function fleetGround(): Promise<Ground> {
  const fleet = await startFleet(['--appendonly', 'yes']);
  const { redis } = fleet;
  const runs = await startLink(redis.port);
  const targets = [
    new FleetTarget('one', fleet, await startLink(redis.port)),
    // Clocks of machines differ by minutes.
    new FleetTarget('two', fleet, await startLink(redis.port), {
      NODE_OPTIONS: `--require ${clockAhead}`,
      E2E_CLOCK_AHEAD_MS: String(7 * 60_000),
    }),
  ];
  return {
    machines: targets,
    // Runs and machines that were cut off have to be sure of it.
    freeMs: 9000,
    longestMs: 13_000,
    isShared: true,
    faults: (suites) => [
      ...machineFaults(),
      ...runFaults(runs),
      ...brokerFaults(redis),
      { name: 'the process of a suite is killed', victims: () => suites().slice(0, 1), ...killed },
    ],
    project: (files, directory) =>
      useFleetProject(fleet, { files, directory, connect: { url: urlOf(runs) } }),
    async renew(project) {
      for (const link of [runs, ...targets.map((target) => target.link)]) {
        link.delay(0);
        link.heal();
      }
      await Promise.all(targets.map((target) => target.begin(project)));
    },
    async close() {
      redis.resume();
      await fleet.dispose();
      for (const link of [runs, ...targets.map((target) => target.link)]) link.close();
    },
  };
}

class FleetTarget implements Target {
  readonly name: string;
  readonly link: Link;
  readonly #fleet: Fleet;
  readonly #env: Readonly<Record<string, string>>;
  #project: Project | undefined;
  #machine: FleetMachine | undefined;
  #starting: Promise<unknown> = Promise.resolve();
  /** The machine was told to end, and takes its time. */
  #isLeaving = false;

  constructor(name: string, fleet: Fleet, link: Link, env: Readonly<Record<string, string>> = {}) {
    this.name = name;
    this.link = link;
    this.#fleet = fleet;
    this.#env = env;
  }

  get home(): string {
    return this.#machine?.home ?? '';
  }

  get worker(): number {
    return this.#machine?.process.pid ?? 0;
  }

  /** Starts its worker, unless it runs; waits until it has joined. */
  async begin(project: Project): Promise<void> {
    this.#project = project;
    await this.#starting;
    await this.#start();
  }

  /** Starts its worker again, as soon as the old one has ended. */
  startAgain(): void {
    this.#starting = this.#starting.then(() => this.#start()).catch(() => {});
  }

  async #start(): Promise<void> {
    const before = this.#machine;
    const stays = before !== undefined && isRunning(before) && !this.#isLeaving;
    if (this.#project === undefined || stays) return;
    await before?.ended;
    this.#isLeaving = false;
    this.#machine = await this.#fleet.join(this.#project, {
      name: this.name,
      url: urlOf(this.link),
      env: this.#env,
      flags: ['--workers', '2'],
      ...(before !== undefined && { home: before.home }),
    });
  }

  leave(): void {
    this.#isLeaving = true;
    signal([this.worker], 'SIGTERM');
  }

  pids(): readonly number[] {
    return pidsAt(this.home).filter((pid) => pid !== this.worker);
  }

  left(): readonly string[] {
    const zombies = zombiesOf(this.worker).map((pid) => `zombie of the worker: ${pid}`);
    return [...zombies, ...leftFilesAt(this.home).map((file) => `left there: ${file}`)];
  }
}

function machineFaults(): readonly Fault[] {
  const at = (there: Target) => there as FleetTarget;
  const workerOf = (there: Target) => [at(there).worker];
  const everythingAt = (there: Target) => pidsAt(there.home);
  return [
    { name: 'the worker is killed, and starts again', victims: workerOf, ...killed, heal: startAgain },
    {
      name: 'the worker is told to end, and starts again',
      victims: workerOf,
      begin: (there) => at(there).leave(),
      heal: startAgain,
    },
    { name: 'Jest there is killed', victims: (there) => pidsAt(there.home, farJest), ...killed },
    {
      name: 'the machine sleeps',
      victims: everythingAt,
      begin: (_there, victims) => signal(victims, 'SIGSTOP'),
      heal: (_there, victims) => signal(victims, 'SIGCONT'),
    },
    {
      name: 'the machine is cut off',
      begin: (there) => at(there).link.cut(),
      heal: (there) => at(there).link.heal(),
    },
    {
      name: 'the link of the machine swallows everything',
      begin: (there) => at(there).link.swallow(),
      heal: (there) => at(there).link.heal(),
    },
    { name: 'the link of the machine is slow', begin: (there) => at(there).link.delay(150) },
  ];

  function startAgain(there: Target): void {
    at(there).startAgain();
  }
}

function runFaults(link: Link): readonly Fault[] {
  return [
    { name: 'the run is killed', begin: (_there, _victims, jest) => jest.signal('SIGKILL'), endsRun: true },
    { name: 'the run is cut off', begin: () => link.cut(), heal: () => link.heal() },
    { name: 'the link of the run swallows everything', begin: () => link.swallow(), heal: () => link.heal() },
    { name: 'the link of the run is slow', begin: () => link.delay(150) },
    {
      name: 'the run sleeps',
      begin: (_there, _victims, jest) => jest.signal('SIGSTOP'),
      heal: (_there, _victims, jest) => jest.signal('SIGCONT'),
    },
  ];
}

function brokerFaults(redis: RedisHost): readonly Fault[] {
  return [
    { name: 'the broker is killed, and starts again', begin: () => void redis.kill(), heal: again },
    {
      name: 'the broker is killed, and starts again without what it had',
      begin: () => void redis.kill().then(() => redis.forget()),
      heal: again,
    },
    { name: 'the broker hangs', begin: () => redis.pause(), heal: () => redis.resume() },
    {
      name: 'the memory of the broker is full',
      begin: () => void redis.limitMemory(1),
      heal: () => void redis.limitMemory(0),
    },
  ];

  function again(): void {
    void redis.kill().then(() => redis.restart());
  }
}

function isRunning({ process: worker }: FleetMachine): boolean {
  return worker.exitCode === null && worker.signalCode === null;
}

function urlOf({ port }: Link): string {
  return `redis://127.0.0.1:${port}`;
}

const clockAhead = fileURLToPath(new URL('../harness/clock-ahead.cjs', import.meta.url));
