import { growthOf } from '../../../src/report/history/growth.js';
import { rankTrend } from '../../../src/report/history/rank-trend.js';
import { pastRun, pastSuite } from './past-runs.js';

const epyc = 'cpu AMD EPYC';
const xeon = 'cpu Intel Xeon';
const days = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
/** A few per cent, the same for each call. */
const noise = (day: number, suite: number) => 1 + (((day * 7919 + suite * 104729) % 11) - 5) / 100;
const others = (day: number, factor = 1) =>
  [1, 2, 3, 4].map((suite) => pastSuite(`other-${suite}`, { timeMs: 1000 * factor * noise(day, suite) }));

test('a suite that takes longer from run to run is found, others are not', () => {
  const runs = days.map((day) =>
    pastRun(day, [...others(day), pastSuite('grows', { timeMs: 1000 * 1.1 ** day * noise(day, 0) })]),
  );
  const { growing, devices } = growthOf(runs);
  expect(growing).toMatchObject([{ suiteId: 'grows', deviceKind: epyc, runs: 10 }]);
  expect((growing[0]?.toMs ?? 0) / (growing[0]?.fromMs ?? 1)).toBeCloseTo(1.1 ** 6.5, 0);
  expect(devices).toMatchObject([{ deviceKind: epyc, isTrend: false, suites: 5 }]);
});

test('a device that gets slower is said once, and not of each of its suites', () => {
  const runs = days.map((day) => pastRun(day, others(day, 1.05 ** day)));
  const { growing, devices } = growthOf(runs);
  expect(devices).toMatchObject([{ deviceKind: epyc, isTrend: true, runs: 10, suites: 4 }]);
  expect(devices[0]?.ratio).toBeCloseTo(1.05 ** 6.5, 1);
  expect(growing).toEqual([]);
});

test('runs that take turns on a fast and a slow machine are no growth', () => {
  const onEither = (day: number) => {
    const deviceKind = day % 2 === 0 || day > 7 ? xeon : epyc;
    return others(day, deviceKind === xeon ? 3 : 1).map((suite) => ({ ...suite, deviceKind }));
  };
  const { growing, devices } = growthOf(days.map((day) => pastRun(day, onEither(day))));
  expect(growing).toEqual([]);
  expect(devices.filter(({ isTrend }) => isTrend)).toEqual([]);
});

test('what failed may have ended early: its time does not count', () => {
  const runs = days.map((day) =>
    pastRun(day, [...others(day), pastSuite('a', { outcome: 'failed', timeMs: 1000 * 1.2 ** day })]),
  );
  expect(growthOf(runs).growing).toEqual([]);
});

test('the rank test: z of a known series, and 0 without one', () => {
  expect(rankTrend([1, 2, 3, 4, 5])).toBeCloseTo(2.2, 1);
  expect(rankTrend([5, 4, 3, 2, 1])).toBeCloseTo(-2.2, 1);
  expect(rankTrend([1, 9, 1, 9, 1])).toBe(0);
  expect(rankTrend([1, 2])).toBe(0);
});
