import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Estimates } from '../../src/core/estimate/estimate.js';
import type { RunEvent } from '../../src/core/events.js';
import { slotsOf } from '../../src/core/machine/machine.js';
import { Scheduler } from '../../src/core/scheduler/scheduler.js';
import { strategies } from '../../src/core/strategies/index.js';
import { defaultProfile } from '../../src/core/workload/profile.js';
import type { Executor, Start, SuiteOutcome } from '../../src/execute/executor.js';
import { measured } from '../../src/execute/measured.js';
import { Run } from '../../src/execute/run.js';
import { cpuMachine } from './cpu-machine.js';

const passed: SuiteOutcome<string> = { status: 'passed', durationMs: 1, result: 'ok' };

function runOf(
  suiteIds: readonly string[],
  cancelAfter: () => 'bail' | undefined = () => undefined,
  retryLost = true,
) {
  const scheduler = new Scheduler({
    strategy: strategies.adaptive,
    unsatisfiable: { action: 'fail' },
    retryLost,
    speculate: true,
    estimates: new Estimates(suiteIds.map((suiteId) => ({ suiteId, deviceKind: 'cpu', durationMs: 1000 }))),
  });
  const run = new Run<string>({ scheduler, cancelAfter });
  const events: RunEvent[] = [];
  const outcomes: [string, SuiteOutcome<string>][] = [];
  run.on({
    event: (event) => events.push(event),
    outcome: ({ suite }, outcome) => outcomes.push([suite.id, outcome]),
  });
  for (const id of suiteIds) {
    run.tell({ type: 'suite-queued', suite: { id, profile: defaultProfile, fileBytes: 1 } });
  }
  run.tell({ type: 'machine-known', machine: cpuMachine });
  for (const slot of slotsOf(cpuMachine, 1)) run.tell({ type: 'slot-up', slot });
  return { run, events, outcomes };
}

test('an executor gets all it needs with the start, and listeners get every event and each outcome', async () => {
  const { run, events, outcomes } = runOf(['a', 'b']);
  const starts: Start[] = [];
  await run.start({
    run: async (start) => {
      starts.push(start);
      return passed;
    },
  });
  expect(starts).toMatchObject([
    { suite: { id: 'a' }, attempt: 1, devices: [cpuMachine.devices[0]], machine: cpuMachine },
    { suite: { id: 'b' }, attempt: 1, devices: [cpuMachine.devices[0]], machine: cpuMachine },
  ]);
  expect(outcomes).toEqual([
    ['a', passed],
    ['b', passed],
  ]);
  expect(events.at(-1)?.type).toBe('run-ended');
  // What the record leaves out lives in the outcome alone.
  expect(events.filter(({ type }) => type === 'suite-ended')).not.toContainEqual(
    expect.objectContaining({ result: 'ok' }),
  );
});

test('a lost attempt is tried again, and only the last one is an outcome', async () => {
  const { run, outcomes } = runOf(['a']);
  const attempts: number[] = [];
  await run.start({
    run: async ({ attempt }) => {
      attempts.push(attempt);
      return attempt === 1 ? { status: 'lost', durationMs: 1, cause: 'killed' } : passed;
    },
  });
  expect(attempts).toEqual([1, 2]);
  expect(outcomes).toEqual([['a', passed]]);
});

test('an outcome that ends the run is told after the cancelling, before anything else starts', async () => {
  const { run, events, outcomes } = runOf(['a', 'b'], () => 'bail');
  await run.start({ run: async () => passed });
  expect(events.map(({ type }) => type).slice(-4)).toEqual([
    'run-cancelled',
    'suite-not-started',
    'suite-ended',
    'run-ended',
  ]);
  expect(outcomes).toEqual([['a', passed]]);
});

test('a run that is cancelled before it starts names every suite', async () => {
  const { run, events } = runOf(['a', 'b']);
  run.cancel('interrupt');
  await run.start({ run: async () => passed });
  expect(events.flatMap((event) => (event.type === 'suite-not-started' ? event.suiteId : []))).toEqual([
    'a',
    'b',
  ]);
});

