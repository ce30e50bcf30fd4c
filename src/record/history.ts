import type { Observation } from '../core/estimate.js';

/** What earlier runs taught about one suite on one kind of device. */
export interface DeviceHistory {
  /** Exponentially weighted geometric mean of complete attempts, integer ms ≥ 1. */
  readonly durationMs: number;
  /** Highest peak of the suite's process, sinking slowly when later runs stay below; left out when never measured. */
  readonly peakMemoryBytes?: number;
  /** How many attempts it rests on, ≥ 1. */
  readonly samples: number;
}

export interface SuiteHistory {
  /** By kind of device (`kindOf`): `cpu AMD EPYC`. */
  readonly devices: ReadonlyMap<string, DeviceHistory>;
  /** True when its last attempt with a result failed: such suites run first. */
  readonly failedLast: boolean;
  /** Whole runs in a row that did not contain it. */
  readonly missedRuns: number;
}

/** What earlier runs taught. A value: `learn` gives a new one. */
export interface History {
  /** Ids of the runs learned last, so that none counts twice; the newest at the end. */
  readonly learnedRuns: readonly string[];
  /** By suite id. */
  readonly suites: ReadonlyMap<string, SuiteHistory>;
}

export const emptyHistory: History = { learnedRuns: [], suites: new Map() };

/** All that is known, one observation per suite and kind of device, in the order of the history. */
export function observationsOf(history: History): readonly Observation[] {
  const observations: Observation[] = [];
  for (const [suiteId, suite] of history.suites) {
    for (const [deviceKind, device] of suite.devices) observations.push({ suiteId, deviceKind, ...device });
  }
  return observations;
}

/** Ids of the suites whose last attempt with a result failed. */
export function failedLastOf({ suites }: History): ReadonlySet<string> {
  return new Set([...suites].flatMap(([id, { failedLast }]) => (failedLast ? id : [])));
}
