import { stripVTControlCharacters } from 'node:util';
import type { SerializableError, Test, TestEvents, TestResult } from '@jest/test-result';
import type { Placement, Rejection } from '../../core/events.js';
import type { Blame, SuiteOutcome } from '../../execute/executor.js';
import { clausesOf, refusalText } from '../../report/text/clauses.js';
import { printable } from '../../report/text/printable.js';
import type { SuiteResult } from '../suite.js';
import { plainFailure, skippedResult, withDegradedNote } from './results.js';

export type Emit = <Name extends keyof TestEvents>(name: Name, payload: TestEvents[Name]) => Promise<void>;

/** Hands each suite's one result to Jest, whose listeners (its reporters) may be asynchronous and may fail. */
export class Delivery {
  readonly #emit: Emit;
  readonly #pending = new Set<Promise<void>>();
  readonly #errors = new Map<string, unknown>();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** The end of a suite that was started. A cancelled one has no result: Jest has stopped listening. */
  outcome(test: Test, placement: Placement, outcome: SuiteOutcome<SuiteResult>): void {
    const { result, status, cause = '' } = outcome;
    if (status === 'cancelled') return;
    if (status === 'timed-out') this.#failed(test, plainFailure(`The suite ${cause}.`));
    else if (result === undefined) this.#failed(test, plainFailure(lostText(outcome)));
    else if ('error' in result) this.#failed(test, result.error);
    else if (placement.degraded) {
      this.#succeeded(test, withDegradedNote(result.testResult, placement.claim.deviceIds.join(', ')));
    } else this.#succeeded(test, result.testResult);
  }

  /** A suite with mistakes in its docblock. */
  invalid(test: Test, problems: readonly string[]): void {
    this.#without(test, () => this.#failed(test, plainFailure(problems.join('\n'))));
  }

  unplaceable(test: Test, action: 'fail' | 'skip', rejections: readonly Rejection[]): void {
    this.#without(test, () => {
      if (action === 'fail') this.#failed(test, plainFailure(refusalText(rejections)));
      else {
        const clauses = clausesOf(rejections).map(printable);
        this.#succeeded(test, skippedResult(test, `not run: ${clauses.join('; ')}`));
      }
    });
  }

  notSelected(test: Test, reason: string): void {
    this.#without(test, () => this.#succeeded(test, skippedResult(test, `not run: ${reason}`)));
  }

  /** What listeners threw, each message once. The results themselves were counted before: the run goes on. */
  get errors(): readonly unknown[] {
    return [...this.#errors.values()];
  }

  /** Resolves when Jest has dealt with every result so far. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** A result without an attempt: Jest's reporters expect a start all the same. */
  #without(test: Test, deliver: () => void): void {
    this.#keep(this.#emit('test-file-start', [test]).finally(deliver));
  }

  #succeeded(test: Test, testResult: TestResult): void {
    this.#keep(this.#emit('test-file-success', [test, testResult]));
  }

  #failed(test: Test, error: SerializableError): void {
    this.#keep(this.#emit('test-file-failure', [test, error]));
  }

  #keep(told: Promise<void>): void {
    const dealtWith = told
      .catch((error: unknown) => {
        this.#errors.set(String(error), error);
      })
      .finally(() => this.#pending.delete(dealtWith));
    this.#pending.add(dealtWith);
  }
}

function lostText({ cause = '', blame = 'unknown', lastWords = '' }: SuiteOutcome<SuiteResult>): string {
  const text = `The suite gave no result: ${cause}.\n${blameTexts[blame]}`;
  if (lastWords === '') return text;
  const lines = stripVTControlCharacters(lastWords).split('\n').slice(-lastLinesShown);
  return `${text}\nThe last its process wrote to stderr:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

/** Enough for an error's message and the top of its stack. */
const lastLinesShown = 12;

const blameTexts = {
  suite: 'The suite, or something that it loads, ended its own process.',
  memory:
    'This is a failure of the infrastructure, not of a test: give the suite @host-memory, so that fewer run beside it, or run it on a machine with more memory.',
  outside:
    'This is a failure of the infrastructure, not of a test: something outside of the suite sent the signal.',
  unknown: 'Nothing here tells who sent the signal; systems kill so when memory runs out, too.',
} satisfies Record<Blame, string>;
