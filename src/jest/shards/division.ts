import type { Config } from '@jest/types';
import type { HardwareEnvironment } from '../../config/environment.js';
import type { RunPaths } from '../../config/run-paths.js';
import type { ShardPlanned, Suite } from '../../core/events.js';
import type { FleetMachine } from '../../machine-file/fleets.js';
import { emptyHistory, type History, historyUnder } from '../../record/history.js';
import { readHistory } from '../../record/history-file.js';
import { ciRunOf } from '../../shard/plan/ci-run.js';
import { earlierAttempt } from '../../shard/plan/earlier-attempt.js';
import { fleetHash, planRun } from '../../shard/plan/plan.js';
import { readPlanFile } from '../../shard/plan/plan-file.js';
import { asksForSomeSuites } from '../run/narrowing.js';
import { commitOf } from '../run/sources.js';
import { say } from '../session.js';

/** Which suites of a run belong to this shard, and by which plan. */
export interface Division extends Pick<ShardPlanned, 'planId' | 'inputs' | 'predictedMs' | 'boundMs'> {
  readonly source: 'file' | 'earlier attempt' | 'repeated run' | 'history';
  /** How many suites of the plan had a known duration. */
  readonly knownSuites: number;
  /** In the order of the suites. */
  readonly isOwn: readonly boolean[];
}

interface DivisionInput {
  readonly suites: readonly Suite[];
  /** 1-based. */
  readonly index: number;
  readonly total: number;
  readonly fleet: readonly FleetMachine[] | undefined;
  readonly paths: RunPaths;
  readonly globalConfig: Config.GlobalConfig;
  readonly environment: HardwareEnvironment;
}

/** @throws {UsageError} for a plan file that is none, or is for other shards. */
export function dividedBy(input: DivisionInput): Division {
  return byFile(input) ?? byEarlierAttempt(input) ?? byHistory(input);
}

function byFile({ suites, index, total, fleet, environment }: DivisionInput): Division | undefined {
  if (environment.planFile === undefined) return undefined;
  const plan = readPlanFile(environment.planFile, total, fleet);
  const shardOf = new Map(plan.shards.flatMap((ids, shard) => ids.map((id) => [id, shard] as const)));
  const missing = suites.filter(({ id }) => !shardOf.has(id));
  if (missing.length > 0) {
    const examples = missing.slice(0, 3).map(({ id }) => id);
    say(
      `jest-runner-hardware: ${missing.length} suites are not in the plan and go by their hash: ${examples.join(', ')}${missing.length > 3 ? ' …' : ''}`,
    );
  }
  const byHash = planRun({ total, history: emptyHistory, ...(fleet && { fleet }) });
  return {
    ...plan,
    source: 'file',
    isOwn: suites.map((suite) => (shardOf.get(suite.id) ?? byHash.shardOf(suite)) === index - 1),
  };
}

function byEarlierAttempt(input: DivisionInput): Division | undefined {
  const { suites, index, total, paths, globalConfig, environment } = input;
  if (suites.length === 0) return undefined;
  const isPart = asksForSomeSuites(globalConfig);
  const earlier = earlierAttempt(paths.outputDirectory, {
    index,
    total,
    commit: commitOf(process.env),
    ciRun: ciRunOf(process.env)?.run,
    planId: environment.planId,
    suites: isPart ? 'a part' : undefined,
  });
  if (earlier === undefined) return undefined;
  const own = new Set(earlier.own);
  const known = new Set([...own, ...earlier.elsewhere]);
  // It belongs to another job of the same run that was asked for other suites.
  if (isPart && suites.some(({ id }) => !known.has(id))) return undefined;
  // A suite that the earlier attempt did not know belongs to no shard; merging reports it.
  return {
    ...earlier,
    source: 'earlier attempt',
    knownSuites: 0,
    isOwn: suites.map(({ id }) => own.has(id)),
  };
}

function byHistory(input: DivisionInput): Division {
  const { suites, index, total, fleet, paths, globalConfig } = input;
  const read = paths.history === undefined ? undefined : readHistory(paths.history, paths.project);
  const repeated = read && byRepeatedRun(input, read.history);
  if (repeated !== undefined) return repeated;
  const run = planRun({
    total,
    ...(fleet && { fleet }),
    history: historyUnder(globalConfig.collectCoverage, read?.history ?? emptyHistory),
    ...(asksForSomeSuites(globalConfig) && { narrowedTo: suites }),
  });
  const { planId, predictedMs, boundMs } = run;
  return {
    source: 'history',
    planId,
    inputs: { ...run.inputs },
    predictedMs,
    boundMs,
    knownSuites: suites.length === 0 ? 0 : run.knownSuites.length,
    isOwn: run.divide(suites).map((shard) => shard === index - 1),
  };
}

/** A repeated job may restore a history that the merge of its own run has updated. It must divide as the first time. */
function byRepeatedRun(
  { suites, index, total, fleet, globalConfig, environment }: DivisionInput,
  { suites: known, repeatable: run }: History,
): Division | undefined {
  if (run === undefined || run.total !== total || run.inputs['fleet'] !== fleetHash(fleet)) return undefined;
  const isSame = run.commit === commitOf(process.env) && run.ciRun === ciRunOf(process.env)?.run;
  const isAsked = environment.planId === undefined || environment.planId === run.planId;
  if (!isSame || !isAsked || asksForSomeSuites(globalConfig)) return undefined;
  const byHash = planRun({ total, history: emptyHistory, ...(fleet && { fleet }) });
  return {
    ...run,
    source: 'repeated run',
    predictedMs: Array.from({ length: total }, () => 0),
    boundMs: 0,
    knownSuites: 0,
    isOwn: suites.map((suite) => (known.get(suite.id)?.shard ?? byHash.shardOf(suite)) === index - 1),
  };
}
