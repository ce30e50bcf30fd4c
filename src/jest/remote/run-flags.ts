import type { Config } from '@jest/types';

/** What a run's flags say to Jest on another machine, whose config is its own. */
export interface RunFlags {
  readonly global: Partial<Config.GlobalConfig>;
  /** By the project's place among all projects. */
  readonly projects: readonly Partial<Config.ProjectConfig>[];
}

/** Options that flags may set and that change how a suite runs. Which suites run, and what is done with results, is decided here. */
const globalNames = [
  'ci',
  'collectCoverage',
  'collectCoverageFrom',
  'coverageProvider',
  'detectLeaks',
  'errorOnDeprecated',
  'expand',
  'logHeapUsage',
  'maxConcurrency',
  'noStackTrace',
  'randomize',
  'seed',
  'silent',
  'testNamePattern',
  'updateSnapshot',
  'useStderr',
  'verbose',
  'waitForUnhandledRejections',
  'workerGracefulExitTimeout',
  'workerIdleMemoryLimit',
  'workerThreads',
] as const satisfies readonly (keyof Config.GlobalConfig)[];

/** The same of a project. Flags with other values, which may be paths, are given to Jest there as they were given here. */
export const projectFlagNames = [
  'automock',
  'cache',
  'clearMocks',
  'collectCoverage',
  'collectCoverageFrom',
  'coverageProvider',
  'detectLeaks',
  'errorOnDeprecated',
  'injectGlobals',
  'resetMocks',
  'resetModules',
  'restoreMocks',
  'silent',
  'slowTestThreshold',
  'testLocationInResults',
  'testTimeout',
  'verbose',
  'waitForUnhandledRejections',
] as const satisfies readonly (keyof Config.ProjectConfig)[];

export function runFlags(
  globalConfig: Config.GlobalConfig,
  configs: readonly Config.ProjectConfig[],
): RunFlags {
  return {
    global: picked(globalConfig, globalNames),
    projects: configs.map((config) => picked(config, projectFlagNames)),
  };
}

/**
 * The same of flags that came from elsewhere: other options than these, such as one that names a module, are left out.
 */
export function knownFlags({ global, projects }: RunFlags): RunFlags {
  return {
    global: picked(global, globalNames),
    projects: projects.map((each) => picked(each, projectFlagNames)),
  };
}

function picked<Source extends object, Name extends keyof Source>(
  source: Source,
  names: readonly Name[],
): Pick<Source, Name> {
  return Object.fromEntries(
    names.flatMap((name) => (source[name] === undefined ? [] : [[name, source[name]]])),
  ) as Pick<Source, Name>;
}
