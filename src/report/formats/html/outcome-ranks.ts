import type { SuiteOutcome } from '../../summary/suites.js';

/** How much an outcome needs a look: `bad` failed, `odd` passed with luck or did not run, `good` is as hoped for. */
export const outcomeRanks = {
  failed: 'bad',
  'timed-out': 'bad',
  lost: 'bad',
  'unplaceable-failed': 'bad',
  invalid: 'bad',
  unfinished: 'odd',
  flaky: 'odd',
  cancelled: 'odd',
  'unplaceable-skipped': 'odd',
  'not-started': 'odd',
  'not-selected': 'odd',
  skipped: 'odd',
  passed: 'good',
} as const satisfies Record<SuiteOutcome, 'bad' | 'odd' | 'good'>;

export function isPassing(outcome: SuiteOutcome): boolean {
  return outcomeRanks[outcome] === 'good';
}