test('a decorator adds what it measures around an attempt', async () => {
  const { run, outcomes } = runOf(['a']);
  const order: string[] = [];
  const executor: Executor<string> = {
    run: async () => {
      order.push('suite');
      return passed;
    },
  };
  const meter = {
    begin: (deviceIds: readonly string[]) => {
      order.push(`begin ${deviceIds}`);
      return () => ({ cpu: 3 });
    },
  };
  await run.start(measured(executor, meter));
  expect(order).toEqual(['begin cpu', 'suite']);
  expect(outcomes).toEqual([['a', { ...passed, energyJoules: { cpu: 3 } }]]);
});

describe('a machine that is lost', () => {
  const box = { ...cpuMachine, machine: { ...cpuMachine.machine, name: 'box' } };
  const isOnBox = ({ machine }: Start) => machine === box;
  const gone = { type: 'machine-lost', machine: 'box', reason: 'box was lost: cut' } as const;

  function withBox(suiteIds: readonly string[], retryLost = true) {
    const parts = runOf(suiteIds, undefined, retryLost);
    parts.run.tell({ type: 'machine-known', machine: box });
    for (const slot of slotsOf(box, 2)) parts.run.tell({ type: 'slot-up', slot });
    return parts;
  }

  test('ends what runs there at once; it runs again elsewhere, and a late result is told and counts for nothing', async () => {
    const { run, events, outcomes } = withBox(['a', 'b', 'c']);
    const stopped: string[] = [];
    let answerLate = () => {};
    await run.start({
      run: async (start, signal) => {
        const { id } = start.suite;
        if (isOnBox(start)) {
          const there = { ...passed, result: 'there' };
          return new Promise((resolve) => {
            if (id === 'a') answerLate = () => resolve(there);
            signal.addEventListener('abort', () => {
              stopped.push(id);
              if (id !== 'a') resolve({ status: 'cancelled', durationMs: 1 });
            });
          });
        }
        if (start.attempt === 1) queueMicrotask(() => run.tell(gone));
        else answerLate();
        await setImmediate();
        return passed;
      },
    });
    expect(stopped).toEqual(['a', 'b']);
    expect(outcomes).toHaveLength(3);
    expect(outcomes).toEqual(expect.arrayContaining(['a', 'b', 'c'].map((id) => [id, passed])));
    expect(events.filter(({ type }) => type === 'late-result')).toMatchObject([
      { suiteId: 'a', attempt: 1, status: 'passed' },
    ]);
  });

  test('gives no outcome to a suite of which another attempt goes on elsewhere', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const { run, events, outcomes } = withBox(['a', 'b', 'c']);
    let end = (_: SuiteOutcome<string>) => {};
    const ended = run.start({
      run: (start, signal) =>
        new Promise((resolve) => {
          if (!isOnBox(start)) end = resolve;
          else if (start.suite.id !== 'a') resolve(passed);
          else signal.addEventListener('abort', () => resolve({ status: 'cancelled', durationMs: 1 }));
        }),
    });
    await setImmediate();
    end(passed);
    // What takes so long has a second attempt.
    await jest.advanceTimersByTimeAsync(60_000);
    jest.useRealTimers();
    expect(events).toContainEqual(expect.objectContaining({ type: 'suite-started', attempt: 2 }));
    run.tell(gone);
    end(passed);
    await ended;
    expect(outcomes.map(([id, { status }]) => `${id} ${status}`).sort()).toEqual([
      'a passed',
      'b passed',
      'c passed',
    ]);
  });

  test('gives suites that are not to be tried again an outcome that names it', async () => {
    const { run, outcomes } = withBox(['a', 'b', 'c'], false);
    await run.start({
      run: async (start, signal) => {
        if (!isOnBox(start)) {
          queueMicrotask(() => run.tell(gone));
          await setImmediate();
          return passed;
        }
        await once(signal, 'abort');
        return { status: 'cancelled', durationMs: 1 };
      },
    });
    const lost = { status: 'lost', durationMs: expect.any(Number), cause: gone.reason, blame: 'outside' };
    expect(outcomes).toEqual([
      ['a', lost],
      ['b', lost],
      ['c', passed],
    ]);
  });
});
