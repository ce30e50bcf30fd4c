import type { SerializableError, Test, TestEvents, TestResult } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { TestRunnerContext, TestWatcher } from 'jest-runner';
import type { SuiteOutcome } from '../execute/executor.js';
import { startFastPath } from './fast/fast-path.js';
import { jestPackages } from './interop.js';

/** Jest's result of a suite, or the error because of which there is none. */
export type SuiteResult = { readonly testResult: TestResult } | { readonly error: SerializableError };

/** Events that a suite sends while it runs. */
export type CaseEvent = 'test-case-start' | 'test-case-result';

/** Jest asks this between suites. A single suite is stopped by killing its process. */
const neverInterrupted = { isInterrupted: () => false } as TestWatcher;

/**
 * Runs one suite in this process with Jest's own code, so that nothing about a test differs from the stock runner.
 * @param fast Whether it uses what earlier suites of this process have read and compiled.
 */
export async function runSuite(
  test: Test,
  globalConfig: Config.GlobalConfig,
  context: TestRunnerContext,
  emit: <Name extends CaseEvent>(name: Name, payload: TestEvents[Name]) => void,
  fast: boolean,
): Promise<
  Pick<SuiteOutcome<SuiteResult>, 'executedTests'> & {
    status: 'passed' | 'failed' | 'skipped';
    result: SuiteResult;
  }
> {
  const runner = new jestPackages.StockRunner(globalConfig, context);
  const workerId = process.env['JEST_WORKER_ID'] ?? '1';
  // The stock runner sets it to 1, as if it were the only worker.
  runner.on('test-file-start', () => {
    process.env['JEST_WORKER_ID'] = workerId;
  });
  runner.on('test-case-start', (payload) => emit('test-case-start', payload));
  runner.on('test-case-result', (payload) => emit('test-case-result', payload));
  let result: SuiteResult = { error: { message: 'Jest gave no result for this suite', stack: undefined } };
  runner.on('test-file-success', ([, testResult]) => {
    result = { testResult };
  });
  runner.on('test-file-failure', ([, error]) => {
    result = { error };
  });
  const endFastPath = fast ? startFastPath(globalConfig, test.context.config) : undefined;
  try {
    await runner.runTests([test], neverInterrupted, { serial: true });
  } finally {
    endFastPath?.();
  }
  return { ...statusOf(result), result };
}

function statusOf(result: SuiteResult): { status: 'passed' | 'failed' | 'skipped'; executedTests: number } {
  if ('error' in result) return { status: 'failed', executedTests: 0 };
  const { testResult } = result;
  const executedTests = testResult.numPassingTests + testResult.numFailingTests;
  // Jest turns empty suites and leaking ones into failures later.
  const failed =
    testResult.numFailingTests > 0 ||
    testResult.testExecError != null ||
    testResult.testResults.length === 0 ||
    testResult.leaks;
  return { status: failed ? 'failed' : testResult.skipped ? 'skipped' : 'passed', executedTests };
}
