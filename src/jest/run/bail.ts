import type { CancelCause } from '../../core/events.js';
import type { SuiteOutcome } from '../../execute/executor.js';
import type { SuiteResult } from '../suite.js';

/**
 * Ends a run after so many failed tests; 0: never. Jest counts them the same way, but only after it was told of them: by
 * then the next suites would run.
 */
export function bailAfter(limit: number): (outcome: SuiteOutcome<SuiteResult>) => CancelCause | undefined {
  let failedTests = 0;
  return ({ result }) => {
    if (result !== undefined && 'testResult' in result) failedTests += result.testResult.numFailingTests;
    return limit > 0 && failedTests >= limit ? 'bail' : undefined;
  };
}
