import type { HardwareEnvironment } from '../../config/environment.js';
import type { RunPaths } from '../../config/run-paths.js';
import type { Machine } from '../../core/machine/machine.js';
import type { DeviceClass } from '../../core/vocabulary/taxonomy.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { defaultProfile, type WorkloadProfile } from '../../core/workload/profile.js';
import { detectMachine } from '../../detect/detect.js';
import { type LazyProbeName, lazyProbesFor } from '../../detect/lazy-probes.js';
import type { MachineFile } from '../../machine-file/read.js';
import { type MeasuredWatts, withMeasuredWatts } from '../../record/measured-watts.js';
import { session } from '../session.js';

/**
 * Detects this run's machine: the CPU, devices of these classes, and what these lazy probes find. Drivers' tools are
 * asked again at each call.
 */
export type Detect = (classes: readonly DeviceClass[], lazy: readonly LazyProbeName[]) => Promise<Machine>;

/**
 * @param watts What devices were measured to draw.
 * @throws UsageError for a machine file with errors; detecting throws it too.
 */
export async function detectionOf(
  paths: RunPaths,
  environment: HardwareEnvironment,
  rootDir: string,
  watts: MeasuredWatts,
): Promise<Detect> {
  const machineFile = await checkedMachine(environment.machineFile ?? paths.machine);
  const python = environment.python ?? paths.python;
  return async (classes, lazy) => {
    const machine = await detectMachine({
      projectDir: rootDir,
      classes,
      lazy,
      ...(python !== undefined && { python }),
      ...(machineFile !== undefined && { machineFile }),
    });
    return withMeasuredWatts(machine, watts);
  };
}

/** The schema is loaded only when a machine is declared, which most runs do not do. */
async function checkedMachine(machine: RunPaths['machine']): Promise<string | MachineFile | undefined> {
  if (typeof machine !== 'object') return machine;
  const { parseMachine } = await import('../../machine-file/read.js');
  return parseMachine(machine, 'option machine');
}

/**
 * Refuses a machine that lacks what was declared for this shard: the other shards leave suites to it that it could not
 * run.
 */
export async function refuseOtherMachine(detect: Detect): Promise<void> {
  const { planned, declared } = session.shard ?? {};
  if (planned === undefined || declared === undefined) return;
  // Loaded only in shards.
  const { missingFrom } = await import('../../shard/plan/machine-difference.js');
  // Browsers and some backends are found only when something asks for them: here the declaration does.
  const demands = declared.machine.devices.flatMap(({ usable, class: deviceClass, backends, features }) =>
    usable && deviceClass !== 'cpu' ? [{ ...defaultProfile, backends, features }] : [],
  );
  const classes = declared.machine.devices.map((device) => device.class);
  const missing = missingFrom(await detect(classes, lazyProbesFor(demands)), declared.machine);
  if (missing.length === 0) return;
  throw new UsageError({
    message: `this machine is not the one declared for shard ${planned.index} of ${planned.total} (${planned.machine})`,
    expected: missing.map((clause) => clause.split(': ')[0]).join('; '),
    found: missing.map((clause) => clause.split(': ')[1]).join('; '),
    remedy: 'run the shard on such a machine, or correct the option `shards`',
  });
}

/**
 * Detects what the run's suites ask for. Vendors' tools, browsers and the like are started only for suites that need what
 * they find.
 * @param first What was detected without starting any of them.
 * @param profiles Of suites that are to run.
 * @param required Classes that must be there whatever suites ask for.
 */
export async function detectFor(
  profiles: readonly WorkloadProfile[],
  first: Machine,
  detect: Detect,
  required: readonly DeviceClass[],
): Promise<Machine> {
  const lazy = lazyProbesFor(profiles);
  const wanted = profiles.flatMap(({ hardware }) => hardware.map((need) => need.class));
  const classes = [...new Set([...wanted, ...required])];
  // On Linux the first detection has read the CPU's features from files; other systems must be asked with a tool.
  const asksCpu = first.machine.platform !== 'linux' && profiles.some(needsCpuLabels);
  if (asksCpu) classes.push('cpu');
  const isEnough = lazy.length === 0 && !asksCpu && classes.every((each) => each === 'cpu');
  return isEnough ? first : detect(classes, lazy);
}

/** Whether the features of a CPU decide if the suite can run. */
function needsCpuLabels({ hardware, features, precisions }: WorkloadProfile): boolean {
  const onCpu = hardware.length === 0 || hardware.some((need) => need.class === 'cpu');
  return onCpu && features.length + precisions.length > 0;
}
