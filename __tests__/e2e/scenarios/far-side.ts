import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Fleet, initWithRemote, startFleet } from '../harness/fleet.js';
import { linkPackages } from '../harness/machine.js';
import { type SshHost, startSshHost } from '../harness/ssh-server.js';
import { sideOf } from './local-side.js';
import type { IntendedDifference, Scenario, Side } from './scenario.js';

/** Runs every suite of a scenario on another machine: the CPU of this one is not to be used. */
export interface FarSide extends Side {
  dispose(): unknown;
}

export const farSides = { ssh: sshSide, fleet: fleetSide } as const;

function sshSide(): FarSide {
  let box: Promise<SshHost> | undefined;
  let host: SshHost | undefined;
  const side = sideOf({
    name: 'ssh',
    runner: 'hardware',
    options: async (scenario, directory) => {
      box ??= startSshHost('box');
      host = await box;
      return {
        machine: noCpuIn(host.home),
        machines: [
          {
            ssh: 'box',
            sshArgs: ['-F', host.configFile],
            setup: setupOf(scenario, directory),
            machine: { version: 1, machine: { cpuBudget: 2 } },
            env: [...new Set(scenario.steps.flatMap(({ env = {} }) => Object.keys(env)))],
          },
        ],
      };
    },
    async prepare(project) {
      if (host !== undefined) linkPackages(project, host.home);
      execFileSync('git', ['init', '--quiet'], { cwd: project.directory });
      excludeRecords(project.directory);
      return () => {};
    },
  });
  return { ...side, dispose: () => host?.dispose() };
}

/** A run brings neither command nor variables to a fleet: the machine is started for each step. */
function fleetSide(): FarSide {
  let starting: Promise<Fleet> | undefined;
  let home: string | undefined;
  const side = sideOf({
    name: 'fleet',
    runner: 'hardware',
    options: async (_scenario, directory) => {
      starting ??= startFleet();
      const { redis } = await starting;
      return { machine: noCpuIn(dirname(directory)), connect: { url: redis.url } };
    },
    async prepare(project, scenario, { env = {} }) {
      starting ??= startFleet();
      // A scenario may bring a repository that is hardly one.
      if (!existsSync(join(project.directory, '.git/config'))) initWithRemote(project.directory);
      excludeRecords(project.directory);
      const setup = setupOf(scenario, project.directory);
      const machine = await (await starting).join(project, {
        name: 'box',
        devices: [],
        cpuBudget: 2,
        env,
        ...(home !== undefined && { home }),
        ...(setup !== false && { setup }),
      });
      home = machine.home;
      return () => machine.end();
    },
  });
  return { ...side, dispose: async () => (await starting)?.dispose() };
}

function excludeRecords(directory: string): void {
  writeFileSync(join(directory, '.git/info/exclude'), '.jest-hardware\n');
}

/** What differs wherever suites run on another machine, beside what a row says of itself. */
export function farDifferences({ intended, far }: Scenario): IntendedDifference {
  const why = [intended?.why, far?.why].filter((text) => text !== undefined).join('; ');
  return { why, paths: [...processesThere, ...(intended?.paths ?? []), ...(far?.paths ?? [])] };
}

/** Which processes ran the suites is written there; and what leaves a process is JSON, where Jest's own process keeps values. */
const processesThere = [
  'workers',
  String.raw`results\.suites\.\d+\.testExecError`,
  String.raw`results\.suites\.\d+\.tests\.\d+\.failureDetails\.\d+\.matcherResult`,
];

/** Packages of the project's own are never sent: they are installed there. */
function setupOf({ files = {} }: Scenario, directory: string): string | false {
  const hasOwn = Object.keys(files).some((path) => path.startsWith('node_modules/'));
  return hasOwn && `cp -R '${join(directory, 'node_modules')}' .`;
}

/** A machine file by which this machine runs no suite. */
function noCpuIn(folder: string): string {
  const file = join(folder, 'no-cpu.json');
  writeFileSync(file, JSON.stringify({ devices: [{ id: 'cpu', usable: false }] }));
  return file;
}
