import { homedir } from 'node:os';
import { sep } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { TestResult } from '@jest/test-result';
import type { TestFailure } from '../../core/events.js';
import type { Executor } from '../../execute/executor.js';
import type { SuiteResult } from '../suite.js';

/** A suite that fails in every test would make the record large: its reader sees the first ones and how many more there are. */
const failuresKept = 10;
/** Characters of a message. Long differences of snapshots are cut. */
const longestMessage = 2000;
/** Enough for an error's message and the top of its stack. */
const lastLinesKept = 12;

/**
 * Adds to each outcome what failed in it, at first or in the end, or what its process wrote last, for the record: Jest's own
 * result is gone with the process.
 */
export function withFailures(executor: Executor<SuiteResult>, rootDir: string): Executor<SuiteResult> {
  return {
    async run(start, signal) {
      const ended = await executor.run(start, signal);
      if (ended.result === undefined) {
        const lastOutput = withoutFolders(lastLinesOf(ended.lastWords), rootDir).slice(-longestMessage);
        return lastOutput === '' ? ended : { ...ended, lastOutput };
      }
      const retried = retriedIn(ended.result).slice(0, failuresKept);
      const outcome = { ...ended, ...(retried.length > 0 && { retriedTests: retried }) };
      if (ended.status !== 'failed') return outcome;
      const failures = failuresOf(ended.result, rootDir);
      if (failures.length === 0) return outcome;
      const more = failures.length - failuresKept;
      return {
        ...outcome,
        failures: failures.slice(0, failuresKept),
        ...(more > 0 && { moreFailures: more }),
      };
    },
  };
}

/** The end of what a process wrote to stderr, without colours. */
export function lastLinesOf(lastWords = ''): string {
  return stripVTControlCharacters(lastWords).split('\n').slice(-lastLinesKept).join('\n').trim();
}

function failuresOf(result: SuiteResult, rootDir: string): readonly TestFailure[] {
  if ('error' in result) return [failureFrom(textOf(result.error), rootDir)];
  const { testExecError, testResults } = result.testResult;
  return [
    ...(testExecError == null ? [] : [failureFrom(textOf(testExecError), rootDir)]),
    ...testResults.filter(isFailed).map((test) => ({
      test: nameOf(test),
      ...failureFrom(test.failureMessages[0] ?? '', rootDir),
    })),
  ];
}

/** Tests that passed only when Jest tried them again. */
function retriedIn(result: SuiteResult): readonly string[] {
  if ('error' in result) return [];
  return result.testResult.testResults
    .filter(({ status, invocations = 1 }) => status === 'passed' && invocations > 1)
    .map(nameOf);
}

function nameOf({ ancestorTitles, title }: TestResult['testResults'][number]): string {
  return [...ancestorTitles, title].join(' › ');
}

function isFailed({ status }: TestResult['testResults'][number]): boolean {
  return status === 'failed';
}

export function textOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { stack, message } = error as { readonly stack?: unknown; readonly message?: unknown };
  const text = String(message ?? '');
  return typeof stack === 'string' && stack.includes(text) ? stack : text;
}

/** @param text As Jest has it: the message, then a line for each frame of the stack. */
function failureFrom(text: string, rootDir: string): TestFailure {
  const lines = stripVTControlCharacters(text).split('\n');
  const firstFrame = lines.findIndex((line) => frame.test(line));
  const message = withoutFolders(
    (firstFrame === -1 ? lines : lines.slice(0, firstFrame)).join('\n').trim(),
    rootDir,
  );
  const at = firstFrame === -1 ? undefined : placeIn(lines.slice(firstFrame), rootDir);
  return {
    message: message.length <= longestMessage ? message : `${message.slice(0, longestMessage)}…`,
    ...(at !== undefined && { at }),
  };
}

const frame = /^\s+at .*?(?:file:\/\/)?([^\s()]+:\d+):\d+\)?$/;

/** `test/nlp.test.js:14`: the innermost frame in the project's own files. */
function placeIn(lines: readonly string[], rootDir: string): string | undefined {
  for (const line of lines) {
    const place = frame.exec(line)?.[1];
    if (place === undefined || /[\\/]node_modules[\\/]/.test(place) || !place.startsWith(rootDir + sep))
      continue;
    return place.slice(rootDir.length + 1).replaceAll('\\', '/');
  }
  return undefined;
}

/** A record names no folder of the machine. */
export function withoutFolders(text: string, rootDir: string): string {
  return text.replaceAll(rootDir, '<rootDir>').replaceAll(homedir(), '~');
}
