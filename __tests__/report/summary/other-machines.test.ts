import type { RunEvent } from '../../../src/core/events.js';
import { readRecord } from '../../../src/record/read.js';
import { reportedRun } from '../../../src/report/formats/format.js';
import { reportFormats } from '../../../src/report/formats/index.js';
import { summarise } from '../../../src/report/summary/summary.js';

const { events } = readRecord('fixtures/records/cpu-only.jsonl');
const reason = 'gpu-box was lost: nothing was heard of it for 4 s';

/** The record's machine, as if it were another one that had joined by ssh. */
function joined(): readonly RunEvent[] {
  const [started, ...others] = events as [RunEvent, ...RunEvent[]];
  const told = (event: object) => ({ atMs: 0, ...event }) as RunEvent;
  return [
    started,
    told({ type: 'machine-awaited', machine: 'local', address: 'ssh://box' }),
    told({ type: 'machine-awaited', machine: 'far', address: 'ssh://far' }),
    told({ type: 'machine-settled', machine: 'far', problem: 'far did not answer in time' }),
    told({ type: 'machine-settled', machine: 'local', treeId: '0123456789abcdef', atMs: 1300 }),
    ...others,
  ];
}

test('how a machine joined, and which did not', () => {
  const { machines, absent } = summarise(joined());
  expect(machines[0]?.joined).toEqual({ address: 'ssh://box', treeId: '0123456789abcdef', afterMs: 1300 });
  expect(absent).toEqual([{ machine: 'far', reason: 'far did not answer in time' }]);
  const text = reportFormats.terminal.render(reportedRun(joined()), { color: false, width: 200 });
  expect(text).toMatch(/machine +far did not answer in time/);
});

test('what was lost with its machine and passed elsewhere is not flaky', () => {
  const attempt = events.find((event) => event.type === 'suite-started');
  if (attempt?.type !== 'suite-started') throw new Error('the record has no attempt');
  const { suiteId, slotId } = attempt.placement;
  const ended = events.find((event) => event.type === 'suite-ended' && event.suiteId === suiteId);
  const { durationMs = 0, atMs = 0 } = ended?.type === 'suite-ended' ? ended : {};
  const lost = {
    type: 'suite-ended',
    suiteId,
    slotId,
    status: 'lost',
    degraded: false,
    durationMs,
    atMs,
  } as const;
  const outcomeOf = (told: readonly RunEvent[]) => {
    const at = events.indexOf(attempt) + 1;
    const again: readonly RunEvent[] = [
      ...events.slice(0, at),
      ...told,
      { ...attempt, attempt: 2 },
      ...(events
        .slice(at)
        .map((event) => (event === ended ? { ...event, attempt: 2 } : event)) as RunEvent[]),
    ];
    return summarise(again).suites.find(({ id }) => id === suiteId)?.outcome;
  };
  expect(outcomeOf([{ ...lost, attempt: 1, cause: 'killed by SIGKILL' }])).toBe('flaky');
  const withMachine: readonly RunEvent[] = [
    { type: 'machine-lost', machine: 'local', reason, atMs },
    { ...lost, attempt: 1, cause: reason },
  ];
  expect(outcomeOf(withMachine)).toBe('passed');
});
