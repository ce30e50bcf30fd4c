import fc from 'fast-check';
import { areaBoundMs, type DurationsMs } from '../../../src/core/planner/area-bound.js';
import { device, gpu, slots } from '../cluster.js';

const [cpu, gpuType] = ['local/cpu', 'local/gpu0'];
const one = slots({ workers: 2, devices: [device(), gpu] });

test.each<[string, readonly DurationsMs[], number]>([
  ['nothing to run', [], 0],
  ['what no slot can run', [{ 'other/tpu0': 500 }], 0],
  ['one suite, at its fastest', [{ [cpu]: 900, [gpuType]: 300 }], 300],
  ['work spread over two workers', [{ [cpu]: 300 }, { [cpu]: 300 }, { [cpu]: 301 }], 450.5],
  ['work that only one slot can do', [{ [gpuType]: 300 }, { [gpuType]: 200 }, { [cpu]: 10 }], 500],
  ['three slots but two workers', [{ [cpu]: 400 }, { [cpu]: 400 }, { [gpuType]: 400 }], 600],
])('%s', (_case, suites, boundMs) => {
  expect(areaBoundMs(suites, one)).toBe(boundMs);
});

test('no slots', () => {
  expect(areaBoundMs([{ [cpu]: 5 }], [])).toBe(0);
});

test('no schedule beats it', () => {
  const types = ['m0/cpu', 'm0/gpu0', 'm1/cpu'];
  const duration = fc.dictionary(fc.constantFrom(...types), fc.integer({ min: 1, max: 50 }));
  const fleet = fc.array(fc.constantFrom(...types), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(duration, { maxLength: 5 }), fleet, (suites, shape) => {
      const all = shape.map((type) => ({ type, machine: { name: type.slice(0, 2) }, machineWorkers: 99 }));
      const runnable = suites.filter((durations) => all.some(({ type }) => durations[type] !== undefined));
      expect(areaBoundMs(suites, all)).toBeLessThanOrEqual(
        bestMakespan(
          runnable,
          all.map(({ type }) => type),
        ),
      );
    }),
  );
});

/** Tries every assignment. */
function bestMakespan(
  suites: readonly DurationsMs[],
  slotTypes: readonly string[],
  loads = slotTypes.map(() => 0),
): number {
  const [first, ...rest] = suites;
  if (first === undefined) return Math.max(...loads);
  return Math.min(
    ...slotTypes.flatMap((type, slot) => {
      const durationMs = first[type];
      if (durationMs === undefined) return [];
      return [
        bestMakespan(
          rest,
          slotTypes,
          loads.map((load, index) => (index === slot ? load + durationMs : load)),
        ),
      ];
    }),
  );
}
