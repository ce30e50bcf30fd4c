import {
  type FarMachine,
  farJest,
  farWorker,
  parentOf,
  startFarMachine,
  useFarProject,
} from '../harness/far-machine.js';
import { type Ground, killed, signal, type Target } from './fault.js';

interface SshTarget extends Target {
  readonly machine: FarMachine;
}

/** Two machines that are reached by ssh. */
export async function sshGround(): Promise<Ground> {
  const machines = [await startFarMachine('one'), await startFarMachine('two')];
  const targets = machines.map(
    (machine): SshTarget => ({
      machine,
      name: machine.name,
      home: machine.host.home,
      pids: () => machine.pids(),
      left: () => machine.leftFiles().map((file) => `left there: ${file}`),
    }),
  );
  const machineOf = (there: Target) => (there as SshTarget).machine;
  return {
    machines: targets,
    freeMs: 2000,
    longestMs: 7000,
    isShared: false,
    faults: (suites) => [
      { name: 'the worker is killed', victims: (there) => machineOf(there).pids(farWorker), ...killed },
      { name: 'Jest there is killed', victims: (there) => machineOf(there).pids(farJest), ...killed },
      {
        name: 'the ssh session is killed',
        victims: (there) => machineOf(there).pids(farWorker).flatMap(parentOrNone),
        ...killed,
      },
      {
        name: 'the link is cut',
        begin: (there) => machineOf(there).link.cut(),
        heal: (there) => machineOf(there).link.heal(),
      },
      {
        name: 'the link swallows everything',
        begin: (there) => machineOf(there).link.swallow(),
        heal: (there) => machineOf(there).link.heal(),
      },
      {
        name: 'the machine sleeps',
        victims: (there) => there.pids(),
        begin: (_there, victims) => signal(victims, 'SIGSTOP'),
        heal: (_there, victims) => signal(victims, 'SIGCONT'),
      },
      { name: 'the process of a suite is killed', victims: () => suites().slice(0, 1), ...killed },
    ],
    project: (files, directory) => useFarProject({ machines, files, directory }),
    renew: async () => {
      for (const { link } of machines) link.heal();
    },
    close: async () => {
      for (const machine of machines) machine.dispose();
    },
  };
}

function parentOrNone(pid: number): readonly number[] {
  try {
    return [parentOf(pid)];
  } catch {
    return [];
  }
}
