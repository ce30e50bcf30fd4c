/**
 * Values of Jest's packages. They are loaded by `require`: an `import` of a CommonJS package makes Node scan its whole
 * text for exports (about 90 ms of CPU for these, in every process), though Jest has it in memory already. And its
 * default import is mistyped under nodenext. Both are dealt with here and nowhere else.
 */
import { createRequire } from 'node:module';
import type { BaseReporter } from '@jest/reporters';
import type { AggregatedResult, createEmptyTestResult, Test, TestContext } from '@jest/test-result';
import type { ShardOptions, TestSequencerOptions } from '@jest/test-sequencer';
import type { Config } from '@jest/types';
import type Emittery from 'emittery';
import type { IModuleMap, SerializableModuleMap } from 'jest-haste-map';
import type { preloadResolver, resolveSequencer } from 'jest-resolve';
import type { EmittingTestRunnerInterface, TestRunnerContext } from 'jest-runner';
import type { requireOrImportModule } from 'jest-util';

const require = createRequire(import.meta.url);

/** What Jest asks of a sequencer. */
export interface Sequencer {
  shard(tests: Test[], options: ShardOptions): Test[] | Promise<Test[]>;
  sort(tests: Test[]): Test[] | Promise<Test[]>;
  allFailedTests(tests: Test[]): Test[] | Promise<Test[]>;
  cacheResults(tests: Test[], results: AggregatedResult): void;
}

export type SequencerClass = new (options: TestSequencerOptions) => Sequencer;

/** Each package is loaded when something of it is first asked for. */
export const jestPackages = {
  /** What Jest's own runner emits with. */
  get Emittery(): typeof Emittery {
    return require('emittery');
  },
  get StockRunner(): new (
    globalConfig: Config.GlobalConfig,
    context: TestRunnerContext,
  ) => EmittingTestRunnerInterface {
    return require('jest-runner').default;
  },
  get StockSequencer(): SequencerClass {
    return require('@jest/test-sequencer').default;
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
  get Runtime(): { createResolver(config: Config.ProjectConfig, map: IModuleMap): TestContext['resolver'] } {
    return require('jest-runtime').default;
  },
  get preloadResolver(): typeof preloadResolver {
    return require('jest-resolve').preloadResolver;
  },
  get resolveSequencer(): typeof resolveSequencer {
    return require('jest-resolve').resolveSequencer;
  },
  get requireOrImportModule(): typeof requireOrImportModule {
    return require('jest-util').requireOrImportModule;
  },
  get createEmptyTestResult(): typeof createEmptyTestResult {
    return require('@jest/test-result').createEmptyTestResult;
  },
};
