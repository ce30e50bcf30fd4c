import { stripVTControlCharacters } from 'node:util';
import type { DeviceFault } from '../../core/events.js';
import { deviceFaultIn } from '../../execute/device-fault.js';
import type { Executor, SuiteOutcome } from '../../execute/executor.js';
import type { SuiteResult } from '../suite.js';
import { textOf, withoutFolders } from './failures.js';

/**
 * Adds to each outcome whether its device ended it, or a full disk. A suite with a failed assertion never counts as such,
 * whatever else failed in it.
 */
export function withDeviceFaults(executor: Executor<SuiteResult>, rootDir: string): Executor<SuiteResult> {
  return {
    async run(start, signal) {
      const outcome = await executor.run(start, signal);
      const [{ class: deviceClass }] = start.devices;
      const fault = faultOf(outcome, deviceClass !== 'cpu');
      if (fault === undefined) return outcome;
      const deviceFault = { ...fault, evidence: withoutFolders(fault.evidence, rootDir) };
      return { ...outcome, deviceFault };
    },
  };
}

function faultOf(
  { status, result, lastWords = '' }: SuiteOutcome<SuiteResult>,
  isAccelerator: boolean,
): DeviceFault | undefined {
  if (status === 'lost') return deviceFaultIn(lastWords, isAccelerator);
  if (status !== 'failed' || result === undefined) return undefined;
  const faults = failuresIn(result).map((failure) =>
    failure.isAssertion ? undefined : deviceFaultIn(failure.text, isAccelerator),
  );
  return faults.every((fault) => fault !== undefined) ? faults[0] : undefined;
}

interface Failure {
  readonly text: string;
  readonly isAssertion: boolean;
}

/** Each error of each failed test, and that of the suite itself. */
function failuresIn(result: SuiteResult): readonly Failure[] {
  if ('error' in result) return [failureOf(textOf(result.error))];
  const { testExecError, testResults } = result.testResult;
  return [
    ...(testExecError == null ? [] : [failureOf(textOf(testExecError))]),
    ...testResults.flatMap(({ status, failureMessages, failureDetails }) =>
      status === 'failed'
        ? failureMessages.map((text, index) => failureOf(text, failureDetails?.[index]))
        : [],
    ),
  ];
}

/** @param detail The error as far as it crossed from the suite's process. */
function failureOf(text: string, detail?: unknown): Failure {
  const isAssertion = assertion.test(stripVTControlCharacters(text).trimStart()) || isMatcherError(detail);
  return { text, isAssertion };
}

/** How the texts of Jest's matchers, of Node's `assert` and of Chai begin. */
const assertion = /^\w*AssertionError\b|^(?:\w*Error(?: \[\w+\])?: )?(?:expect|assert)\w*[(.]/;

function isMatcherError(detail: unknown): boolean {
  if (typeof detail !== 'object' || detail === null) return false;
  const { code, error } = detail as { readonly code?: unknown; readonly error?: unknown };
  return 'matcherResult' in detail || code === 'ERR_ASSERTION' || isMatcherError(error);
}
