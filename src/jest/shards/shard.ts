import type { Test } from '@jest/test-result';
import type { ShardOptions } from '@jest/test-sequencer';
import type { Config } from '@jest/types';
import type { HardwareEnvironment } from '../../config/environment.js';
import type { HardwareOptions } from '../../config/options.js';
import { runPaths } from '../../config/run-paths.js';
import type { Suite } from '../../core/events.js';
import { formatDuration } from '../../core/vocabulary/units.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { defaultProfile } from '../../core/workload/profile.js';
import { fleetFrom } from '../../machine-file/fleets.js';
import { openRecord } from '../../record/file.js';
import { prepareOutputDirectory } from '../../record/output-directory.js';
import { unwrittenLines } from '../../record/unwritten.js';
import { ciRunOf } from '../../shard/plan/ci-run.js';
import { runStarted } from '../run/run-facts.js';
import { commitOf } from '../run/sources.js';
import { runsWithUs } from '../runner-options.js';
import { say, session } from '../session.js';
import { readSuites } from '../suites.js';
import { type Division, dividedBy } from './division.js';

interface ShardInput {
  readonly tests: readonly Test[];
  readonly shard: ShardOptions;
  readonly options: HardwareOptions;
  readonly globalConfig: Config.GlobalConfig;
  readonly environment: HardwareEnvironment;
}

/**
 * The tests of this shard by the plan of the run, which comes from a plan file, from an earlier attempt of this shard, or is
 * computed here. All shards compute the same plan.
 * @throws UsageError for a fleet of another size, or another plan than was asked for.
 */
export function takeShard({ tests, shard, options, globalConfig, environment }: ShardInput): Test[] {
  const { shardIndex: index, shardCount: total } = shard;
  const fleet = fleetFrom(options.shards, globalConfig.rootDir, total);
  const paths = runPaths(options, globalConfig.rootDir);
  const prepared = readSuites(tests, globalConfig, options);
  // A suite with mistakes in its docblock belongs to one shard, which reports them.
  const suites = prepared.map(
    ({ id, ...rest }): Suite =>
      'suite' in rest ? rest.suite : { id, profile: defaultProfile, fileBytes: 0 },
  );
  const division = dividedBy({ suites, index, total, fleet, paths, globalConfig, environment });
  refuseOtherPlan(division, environment.planId);
  const own = tests.filter((_, at) => division.isOwn[at]);
  const elsewhere = prepared.filter(({ test }, at) => !division.isOwn[at] && runsWithUs(test.context.config));
  const declared = fleet?.[index - 1];
  const ci = ciRunOf(process.env);
  session.shard = {
    planned: {
      type: 'shard-planned',
      planId: division.planId,
      inputs: { ...division.inputs },
      index,
      total,
      ...(declared && { machine: declared.machine.machine.name }),
      predictedMs: division.predictedMs,
      boundMs: division.boundMs,
      // The record does not hold suites of other runners.
      elsewhere: elsewhere.map(({ id }) => id),
      own: suites.flatMap(({ id }, at) => (division.isOwn[at] ? id : [])),
      dividedAt: new Date().toISOString(),
      ...(ci && { ciRun: ci.run }),
      ...(ci?.attempt !== undefined && { ciAttempt: ci.attempt }),
    },
    ...(declared && { declared }),
  };
  const machines = fleet === undefined ? ', on equal machines (no option `shards`)' : '';
  say(
    `jest-runner-hardware: shard ${index} of ${total}${declared ? ` (${declared.machine.machine.name})` : ''}: ${own.length} of ${tests.length} suites, plan ${division.planId}; ${basisText(division, index)}${machines}`,
  );
  if (own.length === 0 && !globalConfig.listTests) {
    recordEmptyShard(options, globalConfig, paths.outputDirectory);
  }
  return own;
}

function basisText({ source, knownSuites, predictedMs }: Division, index: number): string {
  const expected = formatDuration(predictedMs[index - 1] ?? 0);
  const longest = formatDuration(Math.max(...predictedMs));
  const times =
    knownSuites === 0 ? '' : `expected ${expected} of at most ${longest}, from ${knownSuites} known suites`;
  switch (source) {
    case 'file':
      return ['as JEST_HARDWARE_PLAN says', times].filter((text) => text !== '').join(', ');
    case 'earlier attempt':
      return 'the same suites as in its earlier attempt';
    case 'repeated run':
      return 'divided as in the run that was merged last';
    case 'history':
      return times || 'no history yet: suites are divided evenly';
  }
}

function refuseOtherPlan({ planId, inputs }: Division, expected: string | undefined): void {
  if (expected === undefined || expected === planId) return;
  throw new UsageError({
    message: 'this shard plans otherwise than JEST_HARDWARE_PLAN_ID says',
    expected: `plan ${expected}`,
    found: `plan ${planId}, from ${Object.entries(inputs)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    remedy:
      'let all shards and their later attempts follow one file (plan --output FILE, JEST_HARDWARE_PLAN), or give them the same history file, option `shards` and version of jest-runner-hardware',
  });
}

/** Jest starts no runner without tests, so the record is written here: otherwise merging would miss the shard. */
function recordEmptyShard(
  options: HardwareOptions,
  globalConfig: Config.GlobalConfig,
  directory: string,
): void {
  const { shard } = session;
  if (shard === undefined) return;
  const hasRoom = prepareOutputDirectory(directory);
  const startedAt = new Date();
  const record = openRecord(directory, startedAt, hasRoom);
  const commit = commitOf(process.env);
  const sources = commit === undefined ? {} : { commit };
  record.write({ atMs: 0, ...runStarted(globalConfig, options, undefined, startedAt, sources) });
  record.write({ atMs: 0, ...shard.planned });
  record.write({ atMs: 0, type: 'run-opened' });
  record.write({ atMs: 0, type: 'run-ended' });
  record.close();
  for (const line of unwrittenLines([record.problem])) say(line);
}
