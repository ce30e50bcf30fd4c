import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { parseJson } from '../../json/read.js';
import type { FleetMachine } from '../../machine-file/fleets.js';
import { fleetHash, type PlannedRun, shortHash } from './plan.js';

const planFileVersion = 1;

/** A plan that was made once, for all shards of a run and all their attempts. */
export interface PlanFile {
  readonly version: typeof planFileVersion;
  /** Hash of the inputs and of the suites of each shard. It shows whether the file was changed. */
  readonly planId: string;
  /** A short hash of each input that the plan was made from. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly predictedMs: readonly number[];
  readonly boundMs: number;
  /** How many of the suites had a known duration. */
  readonly knownSuites: number;
  /** Ids of the suites of each shard, in the order of the shards. */
  readonly shards: readonly (readonly string[])[];
}

const schema = v.looseObject({
  version: v.literal(planFileVersion),
  planId: v.string(),
  inputs: v.record(v.string(), v.string()),
  predictedMs: v.array(v.pipe(v.number(), v.finite(), v.minValue(0))),
  boundMs: v.pipe(v.number(), v.finite(), v.minValue(0)),
  knownSuites: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  shards: v.pipe(v.array(v.array(v.string())), v.minLength(1)),
});

/** @param shards Ids of the suites of each shard. */
export function planFileOf(run: PlannedRun, shards: readonly (readonly string[])[]): PlanFile {
  const inputs = { ...run.inputs, assignments: shortHash(shards) };
  return {
    version: planFileVersion,
    planId: shortHash(inputs),
    inputs,
    predictedMs: run.predictedMs,
    boundMs: run.boundMs,
    knownSuites: run.knownSuites.length,
    shards,
  };
}

/**
 * Reads a plan for a shard.
 * @param total How many shards the run has.
 * @param fleet Their machines, as the options describe them.
 * @throws {UsageError} for a file that is not a plan, was changed, or was made for other shards.
 */
export function readPlanFile(
  path: string,
  total: number,
  fleet: readonly FleetMachine[] | undefined,
): PlanFile {
  const remedy = 'write it again: jest-runner-hardware plan --shards N --output FILE';
  const refuse = (message: string, expected: string, found: string, cause?: unknown) =>
    new UsageError({ file: path, message, expected, found, remedy }, { cause });
  const plan = parseJson(textOf(path), path).value;
  const checked = v.safeParse(schema, plan);
  if (!checked.success) {
    const [issue] = checked.issues;
    const field = v.getDotPath(issue);
    throw refuse(
      `this is not a plan${field === null ? '' : `: \`${field}\` is wrong`}`,
      issue.expected ?? 'a plan',
      issue.received === 'undefined' ? 'nothing' : issue.received,
    );
  }
  const { planId, inputs, shards } = checked.output;
  const twice = firstTwice(shards.flat());
  if (twice !== undefined) throw refuse('a suite is in the plan twice', 'each suite once', twice);
  const { assignments } = inputs;
  if (assignments !== shortHash(shards) || planId !== shortHash(inputs)) {
    throw refuse('the plan was changed after it was written', `plan ${planId}`, 'other content');
  }
  if (shards.length !== total) {
    throw refuse('the plan is for another number of shards', `${total}, as --shard says`, `${shards.length}`);
  }
  const machines = fleetHash(fleet);
  if (inputs.fleet !== machines) {
    throw refuse(
      'the plan is for other machines than the option `shards` describes',
      machines,
      `${inputs.fleet}`,
    );
  }
  return checked.output;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(
      {
        file: path,
        message: 'the plan that JEST_HARDWARE_PLAN names cannot be read',
        found: cause instanceof Error ? cause.message : String(cause),
        remedy:
          'let a first job write it (jest-runner-hardware plan --shards N --output FILE) and keep it as an artefact that every shard downloads',
      },
      { cause },
    );
  }
}

function firstTwice(ids: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return ids.find((id) => seen.size === seen.add(id).size);
}
