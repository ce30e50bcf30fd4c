import type { PastRun, PastSuite } from '../../../src/report/history/past-run.js';

/** A whole run of a day, with what a test says otherwise. */
export function pastRun(day: number, suites: readonly PastSuite[], facts: Partial<PastRun> = {}): PastRun {
  return {
    startedAt: `2026-01-${String(day).padStart(2, '0')}T08:00:00.000Z`,
    isWhole: true,
    hasWholeSuites: true,
    coverage: false,
    totalMs: 1000,
    suites,
    ...facts,
  };
}

export function pastSuite(id: string, facts: Partial<PastSuite> = {}): PastSuite {
  return { id, outcome: 'passed', deviceKind: 'cpu AMD EPYC', timeMs: 1000, passedAfter: [], ...facts };
}
