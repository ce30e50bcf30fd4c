import { median } from '../history/rank-trend.js';

const tuning = {
  /** Standard deviation of the logarithm of a suite's time where nothing better is known: that of estimates from own runs. */
  priorLogSd: 0.3,
  /** As many runs as the prior counts for. Chosen: with 10 kept runs the suite's own variation decides. */
  priorWeight: 2,
  /** So many suites of both runs show by themselves how much times vary, and how much the whole device changed. */
  leastSuites: 8,
  leastLogSd: 0.03,
  /** No less than 95 % sure, however few suites are compared. */
  leastDeviations: 2,
} as const;

/** One suite on one kind of device in both runs. Natural logarithms of ms. */
export interface TimePair {
  readonly suiteId: string;
  readonly before: number;
  readonly after: number;
  /** Of the same suite on the same kind of device in earlier runs. */
  readonly earlier: readonly number[];
}

export interface UsualNoise {
  /** How much longer all suites of the device took, as a logarithm; 0 where too few tell. */
  readonly shift: number;
  /** By how much a suite's logarithm may differ beyond the shift, without a change of the suite. */
  limitOf(pair: TimePair): number;
}

/**
 * How much the times of suites on one kind of device vary without a reason. The shift is the median of all suites; a suite's own
 * variation over earlier runs is shrunk towards that of the others (1.4826 × the median deviation, or ± 30 %). The limit grows
 * with the number of suites, so that of many unchanged ones none is named: the universal threshold √(2 ln n) (Donoho 1994).
 */
export function usualNoiseOf(pairs: readonly TimePair[]): UsualNoise {
  const changes = pairs.map(({ before, after }) => after - before);
  const isKnown = pairs.length >= tuning.leastSuites;
  const shift = isKnown ? median(changes) : 0;
  const deviation = 1.4826 * median(changes.map((change) => Math.abs(change - shift)));
  // A change is the difference of two times, each with the same variance.
  const common = isKnown
    ? Math.min(tuning.priorLogSd, Math.max(tuning.leastLogSd, deviation / Math.SQRT2))
    : tuning.priorLogSd;
  const deviations = Math.max(tuning.leastDeviations, Math.sqrt(2 * Math.log(Math.max(1, pairs.length))));
  return {
    shift,
    limitOf: ({ earlier }) => deviations * Math.SQRT2 * shrunkLogSd(earlier, common),
  };
}

function shrunkLogSd(values: readonly number[], prior: number): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const freedom = Math.max(0, values.length - 1);
  return Math.sqrt((tuning.priorWeight * prior ** 2 + squares) / (tuning.priorWeight + freedom));
}
