import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AggregatedResult, Test } from '@jest/test-result';
import type { ShardOptions, TestSequencerOptions } from '@jest/test-sequencer';
import { readDocblock } from '../config/docblock/docblock.js';
import { parseEnvironment } from '../config/environment.js';
import type { HardwareOptions } from '../config/options.js';
import { runPaths } from '../config/run-paths.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { isPragmaName } from '../core/workload/pragmas.js';
import { expectedMs, type History, historyUnder } from '../record/history.js';
import { readHistory } from '../record/history-file.js';
import { takeFleetVariables } from '../remote/fleet-variables.js';
import { jestPackages, type Sequencer, type SequencerClass } from './interop.js';
import { hideRunnerOptions } from './project-config.js';
import { takeChannel } from './remote/take-channel.js';
import { readRunnerOptions, runsWithUs } from './runner-options.js';
import { say, session } from './session.js';
import { suiteId } from './suites.js';

/**
 * The Jest sequencer: `testSequencer: 'jest-runner-hardware/sequencer'`. Suites that failed come first, then those that
 * were never measured, then the longest expected. A sequencer given as runner option `testSequencer` decides instead.
 */
export default class HardwareSequencer extends jestPackages.StockSequencer {
  readonly #options: TestSequencerOptions;
  readonly #environment = parseEnvironment(process.env);
  /** The user's own, once it is loaded. */
  #other: Sequencer | undefined;

  constructor(options: TestSequencerOptions) {
    super(options);
    this.#options = options;
    if (this.#environment.enabled) {
      hideRunnerOptions(options.contexts.filter(({ config }) => runsWithUs(config)));
    }
    // In watch mode they were taken at the first run.
    session.fleetVariables = { ...session.fleetVariables, ...takeFleetVariables(process.env) };
    const descriptor = takeChannel(process.env);
    session.served = descriptor === undefined ? undefined : { descriptor, tests: [] };
    session.contexts = options.contexts;
    session.begun++;
    session.runs = [];
    session.shard = undefined;
    session.failures = [];
    session.readsPathProjects = false;
  }

