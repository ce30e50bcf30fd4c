import fc from 'fast-check';
import { Estimates } from '../../../src/core/estimate/estimate.js';
import { HeatWatch, heatLimitsOf, temperatureAfter, timeToReach } from '../../../src/core/machine/heat.js';
import { Scheduler } from '../../../src/core/scheduler/scheduler.js';
import { strategies, strategyNames } from '../../../src/core/strategies/index.js';
import { device, slots, suite } from '../cluster.js';

const limits = { throttleC: 90, recoverC: 80 };

test('hot from the one limit, until the other; what nobody knows is not hot', () => {
  const watch = new HeatWatch();
  const told = [70, 89, 90, 85, 95, 80, 85, 91, undefined, undefined].map((celsius) =>
    watch.update('gpu0', celsius, limits),
  );
  expect(told).toEqual([
    undefined,
    undefined,
    true,
    undefined,
    undefined,
    false,
    undefined,
    true,
    false,
    undefined,
  ]);
  expect(heatLimitsOf('npu')).toEqual(heatLimitsOf('gpu'));
});

test('warming does not depend on how often it is asked for', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 20 }), (steps) => {
      const inSteps = steps.reduce((celsius, ms) => temperatureAfter(celsius, 95, 90_000, ms), 35);
      const atOnce = temperatureAfter(
        35,
        95,
        90_000,
        steps.reduce((sum, ms) => sum + ms, 0),
      );
      expect(inSteps).toBeCloseTo(atOnce, 6);
    }),
  );
});

test('when a limit is reached, and that it never is', () => {
  const ms = timeToReach(87, 35, 95, 90_000) ?? 0;
  expect(temperatureAfter(35, 95, 90_000, ms)).toBeCloseTo(87, 6);
  expect(timeToReach(87, 35, 80, 90_000)).toBeUndefined();
  expect(timeToReach(80, 95, 35, 90_000)).toBeGreaterThan(0);
});

describe.each(strategyNames)('%s', (name) => {
  const onGpu = { hardware: [{ class: 'gpu', count: 1 }] } as const;
  const setUp = (needs: Parameters<typeof suite>[1]) => {
    const scheduler = new Scheduler({
      strategy: strategies[name],
      unsatisfiable: { action: 'fail' },
      retryLost: true,
      estimates: new Estimates(),
    });
    const gpu = device({ id: 'gpu0', class: 'gpu' });
    for (const slot of slots({ workers: 4, devices: [device(), gpu] }))
      scheduler.handle({ type: 'slot-up', atMs: 0, slot });
    for (const id of ['a', 'b', 'c', 'd', 'e'])
      scheduler.handle({ type: 'suite-queued', atMs: 0, suite: suite(id, needs) });
    return scheduler;
  };
  const started = (events: ReturnType<Scheduler['handle']>) =>
    events.flatMap((event) => (event.type === 'suite-started' ? event.placement.suiteId : []));
  const heat = (deviceId: string, hot: boolean, atMs: number) =>
    ({ type: 'device-heat', atMs, machine: 'local', deviceId, hot, source: 'test' }) as const;

  test('a hot GPU gets nothing until it has recovered, and keeps what runs', () => {
    const scheduler = setUp(onGpu);
    const [first] = started(scheduler.handle({ type: 'run-opened', atMs: 0 }));
    expect(started(scheduler.handle(heat('gpu0', true, 1)))).toEqual([]);
    const end = {
      suiteId: first ?? '',
      slotId: 'local/gpu0#1',
      attempt: 1,
      status: 'passed',
      degraded: false,
      durationMs: 9,
    } as const;
    // Nothing runs any more, and nothing may start: the run waits, and is not over.
    expect(scheduler.handle({ type: 'suite-ended', atMs: 10, ...end })).toEqual([]);
    expect(started(scheduler.handle(heat('gpu0', false, 20)))).toHaveLength(1);
  });

  test('a hot CPU goes on with half of its workers', () => {
    const scheduler = setUp({});
    scheduler.handle(heat('cpu', true, 0));
    expect(started(scheduler.handle({ type: 'run-opened', atMs: 1 }))).toHaveLength(2);
    expect(started(scheduler.handle(heat('cpu', false, 2)))).toHaveLength(2);
  });
});
