import type { SerializableError, Test, TestEvents, TestResult } from '@jest/test-result';
import type { Rejection, RunEvent } from '../../core/events.js';
import { printable } from '../../core/vocabulary/printable.js';
import type { Blame, Start, SuiteOutcome } from '../../execute/executor.js';
import type { RunListener } from '../../execute/run.js';
import { RefusedSuites } from '../../report/summary/changes.js';
import { clausesOf, refusalText } from '../../report/text/clauses.js';
import type { SuiteResult } from '../suite.js';
import { lastLinesOf } from './failures.js';
import { plainFailure, skippedResult, withDegradedNote, withWarning } from './results.js';
import { type SuiteTests, testOf } from './suite-tests.js';

export type Emit = <Name extends keyof TestEvents>(name: Name, payload: TestEvents[Name]) => Promise<void>;

/** Hands each suite's one result to Jest. Jest's listeners (reporters) may be asynchronous and may throw. */
export class Delivery implements RunListener<SuiteResult> {
  readonly #tests: SuiteTests;
  readonly #emit: Emit;
  readonly #pending = new Set<Promise<void>>();
  readonly #errors = new Map<string, unknown>();
  readonly #refused = new RefusedSuites();
  /** Suites that Jest knows to have started. */
  readonly #started = new Set<string>();
  /** Why suites were tried again, or given up, in order. */
  readonly #recoveries = new Map<string, readonly string[]>();

  constructor(tests: SuiteTests, emit: Emit) {
    this.#tests = tests;
    this.#emit = emit;
  }

  /** Reports suites that end without an attempt. */
  event(event: RunEvent): void {
    this.#refused.event(event);
    if (event.type === 'suite-started') this.#started.add(event.placement.suiteId);
    else if (event.type === 'suite-requeued' || event.type === 'suite-given-up') {
      this.#recoveries.set(event.suiteId, [...(this.#recoveries.get(event.suiteId) ?? []), event.cause]);
    } else if (event.type === 'suite-invalid') this.#invalid(event.suiteId, event.problems);
    else if (event.type === 'suite-unplaceable') {
      this.#unplaceable(event.suiteId, event.action, event.rejections);
    } else if (event.type === 'suite-not-selected') this.#notSelected(event.suiteId, event.reason);
  }

  /** Reports the end of a suite that was started. A cancelled suite has no result, because Jest has stopped listening. */
  outcome({ suite, placement }: Start, outcome: SuiteOutcome<SuiteResult>): void {
    const { result, status, cause = '', deviceFault } = outcome;
    const recoveries = this.#recoveries.get(suite.id) ?? [];
    const test = testOf(this.#tests, suite.id);
    if (status === 'cancelled') return;
    if (status === 'timed-out') this.#failed(test, plainFailure(`The suite ${cause}.`));
    else if (result === undefined) this.#failed(test, plainFailure(lostText(outcome, recoveries)));
    else if ('error' in result) this.#failed(test, result.error);
    else if (placement.degraded) {
      this.#succeeded(test, withDegradedNote(result.testResult, placement.claim.deviceIds.join(', ')));
    } else if (deviceFault !== undefined && recoveries.length > 0) {
      this.#succeeded(test, withWarning(result.testResult, recoveries.join('\n')));
    } else this.#succeeded(test, result.testResult);
  }

  /** What listeners threw, each message once. Jest has counted the result before, so the run goes on. */
  get errors(): readonly unknown[] {
    return [...this.#errors.values()];
  }

  /** Resolves when Jest has dealt with every result so far. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #invalid(suiteId: string, problems: readonly string[]): void {
    this.#withoutAttempt(suiteId, (test) => this.#failed(test, plainFailure(problems.join('\n'))));
  }

  #unplaceable(suiteId: string, action: 'fail' | 'skip', rejections: readonly Rejection[]): void {
    const change = this.#refused.changeFor(suiteId);
    this.#withoutAttempt(suiteId, (test) => {
      if (action === 'fail') this.#failed(test, plainFailure(refusalText(rejections, change)));
      else {
        const clauses = [...clausesOf(rejections), ...(change === undefined ? [] : [change])].map(printable);
        this.#succeeded(test, skippedResult(test, `not run: ${clauses.join('; ')}`));
      }
    });
  }

  #notSelected(suiteId: string, reason: string): void {
    this.#withoutAttempt(suiteId, (test) => this.#succeeded(test, skippedResult(test, `not run: ${reason}`)));
  }

  /** Jest's reporters expect a start before every result. */
  #withoutAttempt(suiteId: string, deliver: (test: Test) => void): void {
    const test = testOf(this.#tests, suiteId);
    if (this.#started.has(suiteId)) deliver(test);
    else this.#track(this.#emit('test-file-start', [test]).finally(() => deliver(test)));
  }

  #succeeded(test: Test, testResult: TestResult): void {
    this.#track(this.#emit('test-file-success', [test, testResult]));
  }

  #failed(test: Test, error: SerializableError): void {
    this.#track(this.#emit('test-file-failure', [test, error]));
  }

  #track(told: Promise<void>): void {
    const dealtWith = told
      .catch((error: unknown) => {
        this.#errors.set(String(error), error);
      })
      .finally(() => this.#pending.delete(dealtWith));
    this.#pending.add(dealtWith);
  }
}

function lostText(
  { cause = '', blame = 'unknown', lastWords }: SuiteOutcome<SuiteResult>,
  recoveries: readonly string[],
): string {
  const text = [`The suite gave no result: ${cause}.`, blameTexts[blame]];
  const end = recoveries.at(-1);
  if (end !== undefined && recoveries.length > 1) text.push(`It is not tried again: ${end}.`);
  const last = lastLinesOf(lastWords);
  if (last !== '') text.push('The last its process wrote to stderr:', last.replaceAll(/^/gm, '  '));
  return text.join('\n');
}

const blameTexts = {
  suite: 'The suite, or something that it loads, ended its own process.',
  memory:
    'This is a failure of the infrastructure, not of a test: give the suite @host-memory, so that fewer run beside it, or run it on a machine with more memory.',
  outside:
    'This is a failure of the infrastructure, not of a test: something outside of the suite sent the signal.',
  unknown: 'Nothing here tells who sent the signal; systems kill so when memory runs out, too.',
} satisfies Record<Blame, string>;
