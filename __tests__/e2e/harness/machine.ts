/** A project in a git repository, and another machine that runs some of its suites. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { RunEvent } from '../../../src/core/events.js';
import { repository } from './install.js';
import { leaveProjects, type Project, type ProjectOptions, useProject } from './project.js';
import { type SshHost, startSshHost } from './ssh-server.js';

let host: SshHost | undefined;

/** The machine, for all tests of a file. */
export async function machineHost(): Promise<SshHost> {
  host ??= await startSshHost('gpu-box');
  return host;
}

/** For `afterAll`. */
export async function leaveMachines(): Promise<void> {
  host?.dispose();
  await leaveProjects();
}

const gpu = { id: 'gpu0', class: 'gpu', model: 'Test GPU', memoryBytes: '8GiB', backends: ['cuda'] };

interface MachineProject extends Project {
  readonly box: SshHost;
}

/** A project, and a machine with a GPU that is reached by ssh. */
export async function useMachine(
  use: MachineOptions & { readonly host?: SshHost } = {},
): Promise<MachineProject> {
  const { host: own, ...others } = use;
  const box = own ?? (await machineHost());
  return { ...(await useProjectOn([{ host: box }], others)), box };
}

interface MachineOptions extends ProjectOptions {
  /** What each machine is given beside its address. */
  readonly machine?: object;
}

/** A project in a git repository of its own, whose suites may run on machines with a GPU each, by ports of their own. */
export async function useProjectOn(
  machines: readonly { readonly host: SshHost; readonly port?: number }[],
  { machine, options, ...others }: MachineOptions,
): Promise<Project> {
  const project = await useProject('bare', {
    ...others,
    options: {
      ...options,
      machines: machines.map(({ host: { name, configFile }, port }) => ({
        ssh: name,
        sshArgs: ['-F', configFile, ...(port === undefined ? [] : ['-o', `Port=${port}`])],
        setup: false,
        machine: { version: 1, devices: [gpu] },
        ...machine,
      })),
    },
  });
  for (const { host } of machines) linkPackages(project, host.home);
  writeFileSync(join(project.directory, '.gitignore'), 'node_modules\n.jest-hardware\n');
  commitAll(project.directory);
  return project;
}

/** Makes a git repository of a folder. */
export function commitAll(directory: string): void {
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], { cwd: directory });
  git('init', '--quiet');
  git('add', '--all');
  git('commit', '--quiet', '--message', 'all');
}

/** Checkouts find their packages in folders above them, as the project does. */
export function linkPackages({ directory }: Project, home: string): void {
  const own = dirname(
    createRequire(join(directory, 'package.json')).resolve('jest-runner-hardware/package.json'),
  );
  const links = [
    [join(home, 'node_modules'), join(repository, 'node_modules')],
    [join(home, '.cache/node_modules/jest-runner-hardware'), own],
  ] as const;
  for (const [link, target] of links) {
    mkdirSync(dirname(link), { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(target, link);
  }
}

/** The device on which each suite of a record ran. */
export function placesOf(record: readonly RunEvent[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    record.flatMap((event) =>
      event.type === 'suite-started'
        ? [[event.placement.suiteId, event.placement.slotId.split('#')[0] ?? '']]
        : [],
    ),
  );
}
