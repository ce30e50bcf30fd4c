import * as v from 'valibot';
import type { Machine } from '../core/machine/machine.js';
import { isInside, refuseJestArgs, refuseNodeArgs } from './allowed-flags.js';
import { checked } from './checked.js';
import type { FetchParams, OpenParams, PrepareParams, StartParams } from './protocol.js';
import { protocolVersion } from './protocol.js';

/** What the owner of a machine of a fleet lets runs do. */
export interface FleetPolicy {
  /** Projects that are served: see {@link serves}. Left out: all. */
  readonly only?: readonly string[];
  /** Serves code of people who may not push to the project; for machines that are thrown away after a run. */
  readonly isEphemeral: boolean;
  /** Trees come from this git remote, whatever a run names. */
  readonly remote?: string;
  /** Installs dependencies; left out: what the lockfile asks for; false: nothing. */
  readonly setup?: string | false;
}

const opened = v.object({
  protocol: v.number(),
  project: v.string(),
  remote: v.string(),
  weight: v.pipe(v.number(), v.gtValue(0), v.maxValue(100)),
  isForeign: v.boolean(),
});

/** Refuses a run. @returns What it is. @throws Error with the reason, as the end of a sentence about the machine. */
export function checkRun(params: unknown, { only, remote, isEphemeral }: FleetPolicy): OpenParams {
  const run = checked(opened, params, 'was asked for something that is no run');
  if (run.protocol !== protocolVersion)
    throw new Error('has another version of jest-runner-hardware: install the same on both');
  if (!serves(only, remote ?? run.remote)) throw new Error(`serves only ${only?.join(', ')}`);
  if (run.isForeign && !isEphemeral)
    throw new Error(
      'does not run code of pull requests from forks; a machine that is started with --ephemeral does, and is thrown away',
    );
  return run;
}

/**
 * Whether code of this git remote is served. A word that begins with a host, as `github.com/acme` does, is the beginning of the
 * address; any other one may be anywhere in it.
 */
export function serves(only: readonly string[] | undefined, remote: string): boolean {
  if (only === undefined) return true;
  const place = placeOf(remote);
  return only.some((word) => {
    const isHost = /^[\w-]+(\.[\w-]+)+(:\d+)?\//.test(word);
    return isHost ? `${place}/`.startsWith(word) : place.includes(word);
  });
}

/** `git@host:acme/app` and `https://user@host/acme/app` lead to one place. */
export function placeOf(remote: string): string {
  return remote
    .replace(/^[a-z+]+:\/\//, '')
    .replace(/^[^@/]*@/, '')
    .replace(/^([\w.-]+):(?!\d)/, '$1/');
}

const fetched = v.object({ treeId: v.string() });

/** Code comes from the git remote for which the run was let in, or the machine's own. @returns What is fetched. */
export function allowedFetch(params: unknown, run: OpenParams, policy: FleetPolicy): FetchParams {
  const { treeId } = checked(fetched, params, 'what is to be fetched is no tree');
  return { treeId, remote: policy.remote ?? run.remote };
}

const prepared = v.object({ project: v.string(), treeId: v.string(), prefix: v.string() });

/** A run brings no command and no variables. @returns What is prepared. */
export function allowedPrepare(params: unknown, { setup }: FleetPolicy): PrepareParams {
  const { project, treeId, prefix } = checked(prepared, params, 'what is to be prepared is no project');
  return { project, treeId, prefix, env: {}, ...(setup !== undefined && { setup }) };
}

const started = v.object({
  directory: v.string(),
  nodeArgs: v.array(v.string()),
  module: v.string(),
  args: v.array(v.string()),
  setup: v.looseObject({ workers: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  lazy: v.boolean(),
  // Whether the run's terminal shows colours. Other variables are dropped.
  env: v.object({ FORCE_COLOR: v.exactOptional(v.literal('1')) }),
});

/**
 * A run brings flags, and no code.
 * @param machine What there is: devices carry variables, which a run could add to.
 * @throws Error for anything that is not in the checkout.
 */
export function allowedStart(params: unknown, machine: Machine, mostWorkers: number): StartParams {
  const start = checked(started, params, 'what is to be started is no Jest');
  const { directory, nodeArgs, module, args, setup, lazy, env } = start;
  if (module !== 'jest/bin/jest') throw new Error(`it runs Jest, and not ${JSON.stringify(module)}`);
  if (!isInside(directory)) throw new Error(`${JSON.stringify(directory)} may lie outside of the checkout`);
  refuseNodeArgs(nodeArgs, directory);
  refuseJestArgs(args, directory);
  const workers = Math.min(setup.workers, mostWorkers);
  return { directory, nodeArgs, module, args, env, setup: { ...setup, machine, workers }, lazy };
}
