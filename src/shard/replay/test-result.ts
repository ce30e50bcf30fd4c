import { stripVTControlCharacters } from 'node:util';
import type { SerializableError, TestResult } from '@jest/test-result';
import type { Interval, OwnedResult } from './assign-projects.js';
import type { ProjectJest } from './project-jest.js';

/**
 * The result of a suite as Jest gave it to the reporters of the shard. What its `--json` leaves out stays empty: console,
 * coverage, memory, open handles, and the suite's own part in the counts of snapshots.
 */
export function testResultOf(
  owned: OwnedResult,
  { createEmptyTestResult }: ProjectJest['packages']['testResult'],
): TestResult {
  const { suite, context } = owned;
  const { displayName, slowTestThreshold } = context.config;
  const testResults = suite.assertionResults as unknown as TestResult['testResults'];
  const count = (status: string) => testResults.filter((each) => each.status === status).length;
  const [numFailingTests, numPassingTests, numTodoTests] = [count('failed'), count('passed'), count('todo')];
  const error = execErrorOf(owned);
  const { startMs, endMs } = timeOf(owned);
  const empty = createEmptyTestResult();
  return {
    ...empty,
    ...(displayName && { displayName }),
    failureMessage: suite.message === '' ? null : suite.message,
    numFailingTests,
    numPassingTests,
    numTodoTests,
    numPendingTests: testResults.length - numFailingTests - numPassingTests - numTodoTests,
    perfStats: {
      ...empty.perfStats,
      start: startMs,
      end: endMs,
      runtime: endMs - startMs,
      slow: (endMs - startMs) / 1000 > slowTestThreshold,
    },
    skipped: suite.status === 'skipped',
    ...(error && { testExecError: error }),
    testFilePath: suite.name,
    testResults,
  };
}

/** Jest writes the time of writing for suites that were skipped or could not run. Of the latter reporters get none. */
function timeOf({ suite, time }: OwnedResult): Interval {
  const { assertionResults, startTime: startMs, endTime: endMs, status } = suite;
  if (startMs !== endMs) return { startMs, endMs };
  if (status === 'failed' && assertionResults.length === 0) return { startMs: 0, endMs: 0 };
  return time ?? { startMs, endMs };
}

/** Why the suite as a whole failed, beside its tests: then Jest writes one time as its start and its end. */
function execErrorOf({ suite }: OwnedResult): SerializableError | undefined {
  const hasFailedTest = suite.assertionResults.some(({ status }) => status === 'failed');
  if (suite.status !== 'failed' || (hasFailedTest && suite.startTime !== suite.endTime)) return undefined;
  const stack = withoutHeading(stripVTControlCharacters(suite.message));
  const [message = ''] = stack.split(/\n\s+at /, 1);
  return { message: message.trim(), stack };
}

/** Takes away Jest's `● Test suite failed to run`, and what it indents the error by. */
function withoutHeading(text: string): string {
  return text
    .replace(/^\s*● .*\n+/, '')
    .replace(/^ {4}/gm, '')
    .trim();
}
