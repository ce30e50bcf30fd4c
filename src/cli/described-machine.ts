import { settingsHere } from '../config/project/settings-here.js';
import type { MachineFile } from '../machine-file/read.js';
import type { CommandIo, FlagValues } from './command.js';

/** What the user says about the machine that a command examines, and the project that says so. */
export interface DescribedMachine {
  readonly machineFile?: string | MachineFile;
  readonly projectDir?: string;
  /** Command that starts Python: JEST_HARDWARE_PYTHON, else the option `python`. */
  readonly python?: string;
  /** Why the project's Jest config could not be read. */
  readonly problem?: string;
}

/**
 * The description that a run would use: `--machine`, else JEST_HARDWARE_MACHINE, else the option `machine` of the project in
 * the working directory. A recorded machine (`--host`) is described by the flag only.
 * @throws {UsageError} for a config that `--config` names and that cannot be read.
 */
export async function describedMachine(
  flags: Pick<FlagValues, 'get'>,
  env: CommandIo['env'],
): Promise<DescribedMachine> {
  const named = flags.get('machine');
  if (flags.get('host') !== undefined) return named === undefined ? {} : { machineFile: named };
  const chosen = named ?? (env.JEST_HARDWARE_MACHINE || undefined);
  const config = flags.get('config');
  const fromEnv = env.JEST_HARDWARE_PYTHON || undefined;
  if (chosen !== undefined && config === undefined) {
    return { machineFile: chosen, ...(fromEnv !== undefined && { python: fromEnv }) };
  }
  const { settings, problem } = settingsHere(process.cwd(), config);
  const { machine } = settings?.paths ?? {};
  const python = fromEnv ?? settings?.paths.python;
  return {
    ...(settings !== undefined && { projectDir: settings.rootDir }),
    ...(problem !== undefined && { problem }),
    ...(python !== undefined && { python }),
    ...(chosen !== undefined && { machineFile: chosen }),
    ...(chosen === undefined && machine !== undefined && { machineFile: await checked(machine) }),
  };
}

async function checked(machine: string | Readonly<Record<string, unknown>>): Promise<string | MachineFile> {
  if (typeof machine === 'string') return machine;
  const { parseMachine } = await import('../machine-file/read.js');
  return parseMachine(machine, 'option machine');
}
