import type { Test, TestEvents } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import { LocalExecutor } from '../../execute/local.js';
import { packageFiles } from '../../package-files.js';
import { stockConfig } from '../project-config.js';
import type { SuiteResult } from '../suite.js';
import type { SuiteTask, WorkerSetup } from '../suite-process.js';
import type { Emit } from './delivery.js';
import type { RunLookup } from './run-lookup.js';

/** The executor for child processes that run Jest suites. */
export function jestExecutor(options: {
  readonly globalConfig: Config.GlobalConfig;
  readonly context: TestRunnerContext;
  readonly workers: () => number;
  readonly tests: readonly Test[];
  readonly lookup: RunLookup;
  readonly emit: Emit;
  readonly fairThreads: number;
}): LocalExecutor<SuiteResult> {
  const { globalConfig, context, workers, tests, lookup, emit, fairThreads } = options;
  const { workerIdleMemoryLimit, workerGracefulExitTimeout, workerThreads } = globalConfig;
  return new LocalExecutor({
    machine: () => lookup.machine,
    workers,
    fairThreads,
    entry: packageFiles.suiteProcess,
    setup: workerSetup(globalConfig, context, tests),
    threads: workerThreads ?? false,
    ...(typeof workerIdleMemoryLimit === 'number' ? { idleMemoryLimitBytes: workerIdleMemoryLimit } : {}),
    gracefulExitMs: workerGracefulExitTimeout ?? defaultGracefulExitMs,
    task(placement, attempt): SuiteTask {
      const test = lookup.test(placement.suiteId);
      return {
        path: test.path,
        projectId: test.context.config.id,
        placement: lookup.placementText(placement, attempt, fairThreads),
      };
    },
    profile: (placement) => lookup.profileOf(placement),
    onEvent: (_placement, name, payload) =>
      void emit(name as keyof TestEvents, payload as TestEvents[keyof TestEvents]),
  });
}

/** What Jest takes where its config does not say (30.4 has no such option). */
const defaultGracefulExitMs = 500;

function workerSetup(
  globalConfig: Config.GlobalConfig,
  context: TestRunnerContext,
  tests: readonly Test[],
): WorkerSetup {
  const projects = new Map(
    tests.map(({ context: { config, moduleMap } }) => [config.id, { config, moduleMap }]),
  );
  return {
    globalConfig,
    context: Object.fromEntries(
      Object.entries(context).flatMap(([name, set]) => (set ? [[name, [...set]]] : [])),
    ),
    projects: [...projects.values()].map(({ config, moduleMap }) => ({
      config: stockConfig(config),
      moduleMap: moduleMap.toJSON(),
    })),
  };
}
