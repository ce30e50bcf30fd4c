import type { Test } from '@jest/test-result';
import type { ShardOptions } from '@jest/test-sequencer';
import type { Config } from '@jest/types';
import type { Suite } from '../core/events.js';
import { formatDuration } from '../core/units.js';
import { UsageError } from '../core/usage-error.js';
import { defaultProfile } from '../core/workload.js';
import { type FleetMachine, fleetFrom } from '../detect/fleet.js';
import type { HardwareOptions } from '../options/options.js';
import { runPaths } from '../options/run-paths.js';
import { openRecord } from '../record/file.js';
import { emptyHistory } from '../record/history.js';
import { readHistory } from '../record/history-file.js';
import { prepareOutputDirectory } from '../record/output-directory.js';
import { type PlannedRun, planRun } from '../shard/plan.js';
import { runStarted } from './run-facts.js';
import { runsWithUs } from './runner-options.js';
import { say, session } from './session.js';
import { prepareSuites } from './suites.js';

interface ShardInput {
  readonly tests: readonly Test[];
  readonly shard: ShardOptions;
  readonly options: HardwareOptions;
  readonly globalConfig: Config.GlobalConfig;
  /** `JEST_HARDWARE_PLAN_ID`. */
  readonly expectedPlanId: string | undefined;
}

/**
 * The tests of this shard: those whose suites the plan, or their hash, gives to it. Every shard answers alike, whatever
 * files it finds.
 * @throws UsageError for a fleet of another size, or another plan than was asked for.
 */
export function takeShard({ tests, shard, options, globalConfig, expectedPlanId }: ShardInput): Test[] {
  const { shardIndex: index, shardCount: total } = shard;
  const fleet = fleetFrom(options.shards, globalConfig.rootDir, total);
  const paths = runPaths(options, globalConfig.rootDir);
  const read = paths.history === undefined ? undefined : readHistory(paths.history, paths.project);
  const run = planRun({ total, ...(fleet && { fleet }), history: read?.history ?? emptyHistory });
  refuseOtherPlan(run, expectedPlanId);
  const own: Test[] = [];
  const elsewhere: string[] = [];
  for (const { test, id, ...prepared } of prepareSuites(tests, globalConfig, options)) {
    // What is wrong with a docblock, one shard says.
    const suite: Suite = 'suite' in prepared ? prepared.suite : { id, profile: defaultProfile, fileBytes: 0 };
    if (run.shardOf(suite) === index - 1) own.push(test);
    // What another runner runs has no place in our record.
    else if (runsWithUs(test.context.config)) elsewhere.push(id);
  }
  const declared = fleet?.[index - 1];
  session.shard = {
    planned: {
      type: 'shard-planned',
      planId: run.planId,
      inputs: { ...run.inputs },
      index,
      total,
      ...(declared && { machine: declared.machine.machine.name }),
      predictedMs: run.predictedMs,
      boundMs: run.boundMs,
      elsewhere,
    },
    ...(declared && { declared }),
  };
  const known = tests.length === 0 ? 0 : run.knownSuites.length;
  say(
    `jest-runner-hardware: shard ${index} of ${total}${declared ? ` (${declared.machine.machine.name})` : ''}: ${own.length} of ${tests.length} suites, plan ${run.planId}; ${basisText(known, run, index, fleet)}`,
  );
  if (own.length === 0) recordEmptyShard(options, globalConfig, paths.outputDirectory);
  return own;
}

function basisText(
  known: number,
  run: PlannedRun,
  index: number,
  fleet: readonly FleetMachine[] | undefined,
): string {
  const machines = fleet === undefined ? ', on equal machines (no option `shards`)' : '';
  if (known === 0) return `no history yet: suites are divided by hash${machines}`;
  const expected = formatDuration(run.predictedMs[index - 1] ?? 0);
  const longest = formatDuration(Math.max(...run.predictedMs));
  return `expected ${expected} of at most ${longest}, from ${known} known suites${machines}`;
}

function refuseOtherPlan({ planId, inputs }: PlannedRun, expected: string | undefined): void {
  if (expected === undefined || expected === planId) return;
  throw new UsageError({
    message: 'this shard plans otherwise than JEST_HARDWARE_PLAN_ID says',
    expected: `plan ${expected}`,
    found: `plan ${planId}, from ${Object.entries(inputs)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    remedy:
      'give all shards the same history file, option `shards` and version of jest-runner-hardware; compare these with what the other shards printed',
  });
}

/** Jest starts no runner where there is no test, and the shard must not look as if it were missing. */
function recordEmptyShard(
  options: HardwareOptions,
  globalConfig: Config.GlobalConfig,
  directory: string,
): void {
  const { shard } = session;
  if (shard === undefined) return;
  prepareOutputDirectory(directory);
  const startedAt = new Date();
  const record = openRecord(directory, startedAt);
  record.write({ atMs: 0, ...runStarted(globalConfig, options, undefined, startedAt) });
  record.write({ atMs: 0, ...shard.planned });
  record.write({ atMs: 0, type: 'run-opened' });
  record.write({ atMs: 0, type: 'run-ended' });
  record.close();
}
