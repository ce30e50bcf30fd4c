import { reliabilityOf } from '../../../src/report/history/flaky.js';
import type { PastRun, PastSuite } from '../../../src/report/history/past-run.js';
import { pastRun, pastSuite } from './past-runs.js';

const epyc = 'cpu AMD EPYC';
const a10 = 'gpu NVIDIA A10';

test('a failure that the same sources contradict counts once, what passed beside it does not', () => {
  const passes = [1, 2, 3, 4].map((day) => runOf(day, 'passed', 'abc'));
  const { flaky } = reliabilityOf([...passes, runOf(5, 'failed', 'abc'), runOf(6, 'failed', 'def')]);
  expect(flaky).toEqual([
    {
      suiteId: 'a',
      devices: [{ deviceKind: epyc, failures: 1, passedInSameRun: 0, runs: 6 }],
      lastAt: '2026-01-05T08:00:00.000Z',
    },
  ]);
});

test.each([
  ['other sources', runOf(1, 'failed', 'abc'), runOf(2, 'passed', 'def')],
  ['changed files', runOf(1, 'failed', 'abc'), runOf(2, 'passed')],
  ['nobody knows the sources', runOf(1, 'failed'), runOf(2, 'passed')],
  ['-t left tests out', runOf(1, 'failed', 'abc'), runOf(2, 'passed', 'abc', { hasWholeSuites: false })],
  ['coverage', runOf(1, 'failed', 'abc'), runOf(2, 'passed', 'abc', { coverage: true })],
  ['it did not run', runOf(1, 'failed', 'abc'), runOf(2, 'unplaceable-skipped', 'abc')],
])('%s: a failure before is no proof', (_what, ...runs) => {
  expect(reliabilityOf(runs).flaky).toEqual([]);
});

test('a run of some paths is proof too, and so is the same run’s second attempt', () => {
  const byPath = reliabilityOf([runOf(1, 'failed', 'abc'), runOf(1, 'passed', 'abc', { isWhole: false })]);
  expect(byPath.flaky).toHaveLength(1);
  const lost = pastSuite('a', { outcome: 'flaky', deviceKind: epyc, passedAfter: [a10] });
  expect(reliabilityOf([pastRun(1, [lost]), pastRun(2, [pastSuite('a')])]).flaky).toEqual([
    {
      suiteId: 'a',
      devices: [{ deviceKind: a10, failures: 1, passedInSameRun: 1, runs: 1 }],
      lastAt: '2026-01-01T08:00:00.000Z',
    },
  ]);
});

test('what always fails on one kind of device and passes on another is not flaky', () => {
  const on = (day: number, deviceKind: string, outcome: PastSuite['outcome']) =>
    pastRun(day, [pastSuite('a', { deviceKind, outcome })], { sources: 'abc' });
  const runs = [on(1, epyc, 'passed'), on(2, a10, 'failed'), on(3, a10, 'failed')];
  expect(reliabilityOf(runs)).toEqual({
    flaky: [],
    deviceDependent: [{ suiteId: 'a', failsOn: [a10], passesOn: [epyc] }],
  });
  const { flaky, deviceDependent } = reliabilityOf([...runs, on(4, a10, 'passed')]);
  expect(flaky[0]?.devices).toEqual([{ deviceKind: a10, failures: 2, passedInSameRun: 0, runs: 3 }]);
  expect(deviceDependent).toEqual([]);
});

function runOf(
  day: number,
  outcome: PastSuite['outcome'],
  sources?: string,
  facts: Partial<PastRun> = {},
): PastRun {
  return pastRun(day, [pastSuite('a', { outcome })], { ...(sources !== undefined && { sources }), ...facts });
}
