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
  /** By slot: what was started there last. Reporters may take their time, and nothing sent ahead may overtake it. */
  const announcements = new Map<string, Promise<Refusal | undefined>>();
  const known = new Set<string>();
  const announce = async ({ suite }: Start): Promise<Refusal | undefined> => {
    if (first !== undefined) await first.settled();
    if (known.has(suite.id)) return undefined;
    known.add(suite.id);
    try {
      await emit('test-file-start', [testOf(tests, suite.id)]);
      return undefined;
    } catch (error) {
      return refused(error);
    }
  };
  /** Its events wait for the announcement. */
  const runAhead = async (start: Start, ahead: Ahead, signal: AbortSignal) => {
    await announcements.get(start.placement.slotId);
    if (ahead.recall.aborted) return takenBack;
    const announcement = ahead.begun.then((hasBegun) => (hasBegun ? announce(start) : undefined));
    const begun = announcement.then(() => ahead.begun);
    const outcome = await executor.run({ ...start, ahead: { ...ahead, begun } }, signal);
    return outcome.notStarted ? outcome : ((await announcement) ?? outcome);
  };
  return {
    async run(start, signal) {
      if (start.ahead !== undefined) return runAhead(start, start.ahead, signal);
      const announcement = announce(start);
      announcements.set(start.placement.slotId, announcement);
      return (await announcement) ?? executor.run(start, signal);
    },
  };
}

const takenBack: SuiteOutcome<SuiteResult> = { status: 'cancelled', durationMs: 0, notStarted: true };

type Refusal = SuiteOutcome<SuiteResult>;

function refused(error: unknown): Refusal {
  return { status: 'failed', durationMs: 0, executedTests: 0, result: { error: failureOf(error) } };
}
