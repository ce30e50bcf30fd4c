/** A fleet: a real Redis, and workers in processes of their own that have joined it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOf } from './command.js';
import { cleanEnvironment } from './jest.js';
import { commitAll, linkPackages } from './machine.js';
import { leaveProjects, type Project, type ProjectOptions, useProject } from './project.js';
import { type RedisHost, redisServer, startRedis } from './redis-server.js';

export interface Fleet {
  readonly redis: RedisHost;
  /** Starts a worker, and waits until it has joined. */
  join(project: Project, machine?: FleetMachineOptions): Promise<FleetMachine>;
  /** All that were started, also those that have ended. */
  machines(): readonly FleetMachine[];
  dispose(): Promise<void>;
}

export interface FleetMachineOptions {
  /** Default `gpu-box`. Empty: as its key says. */
  readonly name?: string;
  /** Flags of the worker beside those that every test needs. */
  readonly flags?: readonly string[];
  /** What a machine file says. Default: a GPU. */
  readonly devices?: readonly object[];
  /** How many of its CPU threads suites may use. Default: all. */
  readonly cpuBudget?: number;
  /** Installs dependencies. Default `none`. */
  readonly setup?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: that of the fleet. Empty: as a variable says. */
  readonly url?: string;
  /** Where it keeps its files, if it was there before. Default: a folder of its own. */
  readonly home?: string;
}

export interface FleetMachine {
  readonly name: string;
  readonly process: ChildProcess;
  /** Where it keeps its files. */
  readonly home: string;
  /** What it has said. */
  log(): string;
  /** Resolves when it has said this. */
  said(text: string): Promise<void>;
  /** Resolves when it has ended, with its exit code. */
  readonly ended: Promise<number | null>;
  /** Tells it to end, and waits for that. */
  end(): Promise<number | null>;
}

const gpu = { id: 'gpu0', class: 'gpu', model: 'Test GPU', memoryBytes: '8GiB', backends: ['cuda'] };

/** @param settings Arguments of the Redis. */
export async function startFleet(settings: readonly string[] = []): Promise<Fleet> {
  const redis = await startRedis(settings);
  const folder = mkdtempSync(join(tmpdir(), 'jrh-fleet-'));
  const machines: FleetMachine[] = [];
  return {
    redis,
    async join(project, options = {}) {
      const { home = join(folder, String(machines.length)) } = options;
      const machine = startMachine(home, project, redis.url, options);
      machines.push(machine);
      await machine.said('has joined the fleet');
      return machine;
    },
    machines: () => machines,
    async dispose() {
      for (const { process: worker } of machines) worker.kill('SIGKILL');
      await Promise.all(machines.map(({ ended }) => ended));
      await redis.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startMachine(
  home: string,
  project: Project,
  fleetUrl: string,
  { name = 'gpu-box', flags = [], env = {}, url = fleetUrl, setup = 'none', ...rest }: FleetMachineOptions,
): FleetMachine {
  mkdirSync(home, { recursive: true });
  linkPackages(project, home);
  const machineFile = join(home, 'machine.json');
  const { devices = [gpu], cpuBudget } = rest;
  writeFileSync(
    machineFile,
    JSON.stringify({ version: 1, devices, ...(cpuBudget !== undefined && { machine: { cpuBudget } }) }),
  );
  const named = name === '' ? [] : ['--name', name];
  const root = ['--root', join(home, '.cache/worker'), '--machine', machineFile, '--setup', setup];
  const worker = spawn(
    process.execPath,
    [commandOf(project), 'worker', ...(url === '' ? [] : ['--connect', url]), ...named, ...root, ...flags],
    {
      cwd: home,
      // Machines are many here, and must not wait for each other's devices.
      env: { ...cleanEnvironment(), HOME: home, JEST_HARDWARE_CLAIMS: join(home, 'claims'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let log = '';
  const waiting = new Set<() => void>();
  for (const stream of [worker.stdout, worker.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      for (const look of waiting) look();
    });
  }
  const ended = new Promise<number | null>((resolve) => worker.on('close', (code) => resolve(code)));
  return {
    name,
    process: worker,
    home,
    log: () => log,
    ended,
    end() {
      worker.kill('SIGTERM');
      return ended;
    },
    said(text) {
      return new Promise((resolve, reject) => {
        const look = () => {
          if (log.includes(text)) resolve();
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`the worker has ended without saying "${text}":\n${log}`)));
      });
    },
  };
}

/** A fleet for the tests of a file; there is none where these are skipped. */
export function fleetOfFile(): Fleet {
  let fleet: Fleet | undefined;
  beforeAll(async () => {
    if (redisServer !== undefined) fleet = await startFleet();
  });
  afterAll(async () => {
    await fleet?.dispose();
    await leaveProjects();
  });
  const started = () => {
    if (fleet === undefined) throw new Error('the fleet has not been started');
    return fleet;
  };
  return {
    get redis() {
      return started().redis;
    },
    join: (...machine) => started().join(...machine),
    machines: () => fleet?.machines() ?? [],
    dispose: () => started().dispose(),
  };
}

/** A project in a git repository with a remote of its own, whose runs use the fleet. */
export async function useFleetProject(
  { redis }: Fleet,
  { options, connect, ...others }: ProjectOptions & { readonly connect?: object } = {},
): Promise<Project> {
  const project = await useProject('bare', {
    ...others,
    options: { ...options, connect: { url: redis.url, ...connect } },
  });
  const { directory } = project;
  writeFileSync(join(directory, '.gitignore'), 'node_modules\n.jest-hardware\n');
  initWithRemote(directory);
  commitAll(directory);
  return project;
}

/** Makes a git repository of a folder, with a remote beside it that machines reach. */
export function initWithRemote(directory: string): void {
  const remote = `${directory}.git`;
  rmSync(remote, { recursive: true, force: true });
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: directory });
  git('init', '--quiet', '--bare', remote);
  git('init', '--quiet');
  git('remote', 'add', 'origin', remote);
}
