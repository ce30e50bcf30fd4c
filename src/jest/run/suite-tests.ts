import type { Test } from '@jest/test-result';
import { bug } from '../../core/vocabulary/bug.js';

/** Jest's tests (its word for test files) by suite id. */
export type SuiteTests = ReadonlyMap<string, Test>;

export function testOf(tests: SuiteTests, suiteId: string): Test {
  const test = tests.get(suiteId);
  if (test === undefined) throw bug(`Jest gave no test file for ${suiteId}.`);
  return test;
}
