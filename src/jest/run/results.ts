import type { SerializableError, Test, TestResult } from '@jest/test-result';
import { jestPackages } from '../interop.js';

/** The result of a suite that is skipped: Jest shows it with the reason as its only test. */
export function skippedResult(test: Test, reason: string): TestResult {
  const { displayName } = test.context.config;
  const empty = jestPackages.createEmptyTestResult();
  // Reporters turn it into a date.
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

/** An error of which Jest prints only the message: our own stack would not help the user. */
export function plainFailure(message: string): SerializableError {
  return { message, stack: '', type: 'Error' };
}

/** Whatever the user's code threw, as an error with its stack. */
export function failureOf(error: unknown): SerializableError {
  return error instanceof Error
    ? { message: error.message, stack: error.stack, type: error.name }
    : plainFailure(String(error));
}

/** The result with a warning in Jest's output that the suite ran on other hardware than it asks for. */
export function withDegradedNote(testResult: TestResult, deviceId: string): TestResult {
  const message = `degraded: ran on ${deviceId}, which is not among the hardware that this suite asks for`;
  return withWarning(testResult, message);
}

/** The result with a warning in Jest's output. */
export function withWarning(testResult: TestResult, message: string): TestResult {
  return { ...testResult, console: [...(testResult.console ?? []), { message, origin: '', type: 'warn' }] };
}
