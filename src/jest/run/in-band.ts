import type { Test, TestEvents } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import type { SuiteOutcome } from '../../execute/executor.js';
import { stockConfig } from '../project-config.js';
import { type CaseEvent, runSuite, type SuiteResult } from '../suite.js';

/** Runs a suite in the Jest process itself, for `-i` and the debugger: it can be neither bound nor stopped. */
export async function runInBand(
  test: Test,
  placementText: string,
  globalConfig: Config.GlobalConfig,
  context: TestRunnerContext,
  emit: <Name extends CaseEvent>(name: Name, payload: TestEvents[Name]) => void,
): Promise<SuiteOutcome<SuiteResult>> {
  const started = performance.now();
  process.env['JEST_WORKER_ID'] = '1';
  process.env['JEST_HARDWARE_PLACEMENT'] = placementText;
  try {
    const stock = { ...test, context: { ...test.context, config: stockConfig(test.context.config) } };
    const end = await runSuite(stock, globalConfig, context, emit);
    return { ...end, durationMs: Math.max(1, Math.round(performance.now() - started)) };
  } finally {
    delete process.env['JEST_HARDWARE_PLACEMENT'];
  }
}
