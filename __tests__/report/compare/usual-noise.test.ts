import { usualNoiseOf } from '../../../src/report/compare/usual-noise.js';

const pair = (suiteId: string, before: number, after: number, earlier: readonly number[] = []) => ({
  suiteId,
  before: Math.log(before),
  after: Math.log(after),
  earlier: earlier.map(Math.log),
});
const shareOf = (limit: number) => Math.round((Math.exp(limit) - 1) * 100);

test('few suites without a history: ± 30 % each, so twice as long says nothing', () => {
  const changed = pair('a', 1000, 2200);
  const noise = usualNoiseOf([changed]);
  expect(noise.shift).toBe(0);
  expect(shareOf(noise.limitOf(changed))).toBe(134);
});

test('many suites show how much times vary, and what changed for all of them', () => {
  const pairs = Array.from({ length: 20 }, (_, index) =>
    pair(`suite-${index}`, 1000, 1300 * (1 + ((index % 5) - 2) / 100)),
  );
  const noise = usualNoiseOf(pairs);
  expect(Math.exp(noise.shift)).toBeCloseTo(1.3, 2);
  expect(shareOf(noise.limitOf(pair('other', 1, 1)))).toBeLessThan(15);
});

test('a suite that varied much in earlier runs may go on to', () => {
  const calm = pair('calm', 1000, 1500, [1000, 1010, 990, 1000, 1005, 1000]);
  const wild = pair('wild', 1000, 1500, [500, 2000, 700, 1500, 1000, 900]);
  const noise = usualNoiseOf([calm, wild]);
  expect(noise.limitOf(calm)).toBeLessThan(calm.after - calm.before + 0.1);
  expect(noise.limitOf(wild)).toBeGreaterThan(wild.after - wild.before);
});
