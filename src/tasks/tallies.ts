import type { SuiteStatus } from '../core/events.js';

export interface TaskStatistics {
  readonly pending: number;
  readonly running: number;
  /** Number of attempts that ended, by status. */
  readonly ended: Readonly<Partial<Record<SuiteStatus, number>>>;
  /** Sum of the durations of ended attempts, ms. */
  readonly busyMs: number;
  /** Time from submission to start, ms; mean over all attempts that started. */
  readonly meanWaitMs: number;
}

/** Selects statistics. A field that is left out selects all. */
export interface StatisticsFilter {
  readonly worker?: string;
  readonly workload?: string;
}

/** Running totals of one worker for one workload. */
export interface Tally {
  readonly worker: string;
  readonly workload: string;
  started: number;
  waitedMs: number;
  readonly ended: Partial<Record<SuiteStatus, number>>;
  busyMs: number;
}

/** The totals of all workers. They stay when the tasks they came from are forgotten. */
export class Tallies {
  readonly #byKey = new Map<string, Tally>();

  tallyOf(worker: string, workload: string): Tally {
    const key = JSON.stringify([worker, workload]);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const tally: Tally = { worker, workload, started: 0, waitedMs: 0, ended: {}, busyMs: 0 };
    this.#byKey.set(key, tally);
    return tally;
  }

  sumOf(filter: StatisticsFilter): Pick<TaskStatistics, 'ended' | 'busyMs' | 'meanWaitMs'> {
    const ended: Partial<Record<SuiteStatus, number>> = {};
    let [started, waitedMs, busyMs] = [0, 0, 0];
    for (const tally of this.#byKey.values()) {
      if (!isSelected(tally, filter)) continue;
      started += tally.started;
      waitedMs += tally.waitedMs;
      busyMs += tally.busyMs;
      for (const [status, count] of Object.entries(tally.ended) as [SuiteStatus, number][]) {
        ended[status] = (ended[status] ?? 0) + count;
      }
    }
    return { ended, busyMs, meanWaitMs: started === 0 ? 0 : waitedMs / started };
  }
}

export function isSelected(tally: Pick<Tally, 'worker' | 'workload'>, filter: StatisticsFilter): boolean {
  const { worker = tally.worker, workload = tally.workload } = filter;
  return worker === tally.worker && workload === tally.workload;
}
