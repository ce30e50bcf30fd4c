import type { Test, TestEvents } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import type { Placement } from '../core/events.js';
import type { Machine } from '../core/machine.js';
import type { WorkloadProfile } from '../core/workload.js';
import { LocalExecutor } from '../execute/local.js';
import { packageFiles } from '../package-files.js';
import type { Emit } from './delivery.js';
import type { SuiteResult } from './suite.js';
import type { SuiteTask, WorkerSetup } from './suite-process.js';

export interface PlacedSuite {
  readonly test: Test;
  readonly profile: WorkloadProfile;
}

/** The executor for child processes that run Jest suites. */
export function jestExecutor(options: {
  readonly globalConfig: Config.GlobalConfig;
  readonly context: TestRunnerContext;
  machine(): Machine;
  readonly workers: number;
  readonly tests: readonly Test[];
  readonly emit: Emit;
  suite(placement: Placement): PlacedSuite;
  placementText(placement: Placement, attempt: number): string;
  readonly fairThreads: number;
}): LocalExecutor<SuiteResult> {
  const { globalConfig, context, machine, workers, tests, emit, suite, fairThreads } = options;
  const { workerIdleMemoryLimit, workerGracefulExitTimeout, workerThreads } = globalConfig;
  return new LocalExecutor({
    machine,
    workers,
    fairThreads,
    entry: packageFiles.suiteProcess,
    setup: workerSetup(globalConfig, context, tests),
    threads: workerThreads ?? false,
    ...(typeof workerIdleMemoryLimit === 'number' ? { idleMemoryLimitBytes: workerIdleMemoryLimit } : {}),
    gracefulExitMs: workerGracefulExitTimeout ?? defaultGracefulExitMs,
    task(placement, attempt): SuiteTask {
      const { test } = suite(placement);
      return {
        path: test.path,
        projectId: test.context.config.id,
        placement: options.placementText(placement, attempt),
      };
    },
    profile: (placement) => suite(placement).profile,
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
      config,
      moduleMap: moduleMap.toJSON(),
    })),
  };
}
