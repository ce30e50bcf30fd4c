import type { Observation } from '../core/estimate/estimate.js';
import { pragmas } from '../core/workload/pragmas.js';
import { defaultProfile, type ProfilePart, type WorkloadProfile } from '../core/workload/profile.js';
import type { MeasuredWatts } from './measured-watts.js';

/** What earlier runs taught about one suite on one kind of device. */
export interface DeviceHistory {
  /** Of the last complete attempt, integer ms ≥ 1. */
  readonly lastMs: number;
  /** Exponentially weighted geometric mean of complete attempts, ms ≥ 1, of short ones with two decimals. */
  readonly meanMs: number;
  /** Highest peak of the suite's process, sinking slowly when later runs stay below; left out when never measured. */
  readonly peakMemoryBytes?: number;
  /** How many attempts it rests on, ≥ 1. */
  readonly samples: number;
}

export interface SuiteHistory {
  /** By kind of device (`deviceKindOf`): `cpu AMD EPYC`; what was measured while coverage was collected stands apart ({@link kindUnder}). */
  readonly devices: ReadonlyMap<string, DeviceHistory>;
  /** The planned fields of its newest profile that are not the default; left out: all are. */
  readonly needs?: SuiteNeeds;
  /** True when its last attempt with a result failed: such suites run first. */
  readonly failedLast: boolean;
  /** Whole runs in a row that did not contain it. */
  readonly missedRuns: number;
  /** Index of the shard that had it in the run of `repeatable`; left out where there is none. */
  readonly shard?: number;
}

/** The sharded run that was learned last, as far as running one of its jobs again needs it. */
export interface RepeatableRun {
  readonly planId: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly total: number;
  /** Left out where the CI service did not say. */
  readonly commit?: string;
  /** See `ShardPlanned`. */
  readonly ciRun?: string;
}

/** The fields of a profile that a plan needs: where a suite can run, and beside what. */
export const plannedFields = Object.values(pragmas).flatMap(({ field, planned }) => (planned ? field : []));

/** Planned fields alone, where they are not the default. */
export type SuiteNeeds = ProfilePart;

