import { Estimates } from '../../src/core/estimate.js';
import type { RunEvent } from '../../src/core/events.js';
import { Scheduler, type SchedulerOptions } from '../../src/core/scheduler.js';
import { pull } from '../../src/core/strategies/pull.js';
import { GiB, gpu, slots, suite } from './cluster.js';

function scheduler(options: Partial<SchedulerOptions> = {}) {
  return new Scheduler({
    strategy: pull,
    unsatisfiable: { action: 'fail' },
    retryLost: true,
    estimates: new Estimates(),
    ...options,
  });
}

function tell(core: Scheduler, ...events: readonly RunEvent[]): readonly RunEvent[] {
  return events.flatMap((event) => core.handle(event));
}

const text = (event: RunEvent) =>
  event.type === 'suite-started' ? `${event.placement.suiteId} on ${event.placement.slotId}` : event.type;

test('smoke', () => {
  const core = scheduler();
  tell(core, ...slots().map((slot) => ({ atMs: 0, type: 'slot-up', slot }) as const));
  tell(core, ...['a', 'b', 'c'].map((id) => ({ atMs: 0, type: 'suite-queued', suite: suite(id) }) as const));
  expect(tell(core, { atMs: 1, type: 'run-opened' }).map(text)).toEqual(['a on local/cpu#1', 'b on local/cpu#2']);
});
