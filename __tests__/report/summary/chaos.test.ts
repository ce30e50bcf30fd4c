import type { RunEvent } from '../../../src/core/events.js';
import { readRecord } from '../../../src/record/read.js';
import { reportedRun } from '../../../src/report/formats/format.js';
import { reportFormats } from '../../../src/report/formats/index.js';
import { summarise } from '../../../src/report/summary/summary.js';

const { events } = readRecord('fixtures/records/cpu-only.jsonl');

/** The record's run, as if it had had the option. */
function withChaos(...told: readonly object[]): readonly RunEvent[] {
  const [started, ...others] = events;
  return [
    { ...started, chaos: { seed: 7, rate: 0.1, faults: ['kill', 'slow'] } },
    ...told.map((event) => ({ atMs: 1, ...event })),
    ...others,
  ] as readonly RunEvent[];
}

const counted = { type: 'results-counted', suites: 3, none: [], several: [] };
const notesOf = (run: readonly RunEvent[]) =>
  reportFormats.terminal.render(reportedRun(run), { color: false, width: 200 });

test('a run without the option says nothing of it', () => {
  expect(summarise(events).chaos).toBeUndefined();
});

test('what was done is counted, and that each suite has one result', () => {
  const kill = { type: 'fault-injected', fault: 'kill', suiteId: 'none', attempt: 1 };
  const slow = { ...kill, fault: 'slow' };
  expect(notesOf(withChaos(slow, kill, slow, counted))).toMatch(
    /chaos +3 faults in 3 suites \(seed 7\): 1 killed, 2 slowed down; every suite has one result/,
  );
  expect(notesOf(withChaos(counted))).toMatch(/chaos +no faults in 3 suites \(seed 7\); every suite has one/);
});

test('a suite without a result, or with several, is named', () => {
  const wrong = { ...counted, none: ['a.test.js'], several: ['b.test.js'] };
  expect(notesOf(withChaos(wrong))).toMatch(
    /\(seed 7\); no result of a\.test\.js; several results of b\.test\.js/,
  );
});

test('a run that was killed says what was done so far', () => {
  const slow = { type: 'fault-injected', fault: 'slow', suiteId: 'none', attempt: 1 };
  expect(notesOf(withChaos(slow))).toMatch(/chaos +1 fault \(seed 7\): 1 slowed down$/m);
});

test('a loss is put down to faults only where each attempt was struck', () => {
  const started = events.find((event) => event.type === 'suite-started');
  if (started?.type !== 'suite-started') throw new Error('the record has no attempt');
  const { suiteId, slotId } = started.placement;
  const at = events.indexOf(started);
  const attempts = [1, 2].flatMap((attempt): object[] => [
    { ...started, attempt },
    {
      type: 'suite-ended',
      atMs: 9,
      suiteId,
      slotId,
      attempt,
      status: 'lost',
      degraded: false,
      durationMs: 1,
    },
  ]);
  const kill = (attempt: number) => ({ type: 'fault-injected', fault: 'kill', suiteId, attempt, atMs: 8 });
  const failedBy = (...faults: readonly object[]) => {
    const [first, ...before] = withChaos().slice(0, at);
    return summarise([first, ...before, ...faults, ...attempts] as readonly RunEvent[]).chaos?.failedSuites;
  };
  expect(failedBy(kill(1), kill(2))).toEqual([suiteId]);
  expect(failedBy(kill(1))).toEqual([]);
  expect(failedBy(kill(1), { ...kill(2), fault: 'slow' })).toEqual([]);
});
