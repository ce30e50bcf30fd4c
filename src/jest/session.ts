import type { TestContext } from '@jest/test-result';
import type { RunEvent, ShardPlanned } from '../core/events.js';
import type { FleetMachine } from '../machine-file/fleets.js';

/** A run of ours, for the reporter: as far as it has come. */
interface SessionRun {
  readonly events: readonly RunEvent[];
  readonly recordPath: string;
}

/**
 * What sequencer, runner and reporter tell each other: Jest makes each of them anew for every run (also in watch mode),
 * in this order, in one process. Nothing that decides pass or fail lives here.
 */
interface Session {
  /** All projects, set by our sequencer; undefined: another sequencer is in use. */
  contexts: readonly TestContext[] | undefined;
  /** Runs since the sequencer was made; more than one when projects give different options. */
  runs: SessionRun[];
  /** Set by our sequencer where `--shard` is given. */
  shard: SessionShard | undefined;
  /** What fails the run beside its suites: what reporters threw when our runner told them of suites, `failOn`. */
  failures: unknown[];
  /** A wrapped config has named projects by their paths, and no run has begun since: Jest is reading their configs. */
  readsPathProjects: boolean;
}

/** Kept by name: a transformer or a second install of the package may have loaded this module twice. */
const key = Symbol.for('jest-runner-hardware.session');
const keptByName = globalThis as { [key]?: Session };

keptByName[key] ??= {
  contexts: undefined,
  runs: [],
  shard: undefined,
  failures: [],
  readsPathProjects: false,
};

export const session: Session = keptByName[key];

/** How the run's suites were divided, for the record, and what this shard's machine must be like. */
interface SessionShard {
  readonly planned: ShardPlanned;
  readonly declared?: FleetMachine;
}

/** One message for the person at the terminal; like all of Jest's reporting it goes to stderr. */
export function say(message: string): void {
  process.stderr.write(`${message}\n`);
}
