import { type DeviceClass, deviceClasses } from '../core/vocabulary/taxonomy.js';
import { UsageError, type UsageProblem } from '../core/vocabulary/usage-error.js';
import { type Reader, splitList, wordOf } from '../core/workload/values.js';
import { type ChaosInput, chaosSyntax, readChaos } from './chaos.js';
import { machinesOfText, type RemoteMachineConfig } from './machines.js';

/** What the user's environment variables say about a run. */
export interface HardwareEnvironment {
  /** `JEST_HARDWARE`: false for `off`, when Jest's stock runner does everything. Default true. */
  readonly enabled: boolean;
  /** `JEST_HARDWARE_ONLY`: the run is limited to suites of these classes, and these suites to devices of them. Left out: all suites. */
  readonly only?: readonly DeviceClass[];
  /** `JEST_HARDWARE_MACHINE`: path of a machine file, counts before the option `machine`. */
  readonly machineFile?: string;
  /** `JEST_HARDWARE_CLAIMS`: a directory, or false for `off`; counts before the option `claims`. */
  readonly claims?: string | false;
  /** `JEST_HARDWARE_MACHINES`: addresses of other machines, by comma; counts before the option `machines`. `off`: none. */
  readonly machines?: readonly RemoteMachineConfig[];
  /** `JEST_HARDWARE_CONNECT`: address of the fleet's broker, counts before that of the option `connect`. False for `off`: no fleet. */
  readonly connect?: string | false;
  /** `JEST_HARDWARE_CHAOS`: faults that are injected, `seed:1,rate:0.1,kill`; counts before the option `chaos`. False for `off`: none. */
  readonly chaos?: ChaosInput | false;
  /** `JEST_HARDWARE_PYTHON`: the command that starts Python, counts before the option `python`. */
  readonly python?: string;
  /** `JEST_HARDWARE_PLAN_ID`: a sharded run with another plan fails at once. */
  readonly planId?: string;
  /** `JEST_HARDWARE_PLAN`: path of a plan file that every shard follows. */
  readonly planFile?: string;
}

/**
 * Reads the variables that users set. An empty one counts as not set, as CI files cannot leave a variable out.
 * @throws UsageError with every problem at once.
 */
export function parseEnvironment(env: Readonly<Record<string, string | undefined>>): HardwareEnvironment {
  const problems: UsageProblem[] = [];
  const read = <T>(name: string, text: string, reader: Reader<T>, expected: string): readonly T[] => {
    const reading = reader(text);
    if (reading.ok) return [reading.value];
    const remedy = reading.remedy ?? `set it to ${expected}, or unset it`;
    problems.push({
      message: `the environment variable ${name} cannot be \`${text}\``,
      expected,
      found: text,
      remedy,
    });
    return [];
  };
  const textOf = (name: string) => env[name]?.trim() ?? '';
  const [mode] = read(
    'JEST_HARDWARE',
    textOf('JEST_HARDWARE') || 'on',
    wordOf(['on', 'off']),
    '`on` or `off`',
  );
  const onlyText = textOf('JEST_HARDWARE_ONLY');
  const expected = `a list, by comma, of ${deviceClasses.join(', ')}`;
  const only = (onlyText === '' ? [] : splitList(onlyText)).flatMap((text) =>
    read('JEST_HARDWARE_ONLY', text, wordOf(deviceClasses), expected),
  );
  const machineFile = textOf('JEST_HARDWARE_MACHINE');
  const claims = textOf('JEST_HARDWARE_CLAIMS');
  const machines = textOf('JEST_HARDWARE_MACHINES');
  const connect = textOf('JEST_HARDWARE_CONNECT');
  const chaosText = textOf('JEST_HARDWARE_CHAOS');
  const [chaos] = chaosText === '' ? [] : read('JEST_HARDWARE_CHAOS', chaosText, readChaos, chaosSyntax);
  const python = textOf('JEST_HARDWARE_PYTHON');
  const planId = textOf('JEST_HARDWARE_PLAN_ID');
  const planFile = textOf('JEST_HARDWARE_PLAN');
  if (problems.length > 0) throw new UsageError(problems);
  return {
    enabled: mode === 'on',
    ...(only.length === 0 ? {} : { only: [...new Set(only)] }),
    ...(machineFile === '' ? {} : { machineFile }),
    ...(claims === '' ? {} : { claims: claims.toLowerCase() === 'off' ? false : claims }),
    ...(machines === ''
      ? {}
      : { machines: machines.toLowerCase() === 'off' ? [] : machinesOfText(machines) }),
    ...(connect === '' ? {} : { connect: connect.toLowerCase() === 'off' ? false : connect }),
    ...(chaos === undefined ? {} : { chaos }),
    ...(python === '' ? {} : { python }),
    ...(planId === '' ? {} : { planId }),
    ...(planFile === '' ? {} : { planFile }),
  };
}
