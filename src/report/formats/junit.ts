import { printable } from '../../core/vocabulary/printable.js';
import type { SuiteOutcome, SuiteSummary } from '../summary/suites.js';
import type { RunSummary } from '../summary/summary.js';
import type { ReportFormat } from './format.js';

type Element = 'failure' | 'error' | 'skipped' | 'flakyError';

/** `flakyError` comes from Maven Surefire: Jenkins, GitLab and others count the test as passed and show its first failure. */
const elementOf: Readonly<Record<SuiteOutcome, Element | undefined>> = {
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

const ourRoot = '<testsuites name="jest-runner-hardware"';

/** Whether a file is a report of this format, and not one of another reporter. */
export function isOurJUnit(text: string): boolean {
  return text.includes(ourRoot);
}

/** JUnit XML with one test case for each suite: its file, devices, duration and outcome. */
export const junitFormat: ReportFormat = {
  fileName: 'junit.xml',
  render: ({ summary }) => junitReport(summary),
};

function junitReport({ suites, makespanMs, startedAt, shard, refused }: RunSummary): string {
  const count = (element: Element) => suites.filter(({ outcome }) => elementOf[outcome] === element).length;
  const totals =
    `tests="${suites.length}" failures="${count('failure')}" errors="${count('error')}" ` +
    `skipped="${count('skipped')}" time="${seconds(makespanMs)}"`;
  const name = attribute(`jest-runner-hardware${shard ? ` ${shard.index}/${shard.total}` : ''}`);
  const timestamp =
    startedAt === undefined ? '' : ` timestamp=${attribute(startedAt.replace(/\.\d+Z$/, ''))}`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `${ourRoot} ${totals}>`,
    `  <testsuite name=${name} ${totals}${timestamp}>`,
    ...propertiesOf(
      refused.map(({ state, suiteIds }) => [`failOn ${state}`, suiteIds.join(', ')] as const),
      '    ',
    ),
    ...suites.flatMap(testCase),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
}

/**
 * Flaky suites as properties of a `<testsuite>` without tests. It stands beside the test cases of other reporters, which
 * cannot be marked themselves: they do not name their file.
 * @returns An empty list when no suite was flaky.
 */
export function flakyJUnit({ suites }: RunSummary): readonly string[] {
  const flaky = suites.filter(({ outcome }) => outcome === 'flaky');
  if (flaky.length === 0) return [];
  const lines = [
    '  <testsuite name="jest-runner-hardware" tests="0" failures="0" errors="0" skipped="0" time="0">',
    ...propertiesOf(
      flaky.map((suite) => ['flaky', `${suite.id}: ${causeOf(suite)}`] as const),
      '    ',
    ),
    '  </testsuite>',
  ];
  return [lines.join('\n')];
}

function testCase(suite: SuiteSummary): readonly string[] {
  const { id, outcome, attempts } = suite;
  const last = attempts.at(-1);
  const element = elementOf[outcome];
  const head =
    `    <testcase classname=${attribute(last?.deviceTypes.join(' + ') ?? '')} name=${attribute(id)} ` +
    `file=${attribute(id)} time="${seconds(last?.heldMs ?? 0)}"`;
  if (element === undefined) return [`${head}/>`];
  return [
    `${head}>`,
    `      <${element} message=${attribute(causeOf(suite))} type=${attribute(outcome)}/>`,
    '    </testcase>',
  ];
}

function causeOf({ outcome, reasons, attempts }: SuiteSummary): string {
  return reasons.join('; ') || attempts.at(-1)?.cause || outcome;
}

function propertiesOf(properties: readonly (readonly [string, string])[], indent: string): readonly string[] {
  if (properties.length === 0) return [];
  return [
    `${indent}<properties>`,
    ...properties.map(
      ([name, value]) => `${indent}  <property name=${attribute(name)} value=${attribute(value)}/>`,
    ),
    `${indent}</properties>`,
  ];
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function attribute(text: string): string {
  return `"${printable(text).replace(/[&<>"]/g, (character) => references[character] ?? '')}"`;
}

function seconds(ms: number): string {
  return String(ms / 1000);
}
