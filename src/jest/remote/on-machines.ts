import { printable } from '../../core/vocabulary/printable.js';
import type { Executor, SuiteOutcome } from '../../execute/executor.js';
import { ConnectionLost } from '../../transport/transport.js';
import type { Emit } from '../run/delivery.js';
import { plainFailure } from '../run/results.js';
import { type SuiteTests, testOf } from '../run/suite-tests.js';
import type { SuiteResult } from '../suite.js';
import { checkedAnswer, checkedCaseEvent, statusIn } from './checked-answer.js';
import { moved } from './moved.js';
import type { ServedTask } from './protocol.js';
import type { RemoteMachines } from './remote-machines.js';
import { applyChanges, snapshotPathsOf } from './snapshot-files.js';
import { withSourceMaps } from './source-maps.js';

interface OnMachinesOptions {
  readonly machines: RemoteMachines;
  readonly tests: SuiteTests;
  readonly emit: Emit;
  say(message: string): void;
}

/** The executor that sends suites to the machine of their slot. Results read as if the suites had run here. */
export function onMachines({ machines, tests, emit, say }: OnMachinesOptions): Executor<SuiteResult> {
  return {
    async run(start, signal) {
      const { machine, ahead, ...task } = start;
      const { name } = machine.machine;
      const joint = machines.joint(name);
      let startedMs = performance.now();
      const begun = ahead?.begun.then((hasBegun) => {
        startedMs = performance.now();
        return hasBegun;
      });
      const durationMs = () => Math.max(1, Math.round(performance.now() - startedMs));
      if (joint === undefined) return lostOutside(`${name} was lost`, durationMs());
      if (signal.aborted) return { status: 'cancelled', durationMs: 0 };
      const { remote, here, there, gone } = joint;
      const test = testOf(tests, start.suite.id);
      try {
        const done = await remote.run(task satisfies ServedTask, {
          signal,
          queue: start.placement.slotId,
          ...(ahead !== undefined && { recall: ahead.recall }),
          onEvent(event, payload) {
            const told = checkedCaseEvent(event, moved(payload, there, here), test.path);
            if (told === undefined) return;
            const send = () => void emit(told.name, told.payload);
            if (begun === undefined) send();
            else void begun.then((hasBegun) => hasBegun && send());
          },
          onLate(answer) {
            if (!answer.started) return;
            const { suite, attempt, placement } = start;
            const status = statusIn(answer.result);
            if (status !== undefined)
              machines.dropLate(name, { suiteId: suite.id, slotId: placement.slotId, attempt, status });
          },
        });
        if (!done.started) return { status: 'cancelled', durationMs: 0, notStarted: true };
        const { outcome, sourceMaps, files } = checkedAnswer(moved(done.result, there, here), {
          path: test.path,
          isStopped: signal.aborted,
        });
        if (files.length > 0) {
          const allowed = await snapshotPathsOf(test);
          for (const problem of applyChanges(files, allowed, here))
            say(`jest-runner-hardware: ${printable(`${name}: ${problem}`)}`);
        }
        if (outcome.result === undefined) return outcome;
        const { cacheDirectory } = test.context.config;
        const result = withSourceMaps(outcome.result, sourceMaps, cacheDirectory);
        return { ...outcome, result };
      } catch (error) {
        const { message } = error as Error;
        if (error instanceof ConnectionLost) {
          // All of the machine is told as lost before one of its slots becomes free.
          await gone;
          return lostOutside(`${name} was lost: ${message}`, durationMs());
        }
        if (signal.aborted) return { status: 'cancelled', durationMs: durationMs() };
        // The worker there lives, and says why it has no result.
        const result = { error: plainFailure(`${name}: ${moved(message, there, here)}`) };
        return { status: 'failed', durationMs: durationMs(), executedTests: 0, result };
      }
    },
  };
}

function lostOutside(cause: string, durationMs: number): SuiteOutcome<SuiteResult> {
  return { status: 'lost', durationMs, cause, blame: 'outside' };
}

/** Sends suites that were placed on other machines one way, and all others another way. */
export function byMachine(
  local: Executor<SuiteResult>,
  remote: Executor<SuiteResult>,
  localName: string,
): Executor<SuiteResult> {
  return {
    run: (start, signal) => (start.machine.machine.name === localName ? local : remote).run(start, signal),
  };
}
