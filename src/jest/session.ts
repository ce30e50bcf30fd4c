import type { Test, TestContext } from '@jest/test-result';
import type { RunEvent, ShardPlanned } from '../core/events.js';
import type { FleetMachine } from '../machine-file/fleets.js';
import type { FleetVariables } from '../remote/fleet-variables.js';
import type { KeptMachine } from './remote/kept-machines.js';
import type { SuiteDevices } from './suite-devices.js';

/** A run for the reporter to print; its events grow while it goes on. */
interface SessionRun {
  readonly events: readonly RunEvent[];
  readonly recordPath: string;
  /** Whether suites share what they read and compile, for a verbose report; undefined: it is not said. */
  readonly fastPath: string | undefined;
  /** Whether the reporter says of each suite where it ran; undefined: it does not. */
  readonly devices: SuiteDevices | undefined;
}

/**
 * What sequencer, runner and reporter share. Jest creates all three again for every run (also in watch mode), in this
 * order, in one process.
 */
interface Session {
  /** All projects, set by our sequencer; undefined: another sequencer is in use. */
  contexts: readonly TestContext[] | undefined;
  /** How often Jest made our sequencer, which it does once a run; more than once only where it watches. */
  begun: number;
  /** Runs since the sequencer was made; more than one when projects give different options. */
  runs: SessionRun[];
  /** Where this Jest runs suites for a run on another machine: the descriptor of their channel, and all tests that run with us. */
  served: { readonly descriptor: number; tests: readonly Test[] } | undefined;
  /** Set by our sequencer where `--shard` is given. */
  shard: SessionShard | undefined;
  /** Errors that fail the run although no suite did: what reporters threw, and the option `failOn`. */
  failures: unknown[];
  /** Other machines that stay connected between the runs of watch mode, by their descriptions. */
  readonly keptMachines: Map<string, KeptMachine>;
  /** What this process was given for its fleet; see `takeFleetVariables`. */
  fleetVariables: FleetVariables;
  /** True while Jest reads the configs of projects that a wrapped config names by their paths. */
  readsPathProjects: boolean;
}

/** A global symbol, because a transformer or a second install of the package may load this module twice. */
const key = Symbol.for('jest-runner-hardware.session');
const keptByName = globalThis as { [key]?: Session };

keptByName[key] ??= {
  contexts: undefined,
  begun: 0,
  runs: [],
  served: undefined,
  shard: undefined,
  failures: [],
  keptMachines: new Map(),
  fleetVariables: {},
  readsPathProjects: false,
};

export const session: Session = keptByName[key];

/** How the run's suites were divided, for the record, and the machine that was declared for this shard. */
interface SessionShard {
  readonly planned: ShardPlanned;
  readonly declared?: FleetMachine;
}

/** One message for the person at the terminal; like all of Jest's reporting it goes to stderr. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
