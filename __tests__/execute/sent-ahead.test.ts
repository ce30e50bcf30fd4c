import { Estimates } from '../../src/core/estimate/estimate.js';
import type { RunEvent } from '../../src/core/events.js';
import { type Slot, slotsOf } from '../../src/core/machine/machine.js';
import { Scheduler } from '../../src/core/scheduler/scheduler.js';
import { strategies } from '../../src/core/strategies/index.js';
import { defaultProfile } from '../../src/core/workload/profile.js';
import type { Start, SuiteOutcome } from '../../src/execute/executor.js';
import { Run } from '../../src/execute/run.js';
import { cpuMachine } from './cpu-machine.js';

const passed: SuiteOutcome<string> = { status: 'passed', durationMs: 1, result: 'ok' };
const there = slotsOf({ ...cpuMachine, machine: { ...cpuMachine.machine, name: 'there' } }, 1);
const here = slotsOf(cpuMachine, 1);

/** A run on one slot that is far away. Each suite ends when its test says so. */
function runOn(
  slots: readonly Slot[],
  suiteIds: readonly string[],
  cancelAfter: () => 'bail' | undefined = () => undefined,
) {
  const scheduler = new Scheduler({
    strategy: strategies.adaptive,
    unsatisfiable: { action: 'fail' },
    retryLost: true,
    estimates: new Estimates([]),
  });
  const run = new Run<string>({ scheduler, cancelAfter });
  const events: string[] = [];
  run.on({
    event: (event) => events.push(...inShort(event)),
    outcome: ({ suite }, { status }) => events.push(`outcome of ${suite.id}: ${status}`),
  });
  for (const id of suiteIds)
    run.tell({ type: 'suite-queued', suite: { id, profile: defaultProfile, fileBytes: 1 } });
  for (const name of ['local', 'there'])
    run.tell({ type: 'machine-known', machine: { ...cpuMachine, machine: { ...cpuMachine.machine, name } } });
  for (const slot of slots) run.tell({ type: 'slot-up', slot });
  const starts = new Map<
    string,
    { start: Start; signal: AbortSignal; end(outcome: SuiteOutcome<string>): void }
  >();
  const ended = run.start({
    run: (start, signal) =>
      new Promise(
        (end) =>
          void starts.set(`${start.suite.id} on ${start.machine.machine.name}`, { start, signal, end }),
      ),
  });
  const at = (name: string) => {
    const found = starts.get(name);
    if (found === undefined) throw new Error(`${name} was not sent; ${[...starts.keys()].join(', ')} were`);
    return found;
  };
  return { run, events, ended, at };
}

function inShort(event: RunEvent): readonly string[] {
  if (event.type === 'suite-started') return [`${event.placement.suiteId} starts`];
  if (event.type === 'suite-ended') return [`${event.suiteId} ends`];
  return event.type.startsWith('successor') ? [event.type] : [];
}

const far = there.map((slot) => ({ ...slot, leadMs: 80 }));

test('a suite is sent before its slot is free, and starts for the run when that is known', async () => {
  const { events, ended, at } = runOn(far, ['a', 'b']);
  const sent = at('b on there').start.ahead;
  expect(at('a on there').start.ahead).toBeUndefined();
  // Its end may arrive before that of the suite before it, whose result is large.
  at('b on there').end(passed);
  await new Promise(setImmediate);
  expect(events).toEqual(['a starts', 'successor-named']);
  at('a on there').end(passed);
  await ended;
  expect(await sent?.begun).toBe(true);
  expect(events.filter((each) => !each.startsWith('outcome'))).toEqual([
    'a starts',
    'successor-named',
    'a ends',
    'b starts',
    'b ends',
  ]);
});

test('a suite that is wanted back and has not started runs elsewhere', async () => {
  const { run, events, ended, at } = runOn(far, ['a', 'b']);
  expect(at('b on there').start.ahead?.recall.aborted).toBe(false);
  for (const slot of here) run.tell({ type: 'slot-up', slot });
  expect(at('b on there').start.ahead?.recall.aborted).toBe(true);
  at('b on there').end({ status: 'cancelled', durationMs: 0, notStarted: true });
  await new Promise(setImmediate);
  at('b on local').end(passed);
  at('a on there').end(passed);
  await ended;
  expect(events).toContain('successor-returned');
  expect(events.filter((each) => each === 'b starts')).toHaveLength(1);
});

test('a suite that was on its way back when its slot became free runs all the same', async () => {
  const { run, events, ended, at } = runOn(far, ['a', 'b']);
  for (const slot of here) run.tell({ type: 'slot-up', slot });
  expect(at('b on there').start.ahead?.recall.aborted).toBe(true);
  at('a on there').end(passed);
  await new Promise(setImmediate);
  expect(events).toContain('b starts');
  at('b on there').end({ status: 'cancelled', durationMs: 0, notStarted: true });
  await new Promise(setImmediate);
  at('b on local').end(passed);
  await ended;
  expect(events).toContain('outcome of b: passed');
});

test('what was sent ahead is stopped when the run is cancelled', async () => {
  const { events, ended, at } = runOn(far, ['a', 'b'], () => 'bail');
  at('a on there').end({ ...passed, status: 'failed' });
  await new Promise(setImmediate);
  expect(at('b on there').signal.aborted).toBe(true);
  expect(await at('b on there').start.ahead?.begun).toBe(false);
  at('b on there').end({ status: 'cancelled', durationMs: 0 });
  await ended;
  expect(events).not.toContain('b starts');
});

test('what was sent ahead to a machine that is lost waits for another one', async () => {
  const { run, events, ended, at } = runOn(far, ['a', 'b']);
  run.tell({ type: 'machine-awaited', machine: 'local', address: 'ssh://local' });
  for (const { id } of far) run.tell({ type: 'slot-down', slotId: id, reason: 'gone' });
  expect(at('b on there').signal.aborted).toBe(true);
  for (const name of ['a on there', 'b on there']) at(name).end({ status: 'lost', durationMs: 1 });
  for (const slot of here) run.tell({ type: 'slot-up', slot });
  await new Promise(setImmediate);
  at('a on local').end(passed);
  await new Promise(setImmediate);
  at('b on local').end(passed);
  await ended;
  expect(at('b on local').start.attempt).toBe(1);
  expect(at('a on local').start.attempt).toBe(2);
  expect(events.filter((each) => each.startsWith('outcome'))).toHaveLength(2);
});
