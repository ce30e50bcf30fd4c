import type { SuiteOutcome } from '../summary/suites.js';

/** What a reader sees for each outcome. */
export const outcomeText = {
  passed: 'passed',
  flaky: 'flaky',
  failed: 'failed',
  skipped: 'skipped',
  'timed-out': 'timed out',
  lost: 'lost',
  cancelled: 'cancelled',
  'unplaceable-failed': 'cannot run',
  'unplaceable-skipped': 'skipped for want of a device',
  invalid: 'wrong docblock',
  'not-started': 'not started',
  'not-selected': 'not selected',
  unfinished: 'unfinished',
} as const satisfies Record<SuiteOutcome, string>;
