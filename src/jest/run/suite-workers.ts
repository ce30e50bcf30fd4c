import type { Test, TestEvents } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import type { Executor } from '../../execute/executor.js';
import { LocalWorkers } from '../../execute/local-workers.js';
import { packageFiles } from '../../package-files.js';
import { stockConfig } from '../project-config.js';
import type { SuiteResult } from '../suite.js';
import type { SuiteTask, WorkerSetup } from '../suite-process.js';
import type { Emit } from './delivery.js';
import { placementText } from './placement-text.js';
import { type SuiteTests, testOf } from './suite-tests.js';

/** A pool of child processes (or threads) that run Jest suites. It starts none by itself. */
export function suiteWorkers(options: {
  readonly tests: readonly Test[];
  readonly globalConfig: Config.GlobalConfig;
  readonly context: TestRunnerContext;
  readonly workers: number;
  readonly fairThreads: number;
  readonly fast: boolean;
}): LocalWorkers<SuiteResult> {
  const { tests, globalConfig, context, workers, fairThreads, fast } = options;
  const { workerIdleMemoryLimit, workerGracefulExitTimeout, workerThreads } = globalConfig;
  return new LocalWorkers({
    workers,
    fairThreads,
    entry: packageFiles.suiteProcess,
    setup: workerSetup(globalConfig, context, tests, fast),
    threads: workerThreads ?? false,
    ...(typeof workerIdleMemoryLimit === 'number' ? { idleMemoryLimitBytes: workerIdleMemoryLimit } : {}),
    gracefulExitMs: workerGracefulExitTimeout ?? defaultGracefulExitMs,
  });
}

/** The executor that sends suites to the pool. */
export function onWorkers(
  workers: LocalWorkers<SuiteResult>,
  tests: SuiteTests,
  fairThreads: number,
  emit: Emit,
): Executor<SuiteResult> {
  return {
    run(start, signal) {
      const { path, context } = testOf(tests, start.suite.id);
      const placement = placementText(start, fairThreads);
      const { fault } = start;
      const message: SuiteTask = {
        path,
        projectId: context.config.id,
        placement,
        ...(fault !== undefined && { fault }),
      };
      const onEvent = (name: string, payload: unknown) =>
        void emit(name as keyof TestEvents, payload as TestEvents[keyof TestEvents]);
      return workers.run(start, { message, onEvent }, signal);
    },
  };
}

/** Jest's default; Jest 30.4 has no such option. */
const defaultGracefulExitMs = 500;

function workerSetup(
  globalConfig: Config.GlobalConfig,
  context: TestRunnerContext,
  tests: readonly Test[],
  fast: boolean,
): WorkerSetup {
  const projects = new Map(
    tests.map(({ context: { config, moduleMap } }) => [config.id, { config, moduleMap }]),
  );
  return {
    globalConfig,
    fast,
    context: Object.fromEntries(
      Object.entries(context).flatMap(([name, set]) => (set ? [[name, [...set]]] : [])),
    ),
    projects: [...projects.values()].map(({ config, moduleMap }) => ({
      config: stockConfig(config),
      moduleMap: moduleMap.toJSON(),
    })),
  };
}
