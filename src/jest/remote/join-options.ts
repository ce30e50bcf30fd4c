import type { TestContext } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import type { Injector } from '../../chaos/injector.js';
import type { RemoteMachineConfig } from '../../config/machines.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';
import { lazyProbesFor } from '../../detect/lazy-probes.js';
import { showsColors } from '../../host/colors.js';
import type { WorkerNotice } from '../../remote/protocol.js';
import { machineFileFor, transportTo } from '../../remote/reach.js';
import type { RemoteMachineOptions } from '../../remote/remote-machine.js';
import type { DeviceNeed } from '../../sensors/device-memory-watch.js';
import type { WorkingTree } from '../../sync/working-tree.js';
import type { Transport } from '../../transport/transport.js';
import { jestStart } from './jest-start.js';
import { moved } from './moved.js';
import { nodeArgs } from './node-args.js';
import type { ServedSetup } from './protocol.js';
import { runFlags } from './run-flags.js';

/** What a run wants of other machines. */
export interface RunOnMachines {
  readonly globalConfig: Config.GlobalConfig;
  readonly contexts: readonly TestContext[];
  /** Which files are covered where only changed ones are. */
  readonly context: TestRunnerContext;
  /** Of the suites that are to run. */
  readonly profiles: readonly WorkloadProfile[];
  readonly fast: boolean;
  /** See the option `heat`. */
  readonly heat: boolean;
  /** This process runs suites itself, and may be busy with one for long. */
  readonly inBand: boolean;
  /** See the option `chaos`; undefined: nothing is injected. */
  readonly injector: Injector | undefined;
}

/** Hears of a machine by its name. */
interface MachineListener {
  /** @param move Moves paths there to where they are here. */
  onNotice(name: string, notice: WorkerNotice, move: <Value>(value: Value) => Value): void;
  /** See {@link RemoteMachineOptions.onLead}. */
  onLead(name: string, leadMs: number): void;
}

/** The way to a machine that is not reached by ssh, and how the project's files get there. */
export interface OtherWay {
  readonly transport: Transport;
  /** What the machine is called there, where a run may call it otherwise. */
  readonly fleetName: string;
  /** Others use it, so that it joins later, or not at all. */
  readonly isInUse: boolean;
  /** See `RemoteMachineOptions`. */
  readonly project: string;
  readonly bringTree: NonNullable<RemoteMachineOptions['bringTree']>;
}

/** How long a suite in band may keep a coordinator from saying that it lives; see {@link ChannelOptions.busySeconds}. */
const inBandBusySeconds = 600;
/** The same in a fleet, whose machines do not see when a coordinator is killed, and are wanted by others. */
const inBandBusySecondsInFleet = 60;

/**
 * How a machine joins a run: what is looked for, sent and started there.
 * @param needs What the run's suites need of devices.
 * @param way Default: ssh, by the machine's address.
 */
export function joinOptions(
  machine: RemoteMachineConfig,
  needs: readonly DeviceNeed[],
  { globalConfig, contexts, context, profiles, fast, heat, inBand, injector }: RunOnMachines,
  tree: Promise<WorkingTree>,
  listener: MachineListener,
  way?: OtherWay,
): RemoteMachineOptions {
  const busySeconds = way === undefined ? inBandBusySeconds : inBandBusySecondsInFleet;
  const busy = { ...(inBand && { busySeconds }) };
  const asked = way?.transport ?? transportTo(machine, 'option machines', busy);
  const transport = injector?.transport(asked) ?? asked;
  const { name } = transport;
  const env = Object.fromEntries(
    (machine.env ?? []).flatMap((variable) => {
      const value = process.env[variable];
      return value === undefined ? [] : [[variable, value]];
    }),
  );
  const configs = contexts.map(({ config }) => config);
  const workers = machine.workers ?? (globalConfig.runInBand ? 1 : undefined);
  const places = { there: '', here: '' };
  return {
    transport,
    ...busy,
    detect: {
      classes: [...new Set(profiles.flatMap(({ hardware }) => hardware.map((need) => need.class)))],
      lazy: lazyProbesFor(profiles),
      ...(needs.some(({ minMemoryBytes }) => minMemoryBytes > 0) && { takenMemory: true }),
      ...(machine.python !== undefined && { python: machine.python }),
      ...(machine.machine !== undefined && {
        machineFile: machineFileFor(machine.machine, globalConfig.rootDir),
      }),
    },
    tree,
    prepare: {
      env,
      ...(machine.setup !== undefined && { setup: machine.setup }),
      ...(way !== undefined && { project: way.project }),
    },
    ...(way !== undefined && { bringTree: way.bringTree }),
    // In band one suite runs at a time, on each machine.
    ...(workers !== undefined && { workers }),
    program: (found, slots, { root }, prepared) => {
      Object.assign(places, { there: prepared.root, here: root });
      const count = slots[0]?.machineWorkers ?? 1;
      const setup: ServedSetup = {
        machine: found,
        workers: count,
        fast,
        flags: runFlags(globalConfig, configs),
        sensed: { heat, needs },
        context: Object.fromEntries(
          Object.entries(context).flatMap(([key, paths]) => (paths ? [[key, [...paths]]] : [])),
        ),
      };
      const { directory, args } = jestStart(process.argv.slice(2), process.cwd(), root, globalConfig);
      return {
        directory,
        nodeArgs: nodeArgs(process, root, directory),
        module: 'jest/bin/jest',
        args: [...args, `--maxWorkers=${count}`],
        env: { ...env, ...(showsColors(process.stderr) && { FORCE_COLOR: '1' }) },
        setup: moved(setup, root, prepared.root),
        lazy: [globalConfig, ...configs].some(
          (each) => each.globalSetup != null || each.globalTeardown != null,
        ),
      };
    },
    onLead: (leadMs) => listener.onLead(name, leadMs),
    onNotice: (notice) => listener.onNotice(name, notice, (value) => moved(value, places.there, places.here)),
  };
}
