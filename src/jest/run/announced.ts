import type { Executor } from '../../execute/executor.js';
import type { SuiteResult } from '../suite.js';
import type { Delivery, Emit } from './delivery.js';
import { failureOf } from './results.js';
import { type SuiteTests, testOf } from './suite-tests.js';

interface Announcements {
  readonly tests: SuiteTests;
  readonly emit: Emit;
  /** Reporters deal with its results before the next suite starts, as in stock Jest in band; left out: they need not. */
  readonly first?: Delivery;
}

/** Lets Jest know of each suite before it runs, once. A suite over which a reporter stumbles fails with its error. */
export function announced(
  executor: Executor<SuiteResult>,
  { tests, emit, first }: Announcements,
): Executor<SuiteResult> {
  return {
    async run(start, signal) {
      if (first !== undefined) await first.settled();
      if (start.attempt === 1) {
        try {
          await emit('test-file-start', [testOf(tests, start.suite.id)]);
        } catch (error) {
          const result = { error: failureOf(error) };
          return { status: 'failed', durationMs: 0, executedTests: 0, result };
        }
      }
      return executor.run(start, signal);
    },
  };
}
