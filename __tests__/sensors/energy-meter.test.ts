import fc from 'fast-check';
import { EnergyMeter } from '../../src/sensors/energy-meter.js';

const reading = (values: Record<string, { power?: number; energy?: number }>) =>
  new Map(Object.entries(values));

test('what a counter counted belongs to the attempts that held the device meanwhile', () => {
  const meter = new EnergyMeter();
  const [first, second] = [{}, {}];
  meter.addReadings(reading({ cpu: { energy: 1000 } }), 0);
  meter.startMetering(first, ['cpu'], 0);
  meter.addReadings(reading({ cpu: { energy: 1030 } }), 0);
  meter.startMetering(second, ['cpu'], 0);
  meter.addReadings(reading({ cpu: { energy: 1050 } }), 0);
  expect(meter.stopMetering(first, 2000)).toEqual({ cpu: 40 });
  meter.addReadings(reading({ cpu: { energy: 1057 } }), 0);
  expect(meter.stopMetering(second, 2000)).toEqual({ cpu: 17 });
});

test('watts count as straight lines between looks, and as the nearest look at both ends', () => {
  const meter = new EnergyMeter();
  const attempt = {};
  // What the card drew before is not the attempt's.
  meter.addReadings(reading({ gpu0: { power: 20 } }), 900);
  meter.startMetering(attempt, ['gpu0'], 1000);
  for (const atMs of [1500, 1600, 1700, 1800, 1900, 2000]) {
    meter.addReadings(reading({ gpu0: { power: 100 + (atMs - 1500) * 0.4 } }), atMs);
  }
  for (const atMs of [2500, 3000]) meter.addReadings(reading({ gpu0: { power: 300 } }), atMs);
  expect(meter.stopMetering(attempt, 3500)).toEqual({ gpu0: 50 + 100 + 300 + 150 });
});

test('with fewer than eight looks, or a second without one, nothing is known', () => {
  const measure = (endMs: number, ...looksMs: readonly number[]) => {
    const meter = new EnergyMeter();
    const attempt = {};
    meter.startMetering(attempt, ['gpu0', 'gpu1'], 0);
    for (const atMs of looksMs) meter.addReadings(reading({ gpu0: { power: 100 } }), atMs);
    return meter.stopMetering(attempt, endMs)['gpu0'];
  };
  const every100 = (fromMs: number, count: number) =>
    Array.from({ length: count }, (_, index) => fromMs + index * 100);
  expect(measure(800, ...every100(50, 7))).toBeUndefined();
  expect(measure(800, ...every100(50, 8))).toBe(80);
  expect(measure(2000, ...every100(1100, 9))).toBeUndefined();
  expect(measure(2000, ...every100(100, 9))).toBeUndefined();
  expect(measure(2000, ...every100(0, 7), 1700, 1900)).toBeUndefined();
  // In a long hold a gap of a twentieth changes little.
  const everyFive = Array.from({ length: 24 }, (_, index) => index * 5000);
  expect(measure(120_000, ...everyFive)).toBe(12_000);
});

test('while a device is held by any, its parts are all that it drew, whoever came and went', () => {
  const step = fc.record({
    ms: fc.integer({ min: 1, max: 400 }),
    watts: fc.integer({ min: 0, max: 500 }),
    toggle: fc.nat({ max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const meter = new EnergyMeter();
      // One holds it throughout, so that nothing that another took is lost.
      const [whole, alone] = [{}, new EnergyMeter()];
      const running = new Map<number, object>();
      let nowMs = 0;
      let told = 0;
      let dropped = false;
      const end = (attempt: object) => {
        const joules = meter.stopMetering(attempt, nowMs)['gpu0'];
        if (joules === undefined) dropped = true;
        told += joules ?? 0;
      };
      const first = {};
      meter.startMetering(first, ['gpu0'], 0);
      alone.startMetering(whole, ['gpu0'], 0);
      for (const { ms, watts, toggle } of steps) {
        for (let look = 0; look < 8; look++) {
          nowMs += ms / 8;
          meter.addReadings(reading({ gpu0: { power: watts } }), nowMs);
          alone.addReadings(reading({ gpu0: { power: watts } }), nowMs);
        }
        const attempt = running.get(toggle);
        if (attempt === undefined) {
          running.set(toggle, { toggle });
          meter.startMetering(running.get(toggle) as object, ['gpu0'], nowMs);
        } else {
          running.delete(toggle);
          end(attempt);
        }
      }
      // Looks enough for the newest.
      for (let look = 0; look < 8; look++) {
        nowMs += 10;
        meter.addReadings(reading({ gpu0: { power: 10 } }), nowMs);
        alone.addReadings(reading({ gpu0: { power: 10 } }), nowMs);
      }
      for (const attempt of [...running.values(), first]) end(attempt);
      expect(dropped).toBe(false);
      expect(told).toBeCloseTo(alone.stopMetering(whole, nowMs)['gpu0'] ?? Number.NaN, 1);
    }),
  );
});

test('a counter that cannot be read at the start or at the end measures nothing', () => {
  const meter = new EnergyMeter();
  const [early, late] = [{}, {}];
  meter.startMetering(early, ['cpu'], 0);
  meter.addReadings(reading({ cpu: { energy: 5 } }), 0);
  expect(meter.stopMetering(early, 1000)).toEqual({});
  meter.startMetering(late, ['cpu'], 0);
  meter.addReadings(reading({ cpu: {} }), 0);
  expect(meter.stopMetering(late, 1000)).toEqual({});
});

test('while any attempt holds a device, its parts are all that was counted', () => {
  const step = fc.record({ joules: fc.integer({ min: 0, max: 1000 }), toggle: fc.nat({ max: 3 }) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const meter = new EnergyMeter();
      const running = new Map<number, object>();
      let energy = 0;
      let held = 0;
      let told = 0;
      const end = (attempt: object) => {
        told += meter.stopMetering(attempt, 1)['cpu'] ?? 0;
      };
      meter.addReadings(reading({ cpu: { energy } }), 0);
      for (const { joules, toggle } of steps) {
        energy += joules;
        if (running.size > 0) held += joules;
        meter.addReadings(reading({ cpu: { energy } }), 0);
        const attempt = running.get(toggle);
        if (attempt === undefined) {
          running.set(toggle, { toggle });
          meter.startMetering(running.get(toggle) as object, ['cpu'], 0);
        } else {
          running.delete(toggle);
          end(attempt);
        }
      }
      for (const attempt of running.values()) end(attempt);
      expect(told).toBeCloseTo(held, 1);
    }),
  );
});
