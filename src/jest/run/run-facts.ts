import type { Config } from '@jest/types';
import type { HardwareOptions } from '../../config/options.js';
import { type RunStarted, recordVersion } from '../../core/events.js';
import type { DeviceClass } from '../../core/vocabulary/taxonomy.js';
import { packageVersion } from '../../host/package-version.js';
import { recordedRoot } from '../../shard/project-root.js';
import { session } from '../session.js';
import { narrowings } from './narrowing.js';
import type { Sources } from './sources.js';

/** The first line of the record. */
export function runStarted(
  globalConfig: Config.GlobalConfig,
  options: HardwareOptions,
  only: readonly DeviceClass[] | undefined,
  startedAt: Date,
  sources: Sources,
): RunStarted {
  const { shard, collectCoverage, coverageProvider, rootDir } = globalConfig;
  const startTime = startedAt.toISOString();
  const narrowedBy = narrowings(globalConfig);
  const isRerun = (globalConfig.watch || globalConfig.watchAll) && session.begun > 1;
  return {
    type: 'run-started',
    version: recordVersion,
    startedAt: startTime,
    packageVersion: packageVersion(),
    strategy: options.strategy,
    ...sources,
    ...(shard === undefined ? {} : { index: shard.shardIndex, total: shard.shardCount }),
    filtered: narrowedBy.length > 0,
    ...(narrowedBy.length > 0 && { narrowedBy }),
    ...(isRerun && { rerun: true }),
    ...(only === undefined ? {} : { only }),
    coverage: collectCoverage,
    ...(collectCoverage && { coverageProvider }),
    root: recordedRoot(rootDir, startTime),
    requireExecuted: options.requireExecuted,
    ...(options.failOn.length > 0 && { failOn: options.failOn }),
    ...(options.chaos !== undefined && { chaos: options.chaos }),
  };
}
