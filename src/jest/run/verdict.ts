import type { Config } from '@jest/types';
import { printable } from '../../core/vocabulary/printable.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { miscountsOf } from '../../report/summary/chaos.js';
import { type RunSummary, unusableOf } from '../../report/summary/summary.js';
import { say, session } from '../session.js';

/**
 * Fails the run because a reporter threw. Nothing else changes: Jest goes on with its summary, teardown and the other
 * reporters.
 */
export function failForReporters(errors: readonly unknown[], globalConfig: Config.GlobalConfig): void {
  if (errors.length === 0) return;
  fail(errors, globalConfig);
  for (const error of errors) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    say(
      `jest-runner-hardware: a reporter threw an error when it was told of a suite, so the run fails:\n${text}`,
    );
  }
}

/** Fails the run if suites are in a state that the option `failOn` names. */
export function failForStates({ refused, suites }: RunSummary, globalConfig: Config.GlobalConfig): void {
  if (refused.length === 0) return;
  const causes = new Map(suites.map(({ id, reasons }) => [id, reasons]));
  const error = new UsageError(
    refused.map(({ state, suiteIds }) => ({
      message: `the run fails, because the option failOn names ${state}`,
      found: suiteIds.map((id) => printable([id, ...(causes.get(id) ?? [])].join(': '))).join('; '),
      remedy: `see why they were ${state}, or take the word out of failOn`,
    })),
  );
  fail([error], globalConfig);
  say(error.message);
}

/** Fails the run if Jest was given no result of a suite, or several. Only runs with the option `chaos` count them. */
export function failForResults({ chaos }: RunSummary, globalConfig: Config.GlobalConfig): void {
  const wrong = chaos === undefined ? [] : miscountsOf(chaos);
  if (wrong.length === 0) return;
  const message = 'Not every suite has one result. This is a bug in jest-runner-hardware.';
  const error = new UsageError({ message, found: wrong.map(printable).join('; ') });
  fail([error], globalConfig);
  say(error.message);
}

/** @throws UsageError when the option `requireExecuted` is not met. */
export function requireExecuted(summary: RunSummary): void {
  const { unmetRequirements } = summary;
  if (unmetRequirements.length === 0) return;
  const unusable = unmetRequirements
    .flatMap((deviceClass) => unusableOf(summary, deviceClass))
    .map(printable);
  throw new UsageError({
    message: `no suite of class ${unmetRequirements.join(', ')} executed a test in this run`,
    expected: `at least one executed test on a device of each class in requireExecuted`,
    ...(unusable.length > 0 && { found: unusable.join('; ') }),
    remedy:
      'run where such a device is usable, tag a suite with @hardware, or take the class out of requireExecuted',
  });
}

/** Our reporter hands the errors to Jest. Where the user left it out, only the exit code fails. */
function fail(errors: readonly unknown[], { watch, watchAll }: Config.GlobalConfig): void {
  session.failures.push(...errors);
  if (!watch && !watchAll) process.exitCode = 1;
}
