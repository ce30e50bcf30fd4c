import type { CancelCause } from '../../core/events.js';
import type { SuiteOutcome } from '../../execute/executor.js';
import type { SuiteResult } from '../suite.js';

/**
 * Jest's option `bail`: the run is cancelled after `limit` failed tests; 0 means never. Jest counts failed tests too, but
 * later, when the next suites are already running.
 */
export function bailAfter(limit: number): (outcome: SuiteOutcome<SuiteResult>) => CancelCause | undefined {
  let failedTests = 0;
  return ({ result }) => {
    if (result !== undefined && 'testResult' in result) failedTests += result.testResult.numFailingTests;
    return limit > 0 && failedTests >= limit ? 'bail' : undefined;
  };
}
