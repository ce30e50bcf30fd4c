import type { TestEvents } from '@jest/test-result';
import * as v from 'valibot';
import { type SuiteStatus, suiteStatuses } from '../../core/events.js';
import { isObject } from '../../json/plain.js';
import { checked } from '../../remote/checked.js';
import type { CaseEvent } from '../suite.js';
import { caseEvents, servedOutcome, servedProjects } from './answer-schemas.js';
import type { ServedOutcome, ServedProjects } from './protocol.js';

interface SentSuite {
  /** Of the test file here, as paths in the answer have been moved. */
  readonly path: string;
  /** Whether the attempt was stopped from here: it may have been cancelled then. */
  readonly isStopped: boolean;
}

/**
 * The outcome that another machine answered with, if it is one of this suite.
 * @throws An `Error` that says what it is instead.
 */
export function checkedAnswer(answer: unknown, { path, isStopped }: SentSuite): ServedOutcome {
  const served = checked(servedOutcome, answer, 'what it answered is no outcome of this suite');
  const { outcome } = served;
  const problem =
    outcome.status === 'cancelled' && !isStopped
      ? 'it was cancelled, and nobody stopped it'
      : problemOf(outcome.result, path);
  if (problem === undefined) return inOrderOf(answer, served) as ServedOutcome;
  throw new Error(`what it answered is no outcome of this suite: ${problem}`);
}

/**
 * What a suite on another machine tells of one of its tests while it runs; undefined: it is nothing that a suite tells. Its
 * result comes once, as the answer.
 */
export function checkedCaseEvent(
  name: string,
  payload: unknown,
  path: string,
): { readonly name: CaseEvent; readonly payload: TestEvents[CaseEvent] } | undefined {
  if (name !== 'test-case-start' && name !== 'test-case-result') return undefined;
  const { success, output } = v.safeParse(caseEvents[name], payload);
  if (!success || output[0] !== path) return undefined;
  return { name, payload: inOrderOf(payload, output) as TestEvents[CaseEvent] };
}

/** What Jest there answers to its setup. @throws An `Error` that says what it is instead. */
export function checkedProjects(answer: unknown): ServedProjects {
  const what = 'what Jest there answered is no list of projects';
  return checked(servedProjects, answer, what) as unknown as ServedProjects;
}

/** The status in an answer that does not count any more; undefined where it holds none. */
export function statusIn(answer: unknown): SuiteStatus | undefined {
  const outcome = isObject(answer) ? answer['outcome'] : undefined;
  return isObject(outcome) ? suiteStatuses.find((known) => known === outcome['status']) : undefined;
}

function problemOf(result: v.InferOutput<typeof servedOutcome>['outcome']['result'], path: string) {
  if (result === undefined || 'error' in result) return undefined;
  const of = result.testResult.testFilePath;
  return of === path ? undefined : `it is the result of ${JSON.stringify(of)}`;
}

/** What was checked, its keys in the order in which they were sent: reporters may write results as they are. */
function inOrderOf(sent: unknown, checked: unknown): unknown {
  // What no schema looks into is the same object.
  if (sent === checked) return checked;
  if (Array.isArray(sent) && Array.isArray(checked))
    return checked.map((each, index) => inOrderOf(sent[index], each));
  if (!isObject(sent) || !isObject(checked)) return checked;
  const keys = Object.keys(sent).filter((key) => Object.hasOwn(checked, key));
  return Object.fromEntries(keys.map((key) => [key, inOrderOf(sent[key], checked[key])]));
}
