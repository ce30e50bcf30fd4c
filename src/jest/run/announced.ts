import type { Ahead, Executor, Start, SuiteOutcome } from '../../execute/executor.js';
import type { SuiteResult } from '../suite.js';
import type { Delivery, Emit } from './delivery.js';
import { failureOf } from './results.js';
import { type SuiteTests, testOf } from './suite-tests.js';

interface Announcements {
  readonly tests: SuiteTests;
  readonly emit: Emit;
  /**
   * Results that reporters must have handled before the next suite starts, as stock Jest does in band. Left out: suites
   * start without waiting for reporters.
   */
  readonly first?: Delivery;
}

/** Emits Jest's `test-file-start` before the first attempt of each suite. If a reporter throws, the suite fails with that error. */
export function announced(
  executor: Executor<SuiteResult>,
  { tests, emit, first }: Announcements,
): Executor<SuiteResult> {
  /** Its events wait for the announcement. */
  const runAhead = async (
    start: Start,
    ahead: Ahead,
    signal: AbortSignal,
  ): Promise<SuiteOutcome<SuiteResult>> => {
    let problem: unknown;
    const begun = ahead.begun.then(async (hasBegun) => {
      if (!hasBegun) return false;
      try {
        await emit('test-file-start', [testOf(tests, start.suite.id)]);
      } catch (error) {
        problem = error;
      }
      return true;
    });
    const outcome = await executor.run({ ...start, ahead: { ...ahead, begun } }, signal);
    if (!outcome.notStarted) await begun;
    return problem === undefined ? outcome : refused(problem);
  };
  return {
    async run(start, signal) {
      if (first !== undefined) await first.settled();
      if (start.ahead !== undefined) return runAhead(start, start.ahead, signal);
      if (start.attempt === 1) {
        try {
          await emit('test-file-start', [testOf(tests, start.suite.id)]);
        } catch (error) {
          return refused(error);
        }
      }
      return executor.run(start, signal);
    },
  };
}

function refused(error: unknown): SuiteOutcome<SuiteResult> {
  return { status: 'failed', durationMs: 0, executedTests: 0, result: { error: failureOf(error) } };
}
