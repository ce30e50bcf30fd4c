import fc from 'fast-check';
import { drawn } from '../../src/chaos/draw.js';
import { chaosOf } from '../../src/config/chaos.js';
import { faultNames } from '../../src/core/events.js';

const seed = fc.nat(0xffff_ffff);
const faults = fc.subarray([...faultNames]);
const rate = fc.double({ min: 0, max: 1, noNaN: true });

test('equal seeds strike equal suites, whatever is possible there', () => {
  fc.assert(
    fc.property(seed, rate, fc.string(), faults, (...[one, often, what, possible]) => {
      const chaos = { seed: one, rate: often, faults: faultNames };
      const fault = drawn(chaos, what, possible);
      expect(drawn(chaos, what, possible)).toBe(fault);
      const isStruck = drawn(chaos, what, faultNames) !== undefined;
      expect(fault !== undefined).toBe(isStruck && possible.length > 0);
    }),
  );
});

test('only what is possible and wanted is drawn; a rate of 0 strikes nothing, and 1 everything', () => {
  fc.assert(
    fc.property(seed, rate, fc.string(), faults, faults, (one, often, what, wanted, possible) => {
      const fault = drawn({ seed: one, rate: often, faults: wanted }, what, possible);
      if (fault !== undefined)
        expect([wanted, possible]).toEqual([
          expect.arrayContaining([fault]),
          expect.arrayContaining([fault]),
        ]);
      expect(drawn({ seed: one, rate: 0, faults: wanted }, what, possible)).toBeUndefined();
      const always = drawn({ seed: one, rate: 1, faults: wanted }, what, possible);
      expect(always === undefined).toBe(!possible.some((each) => wanted.includes(each)));
    }),
  );
});

test('about as many are struck as the rate says, by each fault alike', () => {
  const chaos = { seed: 1, rate: 0.2, faults: ['kill', 'hang'] } as const;
  const struck = Array.from({ length: 2000 }, (_, at) => drawn(chaos, `suite ${at}`, ['kill', 'hang']));
  const countOf = (fault: string) => struck.filter((each) => each === fault).length;
  for (const fault of ['kill', 'hang']) expect(Math.abs(countOf(fault) - 200)).toBeLessThan(50);
});

test('the variable counts before the option, setting by setting', () => {
  const option = { seed: 3, rate: 0.5, faults: ['kill'] } as const;
  expect(chaosOf(option, { seed: 4 })).toEqual({ ...option, seed: 4 });
  expect(chaosOf(undefined, { seed: 4 })).toEqual({ seed: 4, rate: 0.05, faults: faultNames });
  expect(chaosOf(option, undefined)).toBe(option);
  expect(chaosOf(option, false)).toBeUndefined();
});
