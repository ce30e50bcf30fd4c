import type { Config } from '@jest/types';
import type { HardwareOptions } from '../../config/options.js';
import { type RunStarted, recordVersion } from '../../core/events.js';
import type { DeviceClass } from '../../core/vocabulary/taxonomy.js';
import { packageVersion } from '../../host/package-version.js';
import { recordedRoot } from '../../shard/project-root.js';
import { session } from '../session.js';

/** The first line of the record. */
export function runStarted(
  globalConfig: Config.GlobalConfig,
  options: HardwareOptions,
  only: readonly DeviceClass[] | undefined,
  startedAt: Date,
): RunStarted {
  const { shard, collectCoverage, coverageProvider, rootDir } = globalConfig;
  const startTime = startedAt.toISOString();
  const commit = commitOf(process.env);
  return {
    type: 'run-started',
    version: recordVersion,
    startedAt: startTime,
    packageVersion: packageVersion(),
    strategy: options.strategy,
    ...(commit === undefined ? {} : { commit }),
    ...(shard === undefined ? {} : { index: shard.shardIndex, total: shard.shardCount }),
    filtered: isFiltered(globalConfig) || projectsLeftOut(globalConfig),
    ...(only === undefined ? {} : { only }),
    coverage: collectCoverage,
    ...(collectCoverage && { coverageProvider }),
    root: recordedRoot(rootDir, startTime),
    requireExecuted: options.requireExecuted,
    ...(options.failOn.length > 0 && { failOn: options.failOn }),
  };
}

/** The commit under test, as GitHub or GitLab name it. */
export function commitOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return env['GITHUB_SHA'] ?? env['CI_COMMIT_SHA'];
}

/** True when Jest was told to find less than all suites; `-t` leaves out tests, not suites. */
export function asksForSomeSuites(config: Config.GlobalConfig): boolean {
  return findsSomeSuites(config) || projectsLeftOut(config);
}

/** Whether `--selectProjects` or `--ignoreProjects` left projects out; the config shows it in no other way. */
function projectsLeftOut({ projects }: Config.GlobalConfig): boolean {
  return session.contexts !== undefined && session.contexts.length < projects.length;
}

/** True when the user asked for less than all suites or tests. */
function isFiltered(config: Config.GlobalConfig): boolean {
  return Boolean(config.testNamePattern) || findsSomeSuites(config);
}

function findsSomeSuites(config: Config.GlobalConfig): boolean {
  return (
    config.testPathPatterns.isSet() ||
    config.nonFlagArgs.length > 0 ||
    config.onlyChanged ||
    config.onlyFailures ||
    config.findRelatedTests ||
    config.runTestsByPath ||
    config.filter != null
  );
}
