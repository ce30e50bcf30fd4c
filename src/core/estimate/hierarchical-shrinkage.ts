/**
 * Hierarchical shrinkage (empirical Bayes; Efron, Morris 1975) for suites that were never seen: the mean of each group of
 * suites is shrunk towards the mean of the group around it. Groups are all suites, the directories from the outermost on,
 * and the workload. Works in logarithms, with the effect of the file's size taken out by regression.
 */
import type { Suite } from '../events.js';

/** A suite whose duration is known. */
export interface KnownSuite {
  readonly id: string;
  /** Undefined: nobody said. */
  readonly workload: string | undefined;
  /** 0: unknown. */
  readonly fileBytes: number;
  /** On a device whose factor is 1. */
  readonly durationMs: number;
}

export interface UnseenEstimate {
  readonly durationMs: number;
  readonly basis: 'workload' | 'file-size' | 'directory' | 'mean';
  /** How many suites it rests on. */
  readonly samples: number;
  /** σ of ln(duration / estimate), as in an estimate. */
  readonly spread: number;
}

/**
 * Half and double by `node bench/prediction.mjs DIR`: root mean square of ln(measured / estimate) of new suites in three
 * projects, 1.99, 1.69 and 2.39. These files have no sizes, so that the entries for sizes change nothing there.
 */
const tuning = {
  /**
   * σ of ln(duration / estimate) before suites show a smaller one. On real timing files it is 1.2 to 2. The mean of a log-normal
   * duration depends on it: 0.6: 1.83, 1.52, 2.26; 2.4: 2.25, 1.81, 3.09. The error of the median stays the same.
   */
  priorLogSd: 1.2,
  /** Not tuned. */
  leastLogSd: 0.2,
  /** Prior weight of σ, in suites. 2.5 and 10: flat. */
  logSdPriorWeight: 5,
  /** Prior weight of the mean of the surrounding group, in suites. 1: flat; 4: +0.01. */
  meanPriorWeight: 2,
  /** Durations grow with the size of the file to this power: a prior between not at all and in proportion. Not tuned. */
  priorExponent: 0.5,
  /** In real projects durations grow a little more than in proportion, as long files hold the long tests. Not tuned. */
  mostExponent: 1.5,
  /** Prior weight of the exponent, in suites of one unit of variance of ln(size). Not tuned. */
  exponentPriorWeight: 10,
  /** Size of a file whose size is unknown. Not tuned. */
  usualFileBytes: 4096,
} as const;

export const { priorLogSd } = tuning;

/** Estimates for unseen suites. */
export class HierarchicalMeans {
  readonly #groups = new Map<string, Group>();
  readonly #exponent: number;
  readonly #spread: number;

  constructor(suites: readonly KnownSuite[]) {
    this.#exponent = exponentOf(suites);
    const ownValue = ({ durationMs, fileBytes }: KnownSuite) =>
      Math.log(durationMs) - this.#sizeEffect(fileBytes);
    for (const suite of suites) {
      const value = ownValue(suite);
      for (const name of groupsOf(suite.id, suite.workload)) {
        const group = this.#groups.get(name) ?? { count: 0, sum: 0 };
        this.#groups.set(name, { count: group.count + 1, sum: group.sum + value });
      }
    }
    let squares = tuning.logSdPriorWeight * priorLogSd ** 2;
    for (const suite of suites) {
      squares += (ownValue(suite) - (this.#meanOf(groupsOf(suite.id, suite.workload)) ?? 0)) ** 2;
    }
    const logSd = Math.sqrt(squares / (suites.length + tuning.logSdPriorWeight));
    this.#spread = Math.min(priorLogSd, Math.max(tuning.leastLogSd, logSd));
  }

  estimateOf({ id, fileBytes, profile: { workload } }: Suite): UnseenEstimate | undefined {
    const names = groupsOf(id, workload);
    const mean = this.#meanOf(names);
    if (mean === undefined) return undefined;
    const closest = names.findLast((name) => this.#groups.has(name)) ?? everything;
    const basis = isWorkload(closest)
      ? 'workload'
      : fileBytes > 0
        ? 'file-size'
        : closest === everything
          ? 'mean'
          : 'directory';
    // The mean of a log-normal duration, which is above its median.
    const durationMs = Math.exp(mean + this.#sizeEffect(fileBytes) + this.#spread ** 2 / 2);
    return { durationMs, basis, samples: this.#groups.get(closest)?.count ?? 0, spread: this.#spread };
  }

  /** The mean of the narrowest group, shrunk towards those around it. */
  #meanOf(names: readonly string[]): number | undefined {
    let mean: number | undefined;
    for (const name of names) {
      const group = this.#groups.get(name);
      if (group === undefined) continue;
      mean =
        mean === undefined
          ? group.sum / group.count
          : (group.sum + tuning.meanPriorWeight * mean) / (group.count + tuning.meanPriorWeight);
    }
    return mean;
  }

  /** Files of unknown size count as files of the usual size. */
  #sizeEffect(fileBytes: number): number {
    return this.#exponent * Math.log(fileBytes > 0 ? fileBytes : tuning.usualFileBytes);
  }
}

interface Group {
  readonly count: number;
  readonly sum: number;
}

const everything = '';
const workloadMark = '\0';

/** The groups of a suite, the widest first. */
function groupsOf(id: string, workload: string | undefined): readonly string[] {
  const groups = [everything];
  for (let at = id.indexOf('/'); at >= 0; at = id.indexOf('/', at + 1)) groups.push(id.slice(0, at));
  if (workload !== undefined && workload !== 'general') groups.push(workloadMark + workload);
  return groups;
}

function isWorkload(group: string): boolean {
  return group.startsWith(workloadMark);
}

/** Slope of ln(duration) over ln(file size), by least squares (ridge regression towards the prior). */
function exponentOf(suites: readonly KnownSuite[]): number {
  const sized = suites.filter(({ fileBytes }) => fileBytes > 0);
  const mean = (of: (suite: KnownSuite) => number) =>
    sized.reduce((sum, suite) => sum + Math.log(of(suite)), 0) / Math.max(1, sized.length);
  const meanSize = mean(({ fileBytes }) => fileBytes);
  const meanDuration = mean(({ durationMs }) => durationMs);
  let together = tuning.priorExponent * tuning.exponentPriorWeight;
  let ofSizes: number = tuning.exponentPriorWeight;
  for (const { fileBytes, durationMs } of sized) {
    const size = Math.log(fileBytes) - meanSize;
    together += size * (Math.log(durationMs) - meanDuration);
    ofSizes += size * size;
  }
  return Math.min(tuning.mostExponent, Math.max(0, together / ofSizes));
}
