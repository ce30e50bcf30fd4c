import { type SuiteStatus, suiteStatuses } from '../../core/events.js';
import { isObject } from '../../json/plain.js';
import type { CaseEvent } from '../suite.js';
import type { ServedOutcome } from './protocol.js';

/** What a suite on another machine may tell while it runs; its result comes once, as the answer. */
export function isCaseEvent(name: string): name is CaseEvent {
  return name === 'test-case-start' || name === 'test-case-result';
}

/**
 * The outcome that another machine answered with, if it is one, of this test file.
 * @param path Of the test file here, as paths in the answer have been moved.
 * @throws An `Error` that says what it is instead.
 */
export function checkedAnswer(answer: unknown, path: string): ServedOutcome {
  const problem = problemOf(answer, path);
  if (problem === undefined) return answer as ServedOutcome;
  throw new Error(`what it answered is no outcome of this suite: ${problem}`);
}

/** The status in an answer that does not count any more; undefined where it holds none. */
export function statusIn(answer: unknown): SuiteStatus | undefined {
  const outcome = isObject(answer) ? answer['outcome'] : undefined;
  return isObject(outcome) ? suiteStatuses.find((known) => known === outcome['status']) : undefined;
}

function problemOf(answer: unknown, path: string): string | undefined {
  if (!isObject(answer) || !isObject(answer['outcome']) || !Array.isArray(answer['files'])) {
    return 'outcome or files are missing';
  }
  const { status, durationMs, result, energyJoules = {} } = answer['outcome'];
  if (!suiteStatuses.some((known) => known === status)) return `its status is ${JSON.stringify(status)}`;
  if (!isAmount(durationMs)) return `it took ${JSON.stringify(durationMs)} ms`;
  if (!isObject(energyJoules) || !Object.values(energyJoules).every(isAmount))
    return `it took ${JSON.stringify(energyJoules)} J`;
  if (result === undefined) return undefined;
  if (!isObject(result)) return 'its result is no object';
  const { testResult } = result;
  if (testResult === undefined) return 'error' in result ? undefined : 'its result is empty';
  if (!isObject(testResult) || !Array.isArray(testResult['testResults'])) return 'its result names no tests';
  const of = testResult['testFilePath'];
  return of === path ? undefined : `it is the result of ${JSON.stringify(of)}`;
}

function isAmount(value: unknown): boolean {
  return Number.isFinite(value) && Number(value) >= 0;
}
