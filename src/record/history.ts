/** What earlier runs taught about one suite on one device type. */
export interface DeviceHistory {
  /** Exponentially weighted geometric mean of complete attempts, integer ms ≥ 1. */
  readonly durationMs: number;
  /** Highest peak of the suite's process, sinking slowly when later runs stay below; left out when never measured. */
  readonly peakMemoryBytes?: number;
  /** How many attempts it rests on, ≥ 1. */
  readonly samples: number;
}

export interface SuiteHistory {
  /** By slot type: `local/cpu`. */
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

/** One suite on one device type, as estimates are made from it. */
export interface HistoryEntry extends DeviceHistory {
  readonly suiteId: string;
  readonly deviceType: string;
}

/** All that is known, one entry per suite and device type, in the order of the history. */
export function historyEntries(history: History): readonly HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  for (const [suiteId, suite] of history.suites) {
    for (const [deviceType, device] of suite.devices) entries.push({ suiteId, deviceType, ...device });
  }
  return entries;
}
