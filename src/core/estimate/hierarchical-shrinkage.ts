import type { Suite } from '../events.js';

/** A suite whose duration is known. */
export interface KnownSuite {
  readonly id: string;
  /** Undefined: nobody said. */
  readonly workload: string | undefined;
  /** 0: unknown. */
  readonly fileBytes: number;
  /** On a device of factor 1. */
  readonly durationMs: number;
}

export interface KinEstimate {
  readonly durationMs: number;
  readonly basis: 'workload' | 'file-size' | 'directory' | 'mean';
  /** How many suites it rests on. */
  readonly samples: number;
  /** As in an estimate. */
  readonly spread: number;
}

/** Standard deviation of ln(duration / estimate) until suites show a smaller one; on real timing files it is 1.2 to 2. */
export const kinSpread = 1.2;
const leastSpread = 0.2;
/** As if so many suites had shown that spread. */
const spreadDoubt = 5;
/** A group counts as much as the one around it when it has so many suites. */
const doubt = 2;
/** How durations grow with the size of the file until suites show it: between not at all and in proportion. */
const usualExponent = 0.5;
/** In real projects they grow a little more than in proportion: long files hold the long tests. */
const mostExponent = 1.5;
/** As if so many suites had shown the usual. */
const exponentDoubt = 10;

/**
 * What a suite that was never seen will take, by those it has something in common with: all, its directories from the
 * outermost on, its workload; each group's mean shrunk towards the one around it. Works in logarithms, with the size of
 * the file taken out where it is known.
 */
export class Kinship {
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
    let squares = spreadDoubt * kinSpread ** 2;
    for (const suite of suites) {
      squares += (ownValue(suite) - (this.#meanOf(groupsOf(suite.id, suite.workload)) ?? 0)) ** 2;
    }
    const spread = Math.sqrt(squares / (suites.length + spreadDoubt));
    this.#spread = Math.min(kinSpread, Math.max(leastSpread, spread));
  }

  of({ id, fileBytes, profile: { workload } }: Suite): KinEstimate | undefined {
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
    // What is expected of a log-normal duration is its mean, which lies above the middle.
    const durationMs = Math.exp(mean + this.#sizeEffect(fileBytes) + this.#spread ** 2 / 2);
    return { durationMs, basis, samples: this.#groups.get(closest)?.count ?? 0, spread: this.#spread };
  }

  /** Of the narrowest group, shrunk towards those around it. */
  #meanOf(names: readonly string[]): number | undefined {
    let mean: number | undefined;
    for (const name of names) {
      const group = this.#groups.get(name);
      if (group === undefined) continue;
      mean =
        mean === undefined ? group.sum / group.count : (group.sum + doubt * mean) / (group.count + doubt);
    }
    return mean;
  }

  /** Files of unknown size count as of a usual one. */
  #sizeEffect(fileBytes: number): number {
    return this.#exponent * Math.log(fileBytes > 0 ? fileBytes : usualFileBytes);
  }
}

interface Group {
  readonly count: number;
  readonly sum: number;
}

const usualFileBytes = 4096;
const everything = '';
const workloadMark = '\0';

/** The widest first. */
function groupsOf(id: string, workload: string | undefined): readonly string[] {
  const groups = [everything];
  for (let at = id.indexOf('/'); at >= 0; at = id.indexOf('/', at + 1)) groups.push(id.slice(0, at));
  if (workload !== undefined && workload !== 'general') groups.push(workloadMark + workload);
  return groups;
}

function isWorkload(group: string): boolean {
  return group.startsWith(workloadMark);
}

/** Slope of the logarithm of durations over that of file sizes. */
function exponentOf(suites: readonly KnownSuite[]): number {
  const sized = suites.filter(({ fileBytes }) => fileBytes > 0);
  const mean = (of: (suite: KnownSuite) => number) =>
    sized.reduce((sum, suite) => sum + Math.log(of(suite)), 0) / Math.max(1, sized.length);
  const meanSize = mean(({ fileBytes }) => fileBytes);
  const meanDuration = mean(({ durationMs }) => durationMs);
  let together = usualExponent * exponentDoubt;
  let ofSizes = exponentDoubt;
  for (const { fileBytes, durationMs } of sized) {
    const size = Math.log(fileBytes) - meanSize;
    together += size * (Math.log(durationMs) - meanDuration);
    ofSizes += size * size;
  }
  return Math.min(mostExponent, Math.max(0, together / ofSizes));
}
