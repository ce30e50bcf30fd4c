import { availableParallelism } from 'node:os';
import { Estimates } from '../../core/estimate/estimate.js';
import { acceleratorsOf, type Machine, type Slot, slotsOf } from '../../core/machine/machine.js';
import { type DryRun, dryRun } from '../../core/offline/dry-run.js';
import { detectMachine } from '../../detect/detect.js';
import { lazyProbesFor } from '../../detect/lazy-probes.js';
import { observationsOf } from '../../record/history.js';
import { withMeasuredWatts } from '../../record/measured-watts.js';
import type { Project } from './project.js';

export interface HereOptions {
  /** How many suites at once; default: as many as Jest takes. */
  readonly workers?: number;
  /** A machine file; counts before the option `machine`. */
  readonly machineFile?: string;
  /** The command that starts Python; counts before the option `python`. */
  readonly python?: string | undefined;
}

/** The project's suites on this machine, as the next run would find them. */
export interface PlanHere extends DryRun {
  readonly machine: Machine;
  readonly slots: readonly Slot[];
  readonly estimates: Estimates;
}

/** Detects this machine, browsers too where a suite asks for them, and plans the project on it. */
export async function planHere(
  project: Project,
  { workers, machineFile, python }: HereOptions,
): Promise<PlanHere> {
  const { paths, suites, rootDir, history } = project;
  const { parseMachine } = await import('../../machine-file/read.js');
  const declared = machineFile ?? paths.machine;
  const command = python ?? paths.python;
  const detected = await detectMachine({
    projectDir: rootDir,
    ...(command !== undefined && { python: command }),
    lazy: lazyProbesFor(suites.map(({ profile }) => profile)),
    ...(declared !== undefined && {
      machineFile: typeof declared === 'string' ? declared : parseMachine(declared, 'option machine'),
    }),
  });
  const machine = withMeasuredWatts(detected, history.watts);
  const usual = Math.max(1, Math.min(availableParallelism() - 1, Math.floor(machine.machine.cpuBudget)));
  const slots =
    workers === undefined ? slotsOf(machine, usual, acceleratorsOf(machine)) : slotsOf(machine, workers);
  const estimates = new Estimates(observationsOf(history));
  for (const suite of suites) estimates.announce(suite);
  return { machine, slots, estimates, ...dryRun(slots, suites, estimates) };
}
