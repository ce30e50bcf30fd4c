import type { SuiteOutcome, SuiteSummary } from '../summary/suites.js';
import type { RunSummary } from '../summary/summary.js';
import { type AttemptFacts, attemptFactsIn, causeOf, decidingAttempt, failuresOf } from './attempt-facts.js';
import type { ReportFormat } from './format.js';
import { element, xmlText } from './xml.js';

type Mark = 'failure' | 'error' | 'skipped' | 'flakyError';

/** `flakyError` comes from Maven Surefire: Jenkins, GitLab and others count the test as passed and show its first failure. */
const markOf: Readonly<Record<SuiteOutcome, Mark | undefined>> = {
  passed: undefined,
  flaky: 'flakyError',
  failed: 'failure',
  skipped: 'skipped',
  'timed-out': 'error',
  lost: 'error',
  cancelled: 'skipped',
  'unplaceable-failed': 'error',
  'unplaceable-skipped': 'skipped',
  invalid: 'error',
  'not-started': 'skipped',
  'not-selected': 'skipped',
  unfinished: 'error',
};

const rootName = 'jest-runner-hardware';

/** Whether a file is a report of this format, and not one of another reporter. */
export function isOurJUnit(text: string): boolean {
  return text.includes(`<testsuites name="${rootName}"`);
}

/**
 * JUnit XML: a test suite with one test case for each suite, with its hardware as properties. What fails the run although
 * no suite did (`requireExecuted`, `failOn`) is a test suite of its own.
 */
export const junitFormat: ReportFormat = {
  fileName: 'junit.xml',
  render: ({ summary }) => junitReport(summary),
};

function junitReport(summary: RunSummary): string {
  const { suites, makespanMs } = summary;
  const demands = demandsOf(summary);
  const count = (mark: Mark) => suites.filter(({ outcome }) => markOf[outcome] === mark).length;
  const facts = attemptFactsIn(summary);
  const all = element(
    'testsuites',
    {
      name: rootName,
      tests: suites.length + demands.length,
      failures: count('failure') + demands.length,
      errors: count('error'),
      time: seconds(makespanMs),
    },
    [
      ...demandSuite(summary, demands),
      ...suites.map((suite) => testSuite(suite, facts(suite), startOf(summary, suite))),
    ],
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${all}`;
}

/**
 * Flaky suites as properties of a `<testsuite>` without tests. It stands beside the test cases of other reporters, which
 * cannot be marked themselves: they do not name their file.
 * @returns An empty list when no suite was flaky.
 */
export function flakyJUnit({ suites }: RunSummary): readonly string[] {
  const flaky = suites.filter(({ outcome }) => outcome === 'flaky');
  if (flaky.length === 0) return [];
  const totals = { tests: 0, failures: 0, errors: 0, skipped: 0, time: 0 };
  const properties = propertiesOf(flaky.map((suite) => ['flaky', `${suite.id}: ${causeOf(suite)}`] as const));
  return [element('testsuite', { name: rootName, ...totals }, properties)];
}

function testSuite(suite: SuiteSummary, facts: AttemptFacts | undefined, timestamp: string | undefined) {
  const { id, outcome } = suite;
  const mark = markOf[outcome];
  const time = seconds(decidingAttempt(suite)?.heldMs ?? 0);
  return element('testsuite', { name: id, ...totalsOf(mark), time, timestamp, hostname: facts?.machine }, [
    ...propertiesOf(facts === undefined ? [] : hardwareProperties(facts)),
    element('testcase', { classname: folderOf(id), name: id, file: id, time }, markElement(suite, mark)),
  ]);
}

function totalsOf(mark: Mark | undefined) {
  const one = (of: Mark) => (mark === of ? 1 : 0);
  return { tests: 1, failures: one('failure'), errors: one('error'), skipped: one('skipped') };
}

function markElement(suite: SuiteSummary, mark: Mark | undefined): readonly string[] {
  if (mark === undefined) return [];
  const texts = failuresOf(suite).flatMap(({ test, message, at }) => [
    ...(test === undefined ? [] : [test]),
    ...message.split('\n'),
    ...(at === undefined ? [] : [`at ${at}`]),
  ]);
  return [element(mark, { message: causeOf(suite), type: suite.outcome }, texts.map(xmlText))];
}

/** Equal on every device: CI services know a test again by class and name. */
function folderOf(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf('/'))) || '.';
}

/** What the run was asked to do and did not, by the name of the option. */
function demandsOf({ unmetRequirements, refused }: RunSummary): readonly (readonly [string, string])[] {
  return [
    ...unmetRequirements.map(
      (name) => [`requireExecuted ${name}`, `no suite executed a test on a real ${name}`] as const,
    ),
    ...refused.map(({ state, suiteIds }) => [`failOn ${state}`, suiteIds.join(', ')] as const),
  ];
}

function demandSuite(
  { startedAt }: RunSummary,
  demands: readonly (readonly [string, string])[],
): readonly string[] {
  if (demands.length === 0) return [];
  const name = rootName;
  const totals = { tests: demands.length, failures: demands.length, errors: 0, skipped: 0, time: 0 };
  const cases = demands.map(([demand, message]) =>
    element('testcase', { name: demand, classname: name, time: 0 }, [
      element('failure', { message, type: 'run' }),
    ]),
  );
  return [element('testsuite', { name, ...totals, timestamp: withoutZone(startedAt) }, cases)];
}

function hardwareProperties(facts: AttemptFacts): readonly (readonly [string, string])[] {
  return Object.entries(facts).map(([name, value]) => [name, String(value)] as const);
}

function propertiesOf(properties: readonly (readonly [string, string])[]): readonly string[] {
  if (properties.length === 0) return [];
  return [
    element(
      'properties',
      {},
      properties.map(([name, value]) => element('property', { name, value })),
    ),
  ];
}

/** A suite without an attempt has the start of the run: readers take a missing one for the year 1970. */
function startOf({ startedAt }: RunSummary, suite: SuiteSummary): string | undefined {
  const runMs = Date.parse(startedAt ?? '');
  if (Number.isNaN(runMs)) return undefined;
  return withoutZone(new Date(runMs + (decidingAttempt(suite)?.startedAtMs ?? 0)).toISOString());
}

/** JUnit's timestamps are UTC, without saying so. */
function withoutZone(timestamp: string | undefined): string | undefined {
  return timestamp?.replace(/(?:\.\d+)?Z$/, '');
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
