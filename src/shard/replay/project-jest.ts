import { Console } from 'node:console';
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type * as Reporters from '@jest/reporters';
import type * as TestResults from '@jest/test-result';
import type { Config } from '@jest/types';
import { UsageError } from '../../core/vocabulary/usage-error.js';

/** The project's own Jest, loaded into this process, and what it makes of the project's config. */
export interface ProjectJest {
  readonly globalConfig: Config.GlobalConfig;
  /** A config with its file system and resolver for each project, in the order of the config. */
  readonly contexts: readonly TestResults.TestContext[];
  readonly packages: JestPackages;
}

interface JestPackages {
  readonly reporters: typeof Reporters;
  readonly testResult: typeof TestResults;
  /** Whether Jest would take the file for a test of this project. */
  isTestFile(context: TestResults.TestContext, path: string): boolean;
  /** @returns Null when there is no such module. */
  findModule(name: string, directory: string): string | null;
  /** The default export of a module of either kind. */
  load(path: string): Promise<unknown>;
}

/**
 * Reads the config as a run of Jest does, in this process: reporters get functions, regular expressions and all.
 * @param config Path of the config; undefined: the one that Jest finds.
 * @throws {UsageError} when there is no Jest, or it refuses the config.
 */
export async function loadProjectJest(directory: string, config: string | undefined): Promise<ProjectJest> {
  const core = requireOfCore(directory);
  // As Jest's own command does: configs and transformers ask for it.
  process.env.NODE_ENV ??= 'test';
  const { readConfigs } = core('jest-config') as {
    readConfigs(
      argv: object,
      projects: readonly string[],
    ): Promise<{ globalConfig: Config.GlobalConfig; configs: readonly Config.ProjectConfig[] }>;
  };
  const root = process.platform === 'win32' ? realpathSync.native(directory) : directory;
  const argv = { $0: 'jest', _: [], ...(config !== undefined && { config }) };
  const { globalConfig, configs } = await readConfigs(argv, [root]).catch((cause: unknown) => {
    const found = stripVTControlCharacters(cause instanceof Error ? cause.message : String(cause)).trim();
    throw new UsageError({ message: 'Jest cannot read its config', found }, { cause });
  });
  return {
    globalConfig,
    contexts: await contextsOf(core, globalConfig, configs),
    packages: packagesOf(core),
  };
}

function requireOfCore(directory: string): NodeJS.Require {
  try {
    const jest = createRequire(join(directory, 'package.json')).resolve('jest');
    return createRequire(createRequire(jest).resolve('@jest/core'));
  } catch (cause) {
    throw new UsageError(
      {
        message: `there is no Jest in ${directory}`,
        remedy: 'run the command in the project, after npm install',
      },
      { cause },
    );
  }
}

function contextsOf(
  core: NodeJS.Require,
  { maxWorkers, watchman }: Config.GlobalConfig,
  configs: readonly Config.ProjectConfig[],
): Promise<TestResults.TestContext[]> {
  const { default: Runtime } = core('jest-runtime') as {
    default: {
      createContext(config: Config.ProjectConfig, options: object): Promise<TestResults.TestContext>;
    };
  };
  const options = {
    console: new Console(process.stderr, process.stderr),
    maxWorkers: Math.max(1, Math.floor(maxWorkers / 2)),
    watch: false,
    watchman,
  };
  return Promise.all(configs.map((config) => Runtime.createContext(config, options)));
}

function packagesOf(core: NodeJS.Require): JestPackages {
  return {
    get reporters() {
      return core('@jest/reporters') as typeof Reporters;
    },
    get testResult() {
      return core('@jest/test-result') as typeof TestResults;
    },
    isTestFile(context, path) {
      const { SearchSource } = core('@jest/core') as {
        SearchSource: new (context: TestResults.TestContext) => { isTestFilePath(path: string): boolean };
      };
      return new SearchSource(context).isTestFilePath(path);
    },
    findModule(name, directory) {
      const { default: Resolver } = core('jest-resolve') as {
        default: { findNodeModule(name: string, options: { basedir: string }): string | null };
      };
      return Resolver.findNodeModule(name, { basedir: directory });
    },
    load(path) {
      const { requireOrImportModule } = core('jest-util') as {
        requireOrImportModule(path: string): Promise<unknown>;
      };
      return requireOrImportModule(path);
    },
  };
}
