import type { SerializableError, Test, TestResult } from '@jest/test-result';
import { jestPackages } from '../interop.js';

/** The result of a suite that was not run and need not be: shown as skipped, with the reason as its only test. */
export function skippedResult(test: Test, reason: string): TestResult {
  const { displayName } = test.context.config;
  const empty = jestPackages.createEmptyTestResult();
  // Reporters make a date of it.
  const now = Date.now();
  return {
    ...empty,
    perfStats: { ...empty.perfStats, start: now, end: now },
    ...(displayName === undefined ? {} : { displayName }),
    numPendingTests: 1,
    skipped: true,
    testFilePath: test.path,
    testResults: [
      {
        ancestorTitles: [],
        duration: null,
        failureDetails: [],
        failureMessages: [],
        fullName: reason,
        numPassingAsserts: 0,
        status: 'pending',
        title: reason,
      },
    ],
  };
}

/** An error of which Jest prints the message and nothing else: a stack of ours would tell the user nothing. */
export function plainFailure(message: string): SerializableError {
  return { message, stack: '', type: 'Error' };
}

/** An error that something of the user's threw, with its stack; whatever was thrown. */
export function failureOf(error: unknown): SerializableError {
  return error instanceof Error
    ? { message: error.message, stack: error.stack, type: error.name }
    : plainFailure(String(error));
}

/** Says in Jest's own output that a passed suite did not run on what it asked for. */
export function withDegradedNote(testResult: TestResult, deviceId: string): TestResult {
  const message = `degraded: ran on ${deviceId}, which is not among the hardware that this suite asks for`;
  return { ...testResult, console: [...(testResult.console ?? []), { message, origin: '', type: 'warn' }] };
}
