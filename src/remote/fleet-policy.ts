import type { FetchParams, OpenParams, PrepareParams, StartParams } from './protocol.js';
import { protocolVersion } from './protocol.js';

/** What the owner of a machine of a fleet lets runs do. */
export interface FleetPolicy {
  /** Projects that are served: parts of their names. Left out: all. */
  readonly only?: readonly string[];
  /** Serves code of people who may not push to the project; for machines that are thrown away after a run. */
  readonly isEphemeral: boolean;
  /** Trees come from this git remote, whatever a run names. */
  readonly remote?: string;
  /** Installs dependencies; left out: what the lockfile asks for; false: nothing. */
  readonly setup?: string | false;
}

/** Refuses a run. @throws Error with the reason, as the end of a sentence about the machine. */
export function checkRun(params: OpenParams, { only, isEphemeral }: FleetPolicy): void {
  if (params.protocol !== protocolVersion)
    throw new Error('has another version of jest-runner-hardware: install the same on both');
  if (typeof params.project !== 'string' || !(params.weight > 0 && params.weight <= mostWeight))
    throw new Error('was asked for something that is no run');
  if (only !== undefined && !only.some((part) => params.project.includes(part)))
    throw new Error(`serves only ${only.join(', ')}`);
  if (params.isForeign !== false && !isEphemeral)
    throw new Error(
      'does not run code of pull requests from forks; a machine that is started with --ephemeral does, and is thrown away',
    );
}

/** @returns What is fetched. */
export function allowedFetch({ treeId, remote }: FetchParams, policy: FleetPolicy): FetchParams {
  return { treeId, remote: policy.remote ?? remote };
}

/** A run brings no command and no variables. @returns What is prepared. */
export function allowedPrepare(
  { project, treeId, prefix }: PrepareParams,
  { setup }: FleetPolicy,
): PrepareParams {
  return { project, treeId, prefix, env: {}, ...(setup !== undefined && { setup }) };
}

/**
 * A run brings flags, and no code: what they name lies in the checkout or is a package of it.
 * @throws Error for anything else.
 */
export function allowedStart({ directory, nodeArgs, module, args, setup, lazy }: StartParams): StartParams {
  if (module !== 'jest/bin/jest') throw new Error(`it runs Jest, and not ${JSON.stringify(module)}`);
  for (const each of [directory, ...nodeArgs, ...args]) {
    const parts = each.split(/[=,]/);
    const isOutside = parts.some(
      (part) => /^(\/|~|[A-Za-z]:[\\/])/.test(part) || /(^|[\\/])\.\.([\\/]|$)/.test(part),
    );
    if (isOutside || /\0/.test(each))
      throw new Error(`it was asked for ${JSON.stringify(each)}, which may lie outside of the checkout`);
  }
  for (const each of nodeArgs) {
    if (!nodeFlag.test(each) && !loadFlag.test(each))
      throw new Error(`it was asked to start Node.js with ${JSON.stringify(each)}, which it does not`);
  }
  for (const each of args.filter((word) => word.startsWith('-'))) {
    if (!jestFlag.test(each)) throw new Error(`it was asked to start Jest with ${JSON.stringify(each)}`);
  }
  return { directory, nodeArgs, module, args, env: {}, setup, lazy };
}

const mostWeight = 100;

/** Flags without a value, or with a plain one. */
const nodeFlag =
  /^--(no-warnings|expose-gc|harmony[\w-]*|enable-source-maps|(no-)?experimental-[\w-]+|conditions|unhandled-rejections|stack-trace-limit|max-old-space-size|max-semi-space-size|no-warnings)(=[\w-]*)?$/;
/** A package or a file of the checkout; not a URL with code in it. */
const loadFlag = /^--(require|import|loader|experimental-loader)=(\.\/)?@?[\w-][\w./-]*$/;
const jestFlag = /^(-c|--[a-zA-Z-]+)(=|$)/;
