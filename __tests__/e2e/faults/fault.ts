import { type FarMachine, farJest, farWorker, parentOf } from '../harness/far-machine.js';

/** What can happen to one machine of a run while it goes on. */
export interface Fault {
  readonly name: string;
  /** Whose processes there must be first; undefined: it can happen at any time. */
  victims?(there: FarMachine): readonly number[];
  begin(there: FarMachine, victims: readonly number[]): void;
  /** Ends it: after a while, or when the run has ended. */
  heal?(there: FarMachine, victims: readonly number[]): void;
}

/** @param suites Ids of the processes in which suites are running, here and on all machines. */
export function faultsOf(suites: () => readonly number[]): readonly Fault[] {
  const killed = { begin: (_there: FarMachine, victims: readonly number[]) => signal(victims, 'SIGKILL') };
  return [
    { name: 'the worker is killed', victims: (there) => there.pids(farWorker), ...killed },
    { name: 'Jest there is killed', victims: (there) => there.pids(farJest), ...killed },
    {
      name: 'the ssh session is killed',
      victims: (there) => there.pids(farWorker).flatMap(parentOrNone),
      ...killed,
    },
    { name: 'the link is cut', begin: ({ link }) => link.cut(), heal: ({ link }) => link.heal() },
    {
      name: 'the link swallows everything',
      begin: ({ link }) => link.swallow(),
      heal: ({ link }) => link.heal(),
    },
    {
      name: 'the machine sleeps',
      victims: (there) => there.pids(),
      begin: (_there, victims) => signal(victims, 'SIGSTOP'),
      heal: (_there, victims) => signal(victims, 'SIGCONT'),
    },
    { name: 'the process of a suite is killed', victims: () => suites().slice(0, 1), ...killed },
  ];
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

function parentOrNone(pid: number): readonly number[] {
  try {
    return [parentOf(pid)];
  } catch {
    return [];
  }
}
