import type { Config } from '@jest/types';
import { type RunStarted, recordVersion } from '../core/events.js';
import type { DeviceClass } from '../core/taxonomy.js';
import { packageVersion } from '../detect/package-version.js';
import type { HardwareOptions } from '../options/options.js';
import { session } from './session.js';

/** The first line of the record. */
export function runStarted(
  globalConfig: Config.GlobalConfig,
  options: HardwareOptions,
  only: readonly DeviceClass[] | undefined,
  startedAt: Date,
): RunStarted {
  const { shard, collectCoverage } = globalConfig;
  const commit = process.env['GITHUB_SHA'] ?? process.env['CI_COMMIT_SHA'];
  return {
    type: 'run-started',
    version: recordVersion,
    startedAt: startedAt.toISOString(),
    packageVersion: packageVersion(),
    strategy: options.strategy,
    ...(commit === undefined ? {} : { commit }),
    ...(shard === undefined ? {} : { index: shard.shardIndex, total: shard.shardCount }),
    filtered: isFiltered(globalConfig) || projectsLeftOut(globalConfig),
    ...(only === undefined ? {} : { only }),
    coverage: collectCoverage,
    requireExecuted: options.requireExecuted,
    ...(options.failOn.length > 0 && { failOn: options.failOn }),
  };
}

/** `--selectProjects` and `--ignoreProjects` leave no other trace in the config. */
function projectsLeftOut({ projects }: Config.GlobalConfig): boolean {
  return session.contexts !== undefined && session.contexts.length < projects.length;
}

/** True when the user asked for less than all suites or tests. */
function isFiltered(config: Config.GlobalConfig): boolean {
  return (
    Boolean(config.testNamePattern) ||
    config.testPathPatterns.isSet() ||
    config.nonFlagArgs.length > 0 ||
    config.onlyChanged ||
    config.onlyFailures ||
    config.findRelatedTests ||
    config.runTestsByPath ||
    config.filter != null
  );
}