  override async shard(tests: Test[], options: ShardOptions): Promise<Test[]> {
    const other = await this.#loadOther();
    if (other !== undefined) {
      if (typeof other.shard !== 'function') throw noShardMethod(options, other);
      return other.shard(tests, options);
    }
    const runnerOptions = this.#runnerOptions();
    if (!this.#environment.enabled || runnerOptions === undefined) return super.shard(tests, options);
    const { globalConfig } = this.#options;
    // Loaded only in shards.
    const { takeShard } = await import('./shards/shard.js');
    // Jest would select the failed suites after dividing; here only the failed ones are divided.
    const asked = globalConfig.onlyFailures ? await this.allFailedTests(tests) : tests;
    const own = takeShard({
      tests: asked,
      shard: options,
      options: runnerOptions,
      globalConfig,
      environment: this.#environment,
    });
    if (own.length > 0 || asked.length === 0) return own;
    const { endEmptyShard, failsWithoutTests } = await import('./shards/empty-shard.js');
    return failsWithoutTests(globalConfig) ? endEmptyShard(globalConfig) : own;
  }

  override async sort(tests: Test[]): Promise<Test[]> {
    this.#requireJsExtension();
    if (session.served !== undefined) {
      // Suites of other runners stay where the run was started.
      session.served.tests = tests.filter(({ context }) => runsWithUs(context.config));
      return [...session.served.tests];
    }
    if (!this.#environment.enabled) return super.sort(tests);
    await refuseTaggedElsewhere(tests, this.#runnerOptions()?.ignorePragmas);
    this.#sayWhereOptionsDiffer();
    const other = await this.#loadOther();
    if (other !== undefined) return other.sort(tests);
    return this.#byHistory(await super.sort(tests));
  }

  override async allFailedTests(tests: Test[]): Promise<Test[]> {
    const other = await this.#loadOther();
    if (other !== undefined) return other.allFailedTests(tests);
    const history = this.#runnerOptions()?.failuresFromHistory === true ? this.#history() : undefined;
    if (!this.#environment.enabled || history === undefined) return super.allFailedTests(tests);
    const hasFailed = (test: Test) =>
      history.suites.get(suiteId(test, this.#options.globalConfig))?.failedLast === true;
    return this.sort(
      tests.filter((test) => (this.time(test) === undefined ? hasFailed(test) : this.hasFailed(test))),
    );
  }

  override cacheResults(tests: Test[], results: AggregatedResult): void {
    if (this.#other === undefined) super.cacheResults(tests, results);
    else this.#other.cacheResults(tests, results);
  }

  /** Orders by our history, as Jest's cache knows only this machine and is empty in CI; Jest's order decides the rest. */
  #byHistory(tests: Test[]): Test[] {
    const { globalConfig } = this.#options;
    const history = this.#history();
    if (history === undefined || history.suites.size === 0) return tests;
    const known = new Map(
      tests.map((test) => {
        const suite = history.suites.get(suiteId(test, globalConfig));
        const durations = [...(suite?.devices.values() ?? [])].map((device) =>
          expectedMs(device, history.reversion),
        );
        return [test, { failed: suite?.failedLast ?? false, durations }];
      }),
    );
    for (const test of tests) {
      const durations = known.get(test)?.durations ?? [];
      if (durations.length > 0) test.duration = Math.max(...durations);
    }
    const rank = (test: Test): readonly [number, number] => [
      known.get(test)?.failed ? 0 : 1,
      test.duration === undefined ? Number.NEGATIVE_INFINITY : -test.duration,
    ];
    // Stable: Jest's own order (failed first, larger files first) stays among equals.
    return tests.toSorted((a, b) => {
      const [failedA, durationA] = rank(a);
      const [failedB, durationB] = rank(b);
      return failedA - failedB || (durationA === durationB ? 0 : durationA - durationB);
    });
  }

  #history(): History | undefined {
    const options = this.#runnerOptions();
    const paths = options === undefined ? undefined : runPaths(options, this.#options.globalConfig.rootDir);
    if (paths?.history === undefined) return undefined;
    const { history } = readHistory(paths.history, paths.project);
    return historyUnder(this.#options.globalConfig.collectCoverage, history);
  }

  #runnerOptions(): HardwareOptions | undefined {
    const context = this.#options.contexts.find(({ config }) => runsWithUs(config));
    return context === undefined ? undefined : readRunnerOptions(context.config.runnerOptions);
  }

  async #loadOther(): Promise<Sequencer | undefined> {
    const { globalConfig } = this.#options;
    const name = this.#runnerOptions()?.testSequencer;
    if (name === undefined || this.#other !== undefined) return this.#other;
    const filePath = jestPackages.resolveSequencer(null, {
      filePath: name.replace('<rootDir>', globalConfig.rootDir),
      rootDir: globalConfig.rootDir,
      requireResolveFunction: createRequire(import.meta.url).resolve,
    });
    const Other = await jestPackages.requireOrImportModule<SequencerClass>(filePath);
    this.#other = new Other(this.#options);
    return this.#other;
  }

  /** Jest checks this only for its own runner, but our runner uses the same modules. */
  #requireJsExtension(): void {
    const problems = this.#options.contexts
      .filter(({ config }) => runsWithUs(config) && !config.moduleFileExtensions.includes('js'))
      .map(({ config }) => ({
        message: "moduleFileExtensions must include 'js'",
        found: JSON.stringify(config.moduleFileExtensions),
        remedy: "add 'js', which Jest's own modules need",
      }));
    if (problems.length > 0) throw new UsageError(problems);
  }

  /** Jest makes a runner for each set of options, and runs them one after another. */
  #sayWhereOptionsDiffer(): void {
    const ours = this.#options.contexts.filter(({ config }) => runsWithUs(config));
    if (new Set(ours.map(({ config }) => JSON.stringify(config.runnerOptions))).size > 1) {
      say(
        'jest-runner-hardware: the projects give different runner options, so Jest runs them one after another. Give all projects the same options to run them together.',
      );
    }
  }
}

/** The text with which Jest itself reports it. */
function noShardMethod({ shardIndex, shardCount }: ShardOptions, other: Sequencer): UsageError {
  return new UsageError({
    message: `Shard ${shardIndex}/${shardCount} requested, but test sequencer ${other.constructor.name} has no shard method.`,
    remedy: 'give it one, extend the class of @jest/test-sequencer, or leave out the option testSequencer',
  });
}

/** A tagged file under another runner would pass without having run on the hardware that it asks for. */
async function refuseTaggedElsewhere(tests: readonly Test[], ignored?: readonly string[]): Promise<void> {
  const elsewhere = tests.filter(({ context }) => !runsWithUs(context.config));
  const problems = await Promise.all(
    elsewhere.map(async ({ path, context }) => {
      const tag = tagOf(await readFile(path, 'utf8'), path, ignored);
      return tag === undefined
        ? []
        : [
            {
              file: path,
              ...(tag.line === undefined ? {} : { line: tag.line }),
              message: 'the file is tagged for hardware, but its project runs it with another runner',
              expected: "runner: ['jest-runner-hardware', options] in the project's config",
              found: `runner: '${context.config.runner}'`,
              remedy:
                "projects do not inherit the runner: wrap this project's config in withHardware() as well",
            },
          ];
    }),
  );
  if (problems.flat().length > 0) throw new UsageError(problems.flat());
}

/** The first of our pragmas in the file; a misplaced one counts too. */
function tagOf(source: string, path: string, ignored?: readonly string[]): { line?: number } | undefined {
  const { pragmas, problems } = readDocblock(source, path, ignored);
  return pragmas.find(({ name }) => isPragmaName(name)) ?? problems[0];
}
