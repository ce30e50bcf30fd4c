import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import type { Executor } from '../../execute/executor.js';
import { isPlain } from '../../execute/local-workers.js';
import { stockConfig } from '../project-config.js';
import { say } from '../session.js';
import { runSuite, type SuiteResult } from '../suite.js';
import type { Emit } from './delivery.js';
import { placementText } from './placement-text.js';
import { type SuiteTests, testOf } from './suite-tests.js';

interface InBandOptions {
  /** False: no suite runs in this process. */
  readonly inBand: boolean;
  readonly tests: SuiteTests;
  readonly fairThreads: number;
  readonly globalConfig: Config.GlobalConfig;
  readonly context: TestRunnerContext;
  readonly emit: Emit;
  readonly fast: boolean;
}

/**
 * Runs suites in the Jest process itself, for `-i` and the debugger. A suite there can be neither bound to devices nor
 * stopped, so suites that need either, and second attempts, go to `workers`.
 */
export function inBandOr(workers: Executor<SuiteResult>, options: InBandOptions): Executor<SuiteResult> {
  const { inBand, tests, fairThreads, globalConfig, context, emit, fast } = options;
  const asked = askedFor(globalConfig);
  let isExplained = false;
  /** Says once a run that a suite runs in a child process although the user asked for something else. */
  const explain = (suiteId: string) => {
    if (isExplained || asked === undefined) return;
    isExplained = true;
    say(
      `jest-runner-hardware: ${suiteId} and suites like it run in a child process in spite of ${asked}, because they need a device or a limit of their own.`,
    );
  };
  return {
    async run(start, signal) {
      if (start.attempt > 1) return workers.run(start, signal);
      const isBound = !isPlain(start);
      if (isBound) explain(start.suite.id);
      if (isBound || !inBand) return workers.run(start, signal);
      if (signal.aborted) return { status: 'cancelled', durationMs: 0 };
      const startedMs = performance.now();
      process.env['JEST_WORKER_ID'] = '1';
      process.env['JEST_HARDWARE_PLACEMENT'] = placementText(start, fairThreads);
      try {
        const test = testOf(tests, start.suite.id);
        const stock = { ...test, context: { ...test.context, config: stockConfig(test.context.config) } };
        const end = await runSuite(
          stock,
          globalConfig,
          context,
          (name, payload) => void emit(name, payload),
          fast,
        );
        return { ...end, durationMs: Math.max(1, Math.round(performance.now() - startedMs)) };
      } finally {
        delete process.env['JEST_HARDWARE_PLACEMENT'];
      }
    },
  };
}

/** The flag or option by which the user asked for this process or its threads. */
function askedFor({ runInBand, detectOpenHandles, workerThreads }: Config.GlobalConfig): string | undefined {
  if (runInBand) return '--runInBand';
  if (detectOpenHandles) return '--detectOpenHandles';
  return workerThreads ? 'workerThreads' : undefined;
}
