import type { RunningJest } from '../harness/jest.js';
import type { Project } from '../harness/project.js';

/** Machines that take part in runs, and what can happen to them. */
export interface Ground {
  readonly machines: readonly Target[];
  /** How long what a run started there may take to be gone, ms. */
  readonly freeMs: number;
  /** Longest time that a fault lasts which can end, ms. */
  readonly longestMs: number;
  /** Whether a second run may go on beside. */
  readonly isShared: boolean;
  /** @param suites Ids of the processes in which suites are running, here and on all machines. */
  faults(suites: () => readonly number[]): readonly Fault[];
  /** A project whose suites may run there. */
  project(files: Readonly<Record<string, string>>, directory: string): Promise<Project>;
  /** As if nothing had happened before. */
  renew(project: Project): Promise<void>;
  close(): Promise<void>;
}

/** One of the machines. */
export interface Target {
  readonly name: string;
  readonly home: string;
  /** Ids of running processes there that a run has started. */
  pids(): readonly number[];
  /** What a run must not leave there, beside them. */
  left(): readonly string[];
}

/** What can happen to one machine of a run while it goes on. */
export interface Fault {
  readonly name: string;
  /** Whose processes there must be first; undefined: it can happen at any time. */
  victims?(there: Target): readonly number[];
  begin(there: Target, victims: readonly number[], jest: RunningJest): void;
  /** Ends it: after a while, or when the run has ended. */
  heal?(there: Target, victims: readonly number[], jest: RunningJest): void;
  /** Nothing comes of the run; one after it goes as one of stock Jest. */
  readonly endsRun?: true;
}

export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended meanwhile.
    }
  }
}

export const killed = {
  begin: (_there: Target, victims: readonly number[]) => signal(victims, 'SIGKILL'),
} as const;
