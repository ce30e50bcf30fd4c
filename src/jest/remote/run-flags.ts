import { isAbsolute, relative } from 'node:path';
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
  'verbose',
  'waitForUnhandledRejections',
  'workerIdleMemoryLimit',
] as const satisfies readonly (keyof Config.GlobalConfig)[];

const projectNames = [
  'automock',
  'clearMocks',
  'collectCoverageFrom',
  'detectLeaks',
  'errorOnDeprecated',
  'injectGlobals',
  'resetMocks',
  'resetModules',
  'restoreMocks',
  'slowTestThreshold',
  'testTimeout',
] as const satisfies readonly (keyof Config.ProjectConfig)[];

export function runFlags(
  globalConfig: Config.GlobalConfig,
  configs: readonly Config.ProjectConfig[],
): RunFlags {
  return {
    global: picked(globalConfig, globalNames),
    projects: configs.map((config) => picked(config, projectNames)),
  };
}

/** What every Jest there is started with: it only finds tests and runs what it is sent. */
const startArgs = [
  '--passWithNoTests',
  '--watchAll=false',
  '--coverage=false',
  '--bail=0',
  '--json=false',
] as const;

/** Flags of this process that say which config and which projects are meant; their values are paths or names. */
const configFlags =
  /^(-c|--(config|root-?dir|projects|select-?projects|ignore-?projects|env|test-?environment|preset))(=|$)/i;

/**
 * The arguments for Jest on another machine.
 * @param root Top of the repository here. Paths in it are given relative to `cwd`.
 */
export function jestArgs(argv: readonly string[], cwd: string, root: string): readonly string[] {
  const there = (value: string) => {
    const below = isAbsolute(value) ? relative(root, value) : '..';
    return below.startsWith('..') ? value : relative(cwd, value) || '.';
  };
  const args: string[] = [...startArgs];
  let isValue = false;
  for (const word of argv) {
    const isFlag = word.startsWith('-');
    if (isFlag) isValue = false;
    if (configFlags.test(word)) {
      const [name = '', ...rest] = word.split('=');
      if (rest.length > 0) args.push(`${name}=${there(rest.join('='))}`);
      else {
        args.push(word);
        isValue = true;
      }
    } else if (isValue && !isFlag) args.push(there(word));
  }
  return args;
}

function picked<Source extends object, Name extends keyof Source>(
  source: Source,
  names: readonly Name[],
): Pick<Source, Name> {
  return Object.fromEntries(
    names.flatMap((name) => (source[name] === undefined ? [] : [[name, source[name]]])),
  ) as Pick<Source, Name>;
}