/** Undefined for those of an untagged suite. */
export function needsOf(profile: WorkloadProfile): SuiteNeeds | undefined {
  const isUsual = (field: keyof WorkloadProfile) =>
    JSON.stringify(profile[field]) === JSON.stringify(defaultProfile[field]);
  const entries = plannedFields.flatMap((field) => (isUsual(field) ? [] : [[field, profile[field]]]));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/**
 * Mean reversion of the project's durations: after a slow run, do they return to their means (noise), or stay where they
 * are (change)? The two sums of a regression through the origin, older runs counting less. Integers, in thousandths.
 */
export interface Reversion {
  /** Sum of (new - last) × (mean - last), logarithms. */
  readonly towardsMean: number;
  /** Sum of (mean - last)². */
  readonly ofMean: number;
}

/** What earlier runs taught. A value: `learn` gives a new one. */
export interface History {
  /** Name of the project it belongs to, as its package.json says; left out where nobody said. */
  readonly project?: string;
  /** Ids of the runs learned last, so that none counts twice; the newest at the end. */
  readonly learnedRuns: readonly string[];
  /** By suite id. */
  readonly suites: ReadonlyMap<string, SuiteHistory>;
  readonly reversion: Reversion;
  readonly watts: MeasuredWatts;
  /** A run whose jobs may be run again, and then must divide as they did; left out: none. */
  readonly repeatable?: RepeatableRun;
}

export const emptyHistory: History = {
  learnedRuns: [],
  suites: new Map(),
  reversion: { towardsMean: 0, ofMean: 0 },
  watts: new Map(),
};

const coverageMark = ' under coverage';

/** The kind under which durations are kept: instrumented code is slower, so coverage has a kind of its own. */
export function kindUnder(coverage: boolean, deviceKind: string): string {
  return coverage ? `${deviceKind}${coverageMark}` : deviceKind;
}

/**
 * The history as a run with or without coverage expects it. A suite that was measured only the other way is scaled by the
 * median ratio of those measured both ways; without any of these it is taken as it is.
 */
export function historyUnder(coverage: boolean, history: History): History {
  if (![...history.suites.values()].some(({ devices }) => [...devices.keys()].some(isMarked))) return history;
  const factor = coverageFactor(history);
  const scaled = (device: DeviceHistory | undefined): DeviceHistory | undefined => {
    const by = (ms: number) => Math.max(1, coverage ? ms * factor : ms / factor);
    return device && { ...device, lastMs: Math.round(by(device.lastMs)), meanMs: by(device.meanMs) };
  };
  const suites = new Map<string, SuiteHistory>();
  for (const [id, suite] of history.suites) {
    const devices = new Map<string, DeviceHistory>();
    for (const marked of suite.devices.keys()) {
      const kind = isMarked(marked) ? marked.slice(0, -coverageMark.length) : marked;
      const [own, other] = [coverage, !coverage].map((each) => suite.devices.get(kindUnder(each, kind)));
      const device = own === undefined ? scaled(other) : withPeakOf(own, other);
      if (device !== undefined) devices.set(kind, device);
    }
    suites.set(id, { ...suite, devices });
  }
  return { ...history, suites };
}

function isMarked(kind: string): boolean {
  return kind.endsWith(coverageMark);
}

/** A peak that was measured the other way stands in for one that is missing. */
function withPeakOf(device: DeviceHistory, other: DeviceHistory | undefined): DeviceHistory {
  const peakMemoryBytes = device.peakMemoryBytes ?? other?.peakMemoryBytes;
  return peakMemoryBytes === undefined ? device : { ...device, peakMemoryBytes };
}

/** The median of how many times as long suites take under coverage. Only division: shards must agree. */
function coverageFactor({ suites, reversion }: History): number {
  const ratios: number[] = [];
  for (const { devices } of suites.values()) {
    for (const [kind, plain] of devices) {
      const covered = devices.get(kindUnder(true, kind));
      if (covered !== undefined) ratios.push(expectedMs(covered, reversion) / expectedMs(plain, reversion));
    }
  }
  return ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? 1;
}

/** All that is known, one observation per suite and kind of device, in the order of the history. */
export function observationsOf(history: History): readonly Observation[] {
  const observations: Observation[] = [];
  for (const [suiteId, suite] of history.suites) {
    for (const [deviceKind, device] of suite.devices) {
      const { samples, peakMemoryBytes } = device;
      const durationMs = expectedMs(device, history.reversion);
      const peak = peakMemoryBytes === undefined ? {} : { peakMemoryBytes };
      observations.push({ suiteId, deviceKind, durationMs, samples, ...peak });
    }
  }
  return observations;
}

/** Ids of the suites whose last attempt with a result failed. */
export function failedLastOf({ suites }: History): ReadonlySet<string> {
  return new Set([...suites].flatMap(([id, { failedLast }]) => (failedLast ? id : [])));
}

/**
 * The expected next duration, ms: a geometric mean of the last one and the average, weighted by mean reversion in quarters.
 * It takes square roots instead of powers, because these are the same number in every engine, and shards that plan from one
 * history must agree.
 */
export function expectedMs(
  { lastMs, meanMs }: Pick<DeviceHistory, 'lastMs' | 'meanMs'>,
  { towardsMean, ofMean }: Reversion,
): number {
  // Without evidence of reversion, the last duration counts.
  const quarters = Math.round((4 * towardsMean) / (ofMean + priorOfMean));
  const half = Math.sqrt(lastMs * meanMs);
  const between = [lastMs, Math.sqrt(lastMs * half), half, Math.sqrt(half * meanMs), meanMs];
  return Math.round(between[Math.min(4, Math.max(0, quarters))] ?? half);
}

/** Prior weight, in thousandths: as if this much had been seen without any reversion. */
const priorOfMean = 50;

/**
 * Merges two histories that began as one, such as those of two shards. For a suite and kind of device that both know, the
 * one with more attempts counts; of equal ones, the first.
 */
export function mergeHistories(a: History, b: History): History {
  const suites = new Map(a.suites);
  for (const [id, suite] of b.suites) {
    const other = suites.get(id);
    suites.set(id, other === undefined ? suite : mergeSuites(other, suite));
  }
  const longer = a.reversion.ofMean >= b.reversion.ofMean ? a : b;
  return {
    ...longer,
    learnedRuns: [...new Set([...a.learnedRuns, ...b.learnedRuns])].sort(),
    suites,
    watts: new Map([...b.watts, ...a.watts]),
  };
}

function mergeSuites(a: SuiteHistory, b: SuiteHistory): SuiteHistory {
  const devices = new Map(a.devices);
  for (const [kind, device] of b.devices) {
    const other = devices.get(kind);
    if (other === undefined || device.samples > other.samples) devices.set(kind, device);
  }
  const newer = samplesOf(b) > samplesOf(a) ? b : a;
  return {
    ...newer,
    devices,
    missedRuns: Math.min(a.missedRuns, b.missedRuns),
  };
}

function samplesOf({ devices }: SuiteHistory): number {
  return [...devices.values()].reduce((sum, { samples }) => sum + samples, 0);
}
