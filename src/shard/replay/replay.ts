import type { AggregatedResult, Test, TestResult } from '@jest/test-result';
import type { RunEvent } from '../../core/events.js';
import { assignProjects, type OwnedResult } from './assign-projects.js';
import type { GuardedReporter } from './guarded-reporter.js';
import { checkedResults, type JestResults } from './jest-results.js';
import type { ProjectJest } from './project-jest.js';
import { type ChosenReporter, loadReporters } from './reporters.js';
import { testResultOf } from './test-result.js';

/** A merged run that reporters can be told of. */
export interface Replay {
  /** As the user names them. */
  readonly reporters: readonly string[];
  /**
   * Tells the reporters of the run, suite by suite in the order in which they ended, by the calls of Jest's own scheduler.
   * @returns What failed in them, one text each.
   */
  run(): Promise<readonly string[]>;
}

/**
 * Checks that the results are of the run.
 * @param merged Jest's results of all shards; undefined: there are none.
 * @param records The events of each shard.
 * @throws {UsageError} when a suite has no result, or one too many.
 */
export function prepareReplay(
  merged: unknown,
  records: readonly (readonly RunEvent[])[],
  chosen: readonly ChosenReporter[],
  jest: ProjectJest,
): Replay {
  const results = checkedResults(merged);
  const owned = assignProjects(results.testResults, records, jest);
  return {
    reporters: chosen.map(({ name }) => name),
    async run() {
      const { reporters, problems } = await loadReporters(chosen, jest);
      await tell(reporters, owned, results, jest);
      return [...problems, ...reporters.flatMap((reporter) => reporter.problems())];
    },
  };
}

type Tell = (...call: Parameters<GuardedReporter['call']>) => Promise<void>;

async function tell(
  reporters: readonly GuardedReporter[],
  owned: readonly OwnedResult[],
  results: JestResults,
  jest: ProjectJest,
): Promise<void> {
  const { testResult: ofJest } = jest.packages;
  const all: Tell = async (...call) => {
    for (const reporter of reporters) await reporter.call(...call);
  };
  const aggregated: AggregatedResult = {
    ...ofJest.makeEmptyAggregatedTestResult(),
    numTotalTestSuites: owned.length,
    startTime: results.startTime,
    // Jest decides on it when all reporters have completed.
    success: false,
  };
  await all(['onRunStart'], aggregated, { estimatedTime: 0, showStatus: true });
  for (const each of owned) {
    const test: Test = { context: each.context, path: each.suite.name };
    const testResult = testResultOf(each, ofJest);
    await all(['onTestFileStart', 'onTestStart'], test);
    for (const testCase of testResult.testResults) await tellTestCase(all, test, testCase);
    ofJest.addResult(aggregated, testResult);
    await all(['onTestFileResult', 'onTestResult'], test, testResult, aggregated);
  }
  // Of snapshots only the sums are known.
  Object.assign(aggregated.snapshot, results.snapshot);
  aggregated.wasInterrupted = results.wasInterrupted;
  await all(['onRunComplete'], new Set(owned.map(({ context }) => context)), aggregated);
}

type TestCase = TestResult['testResults'][number] & { readonly startAt?: number | null };

/** As Jest's own framework: a todo does not start, and of a skipped test nothing is told. */
async function tellTestCase(all: Tell, test: Test, { startAt: startedAt, ...rest }: TestCase): Promise<void> {
  const { ancestorTitles, fullName, status, title } = rest;
  const isRun = status === 'passed' || status === 'failed';
  if (isRun) {
    await all(['onTestCaseStart'], test, { ancestorTitles, fullName, mode: null, startedAt, title });
  }
  if (isRun || status === 'todo') await all(['onTestCaseResult'], test, { ...rest, startedAt });
}
