import type { PastRun } from './past-run.js';
import { median, rankTrend } from './rank-trend.js';

/** How the level of a kind of device changed from the first to the last runs. */
export interface DeviceDrift {
  /** Class and model: `gpu NVIDIA A10`. */
  readonly deviceKind: string;
  /** Runs and suites that it was measured by. */
  readonly runs: number;
  readonly suites: number;
  /** 1.12: suites take 12 % longer than at first. */
  readonly ratio: number;
  /** Whether it rose or fell from run to run; false: as much as runs vary. */
  readonly isTrend: boolean;
}

/** A suite that takes longer from run to run, on one kind of device. */
export interface GrowingSuite {
  readonly suiteId: string;
  readonly deviceKind: string;
  /** Median of the first third of its runs and of the last, without what its device drifted, ms. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly runs: number;
}

export interface Growth {
  /** In the order in which devices were first used. */
  readonly devices: readonly DeviceDrift[];
  /** Those that added most time first. */
  readonly growing: readonly GrowingSuite[];
}

const tuning = {
  /** Runs of a suite on a device kind below which nothing is said: 5 in strict order are the fewest that a rank test believes. */
  leastRuns: 5,
  /** z of the rank test: of 100 series without a trend 2 rise so much. */
  leastTrend: 2,
  /** Smaller changes are not worth a word. Chosen, not measured. */
  leastShare: 0.1,
  leastMs: 100,
  leastDrift: 0.05,
  /** Fewer suites say more of themselves than of their device. */
  leastSuites: 3,
} as const;

/** @param runs The oldest first, comparable with each other. Only suites that passed count: a failed one may end early. */
export function growthOf(runs: readonly PastRun[]): Growth {
  const devices: DeviceDrift[] = [];
  const growing: GrowingSuite[] = [];
  for (const [deviceKind, suites] of seriesByDevice(runs)) {
    const levels = levelsOf(suites, runs.length);
    const own = [...levels.values()];
    if (own.length >= tuning.leastRuns) {
      const ratio = Math.exp(lastThird(own) - firstThird(own));
      const isTrend =
        Math.abs(rankTrend(own)) >= tuning.leastTrend && Math.abs(ratio - 1) >= tuning.leastDrift;
      devices.push({ deviceKind, runs: own.length, suites: suites.size, ratio, isTrend });
    }
    for (const [suiteId, points] of suites) {
      const found = growingSuite(points, levels);
      if (found !== undefined) growing.push({ suiteId, deviceKind, ...found });
    }
  }
  const addedMs = ({ fromMs, toMs }: GrowingSuite) => toMs - fromMs;
  return { devices, growing: growing.sort((a, b) => addedMs(b) - addedMs(a)) };
}

interface Point {
  readonly run: number;
  /** ln(ms) */
  readonly logMs: number;
}

function seriesByDevice(runs: readonly PastRun[]): ReadonlyMap<string, Map<string, Point[]>> {
  const series = new Map<string, Map<string, Point[]>>();
  for (const [run, { suites }] of runs.entries()) {
    for (const { id, outcome, deviceKind, timeMs } of suites) {
      if (outcome !== 'passed' || deviceKind === undefined || timeMs === undefined) continue;
      const ofKind = series.get(deviceKind) ?? new Map<string, Point[]>();
      series.set(deviceKind, ofKind);
      const points = ofKind.get(id) ?? [];
      ofKind.set(id, points);
      points.push({ run, logMs: Math.log(Math.max(1, timeMs)) });
    }
  }
  return series;
}

/** By run: the median of how far suites are from their own medians. Suites that come and go leave it as it is. */
function levelsOf(suites: ReadonlyMap<string, readonly Point[]>, runs: number): ReadonlyMap<number, number> {
  const away: number[][] = Array.from({ length: runs }, () => []);
  for (const points of suites.values()) {
    if (points.length < tuning.leastRuns) continue;
    const usual = median(points.map(({ logMs }) => logMs));
    for (const { run, logMs } of points) away[run]?.push(logMs - usual);
  }
  return new Map(
    away.flatMap((each, run) => (each.length < tuning.leastSuites ? [] : [[run, median(each)] as const])),
  );
}

function growingSuite(points: readonly Point[], levels: ReadonlyMap<number, number>) {
  if (points.length < tuning.leastRuns) return undefined;
  const own = points.map(({ run, logMs }) => logMs - (levels.get(run) ?? 0));
  const [fromMs, toMs] = [firstThird(own), lastThird(own)].map((log) => Math.round(Math.exp(log)));
  if (fromMs === undefined || toMs === undefined || rankTrend(own) < tuning.leastTrend) return undefined;
  const isWorthAWord = toMs - fromMs >= Math.max(tuning.leastMs, fromMs * tuning.leastShare);
  return isWorthAWord ? { fromMs, toMs, runs: points.length } : undefined;
}

function firstThird(values: readonly number[]): number {
  return median(values.slice(0, Math.ceil(values.length / 3)));
}

function lastThird(values: readonly number[]): number {
  return median(values.slice(-Math.ceil(values.length / 3)));
}
