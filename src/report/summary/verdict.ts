import type { FailOn } from '../../core/events.js';
import type { SuiteOutcome } from './suites.js';
import type { RunSummary } from './summary.js';

/** Why a run failed, each with the exit code of `report --exit-code`. The lowest one that applies is taken. */
export const exitCodeOf = {
  /** A test failed, or a suite took longer than its `@max-time`. */
  'tests failed': 1,
  /** A docblock has mistakes. */
  input: 2,
  /** A suite, `requireExecuted` or `failOn` asks for hardware that the run did not have. */
  'hardware absent': 3,
  /** A process or a machine was lost, or the run was stopped. Another try may pass. */
  infrastructure: 4,
} as const satisfies Record<string, number>;
export type FailureCause = keyof typeof exitCodeOf;

const causeOfOutcome: Readonly<Record<SuiteOutcome, FailureCause | undefined>> = {
  passed: undefined,
  flaky: undefined,
  failed: 'tests failed',
  skipped: undefined,
  'timed-out': 'tests failed',
  lost: 'infrastructure',
  cancelled: 'infrastructure',
  'unplaceable-failed': 'hardware absent',
  'unplaceable-skipped': undefined,
  invalid: 'input',
  'not-started': 'infrastructure',
  'not-selected': undefined,
  unfinished: 'infrastructure',
};

const causeOfRefused: Readonly<Record<FailOn, FailureCause>> = {
  flaky: 'infrastructure',
  degraded: 'hardware absent',
  skipped: 'hardware absent',
};

/** Whether a suite of this outcome fails the run. */
export function failsRun(outcome: SuiteOutcome): boolean {
  return causeOfOutcome[outcome] !== undefined;
}

/** 0 when the run passed, else the lowest code of what failed it. */
export function exitCodeOfRun(summary: RunSummary): number {
  const [first] = failureCauses(summary);
  return first === undefined ? 0 : exitCodeOf[first];
}

/** Why the run failed, in the order of their exit codes. Empty: it passed. */
export function failureCauses(summary: RunSummary): readonly FailureCause[] {
  const { suites, unmetRequirements, refused, state } = summary;
  const found = new Set<FailureCause | undefined>([
    ...suites.map(({ outcome }) => causeOfOutcome[outcome]),
    ...refused.map(({ state: refusedState }) => causeOfRefused[refusedState]),
    unmetRequirements.length > 0 ? 'hardware absent' : undefined,
    state === 'complete' ? undefined : 'infrastructure',
  ]);
  return (Object.keys(exitCodeOf) as FailureCause[]).filter((cause) => found.has(cause));
}
