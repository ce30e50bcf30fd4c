import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type Link, startLink } from './link.js';
import { useProjectOn } from './machine.js';
import type { RunningProcess } from './processes.js';
import type { Project, ProjectOptions } from './project.js';
import { type SshHost, startSshHost } from './ssh-server.js';

/** A machine with a GPU, behind a network that can fail. */
export interface FarMachine {
  readonly name: string;
  readonly host: SshHost;
  readonly link: Link;
  /** Ids of running processes there whose command line contains the text; left out: all. */
  pids(text?: string): readonly number[];
  /** Names of files that a run must not leave in the folders of the machine. */
  leftFiles(): readonly string[];
  dispose(): void;
}

/** Found in the command line of the worker, and of Jest, there. */
export const farWorker = 'fs.writeSync(1';
export const farJest = 'jest/bin/jest';

export async function startFarMachine(name: string, delayMs = 0): Promise<FarMachine> {
  const host = await startSshHost(name);
  const link = await startLink(host.port, delayMs);
  return {
    name,
    host,
    link,
    pids: (text) => pidsAt(host.home, text),
    leftFiles: () => leftFilesAt(host.home),
    dispose() {
      link.close();
      host.dispose();
    },
  };
}

/** Ids of running processes of a machine whose command line contains the text; left out: all. */
export function pidsAt(home: string, text = ''): readonly number[] {
  return processesWith(`HOME=${home}`)
    .filter(({ command }) => command.includes(text))
    .map(({ pid }) => pid);
}

/** Names of files that a run must not leave in the folders of a machine. */
export function leftFilesAt(home: string): readonly string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(
    (path) => !path.includes('node_modules') && /\.lock$|index-[0-9a-f-]{36}|\/worker-\w+\.cjs\./.test(path),
  );
}

interface FarProjectOptions extends ProjectOptions {
  readonly machines: readonly FarMachine[];
  /** For each of them. */
  readonly machine?: object;
}

/** A project whose suites may run on these machines. */
export function useFarProject({ machines, machine, ...use }: FarProjectOptions): Promise<Project> {
  const reached = machines.map(({ host, link }) => ({ host, port: link.port }));
  return useProjectOn(reached, { ...use, machine: { workers: 2, ...machine } });
}

/** Processes alive (zombies are not) with this in their environment. */
function processesWith(variable: string): readonly RunningProcess[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        if (!readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0').includes(variable)) return [];
        const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return command === '' ? [] : [{ pid: Number(entry), command }];
      } catch {
        return []; // gone meanwhile
      }
    });
}

export function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** Folders and sockets by which runs of this machine bring files to others. */
export function bridgeFolders(temporary: string): readonly string[] {
  return existsSync(temporary)
    ? readdirSync(temporary).filter((name) => name.startsWith('jest-hardware-'))
    : [];
}
