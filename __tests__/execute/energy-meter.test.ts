import fc from 'fast-check';
import { EnergyMeter } from '../../src/execute/energy-meter.js';

const reading = (values: Record<string, { power?: number; energy?: number }>) =>
  new Map(Object.entries(values));

test('what a counter counted belongs to the attempts that held the device meanwhile', () => {
  const meter = new EnergyMeter();
  const [first, second] = [{}, {}];
  meter.see(reading({ cpu: { energy: 1000 } }));
  meter.begin(first, ['cpu']);
  meter.see(reading({ cpu: { energy: 1030 } }));
  meter.begin(second, ['cpu']);
  meter.see(reading({ cpu: { energy: 1050 } }));
  expect(meter.end(first, 2000)).toEqual({ cpu: 40 });
  meter.see(reading({ cpu: { energy: 1057 } }));
  expect(meter.end(second, 2000)).toEqual({ cpu: 17 });
});

test('watts count by their mean while the attempt ran; without a look nothing is known', () => {
  const meter = new EnergyMeter();
  const [first, second] = [{}, {}];
  meter.begin(first, ['gpu0']);
  meter.see(reading({ gpu0: { power: 100 } }));
  meter.see(reading({ gpu0: { power: 300 } }));
  expect(meter.end(first, 5000)).toEqual({ gpu0: 1000 });
  meter.begin(second, ['gpu0', 'gpu1']);
  expect(meter.end(second, 5000)).toEqual({});
});

test('a counter that cannot be read at the start or at the end measures nothing', () => {
  const meter = new EnergyMeter();
  const [early, late] = [{}, {}];
  meter.begin(early, ['cpu']);
  meter.see(reading({ cpu: { energy: 5 } }));
  expect(meter.end(early, 1000)).toEqual({});
  meter.begin(late, ['cpu']);
  meter.see(reading({ cpu: {} }));
  expect(meter.end(late, 1000)).toEqual({});
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
        told += meter.end(attempt, 1)['cpu'] ?? 0;
      };
      meter.see(reading({ cpu: { energy } }));
      for (const { joules, toggle } of steps) {
        energy += joules;
        if (running.size > 0) held += joules;
        meter.see(reading({ cpu: { energy } }));
        const attempt = running.get(toggle);
        if (attempt === undefined) {
          running.set(toggle, { toggle });
          meter.begin(running.get(toggle) as object, ['cpu']);
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
