/**
 * Values of Jest's packages. They are loaded by `require`: an `import` of a CommonJS package makes Node scan its whole
 * text for exports (about 90 ms of CPU for these, in every process), though Jest has it in memory already. And its
 * default import is mistyped under nodenext. Both are dealt with here and nowhere else.
 */
import { createRequire } from 'node:module';
import type { BaseReporter } from '@jest/reporters';
import type {
  AggregatedResult,
  createEmptyTestResult,
  formatTestResults,
  makeEmptyAggregatedTestResult,
  Test,
  TestContext,
} from '@jest/test-result';
import type { ShardOptions, TestSequencerOptions } from '@jest/test-sequencer';
import type { Config } from '@jest/types';
import type Emittery from 'emittery';
import type { IModuleMap, SerializableModuleMap } from 'jest-haste-map';
import type { preloadResolver, resolveSequencer } from 'jest-resolve';
import type { EmittingTestRunnerInterface, TestRunnerContext } from 'jest-runner';
import type { requireOrImportModule } from 'jest-util';
import type { RuntimeModule } from './fast/sharing-runtime.js';

/**
 * Resolves as Jest itself does, so that suites run with the packages of the project's own Jest: package managers may give
 * us others, as our ranges allow newer ones than a Jest that is held back.
 */
const require = createRequire(jestCore());
/** As `require` resolves it for the package that has it as a dependency of its own. */
const requireOf = (owner: string) => createRequire(require.resolve(owner));

/** Where Jest's core is: all packages of Jest that run suites are its dependencies. */
function jestCore(): string {
  try {
    const ours = createRequire(import.meta.url);
    return createRequire(ours.resolve('jest')).resolve('@jest/core');
  } catch {
    // Started without the package `jest`: ours will do.
    return import.meta.url;
  }
}

/** What Jest asks of a sequencer. */
export interface Sequencer {
  shard(tests: Test[], options: ShardOptions): Test[] | Promise<Test[]>;
  sort(tests: Test[]): Test[] | Promise<Test[]>;
  allFailedTests(tests: Test[]): Test[] | Promise<Test[]>;
  cacheResults(tests: Test[], results: AggregatedResult): void;
}

export type SequencerClass = new (options: TestSequencerOptions) => Sequencer;

/** What Jest's own sequencer knows of a suite by its cache, which is the machine's. */
interface StockCache {
  hasFailed(test: Test): boolean;
  /** Ms; undefined for a suite that it never saw. */
  time(test: Test): number | undefined;
}

/** Each package is loaded when something of it is first asked for. */
export const jestPackages = {
  /** What Jest's own runner emits with. */
  get Emittery(): typeof Emittery {
    return requireOf('jest-runner')('emittery');
  },
  get StockRunner(): new (
    globalConfig: Config.GlobalConfig,
    context: TestRunnerContext,
  ) => EmittingTestRunnerInterface {
    return require('jest-runner').default;
  },
  /** As Jest's config names its own runner. */
  get stockRunnerPath(): string {
    return require.resolve('jest-runner');
  },
  get StockSequencer(): new (
    options: TestSequencerOptions,
  ) => Sequencer & StockCache {
    return requireOf('jest-config')('@jest/test-sequencer').default;
  },
  get BaseReporter(): typeof BaseReporter {
    return require('@jest/reporters').BaseReporter;
  },
  get HasteMap(): {
    getStatic(config: Config.ProjectConfig): {
      getModuleMapFromJSON(json: SerializableModuleMap): IModuleMap;
    };
  } {
    return require('jest-haste-map').default;
  },
  get Runtime(): {
    createResolver(config: Config.ProjectConfig, map: IModuleMap): TestContext['resolver'];
    createContext(
      config: Config.ProjectConfig,
      options: { console: Console; maxWorkers: number; watch: boolean; watchman: boolean },
    ): Promise<TestContext>;
  } {
    return require('jest-runtime').default;
  },
  /** Finds the test files of a project. */
  get SearchSource(): new (
    context: TestContext,
  ) => {
    getTestPaths(globalConfig: Config.GlobalConfig, config: Config.ProjectConfig): Promise<{ tests: Test[] }>;
  } {
    return require(jestCore()).SearchSource;
  },
  /** The module that Jest's runner takes the runtime of every suite from. */
  get runtimeModule(): RuntimeModule {
    return requireOf('jest-runner')('jest-runtime');
  },
  /** Loads a resolver that is an ES module; Jest 30.4 knows no such resolvers. */
  get preloadResolver(): typeof preloadResolver | undefined {
    return require('jest-resolve').preloadResolver;
  },
  get resolveSequencer(): typeof resolveSequencer {
    return require('jest-resolve').resolveSequencer;
  },
  get requireOrImportModule(): typeof requireOrImportModule {
    return require('jest-util').requireOrImportModule;
  },
  get buildSnapshotResolver(): (
    config: Config.ProjectConfig,
  ) => Promise<{ resolveSnapshotPath(testPath: string): string }> {
    return requireOf('jest-runtime')('jest-snapshot').buildSnapshotResolver;
  },
  get createEmptyTestResult(): typeof createEmptyTestResult {
    return require('@jest/test-result').createEmptyTestResult;
  },
  get makeEmptyAggregatedTestResult(): typeof makeEmptyAggregatedTestResult {
    return require('@jest/test-result').makeEmptyAggregatedTestResult;
  },
  get formatTestResults(): typeof formatTestResults {
    return require('@jest/test-result').formatTestResults;
  },
};
