import { printable } from '../../core/vocabulary/printable.js';
import { formatBytes, formatDuration } from '../../core/vocabulary/units.js';
import type { FlakySuite } from '../history/flaky.js';
import type { SuiteSummary } from '../summary/suites.js';
import type { RunSummary } from '../summary/summary.js';
import { exitCodeOf, failsRun, failureCauses } from '../summary/verdict.js';
import { outcomeText } from '../text/outcomes.js';
import { attemptFactsIn, causeOf, decidingAttempt } from './attempt-facts.js';
import type { ReportedRun, ReportFormat, ReportOptions } from './format.js';
import { type Note, notesOf } from './notes.js';
import { repeatCommandsFor, shellWord } from './repeat-command.js';

/** With these limits no report has more than 60 lines. */
const failuresShown = 8;
const notesShown = 8;
const machinesShown = 4;
/** Characters of a name, a reason or a command. */
const longestText = 400;

/** For coding agents and scripts: at most 60 lines of Markdown, failures first, each with the command that repeats it. */
export const agentFormat: ReportFormat = { fileName: 'agent.md', render: agentReport };

function agentReport(run: ReportedRun, { recordPath }: ReportOptions): string {
  const { summary } = run;
  const failures = summary.suites.filter(({ outcome }) => failsRun(outcome));
  const shown = failures.slice(0, failuresShown);
  return [
    `# ${verdictOf(summary, failures.length)}`,
    '',
    ...runLines(run),
    ...shown.flatMap((suite, index) => failureLines(suite, index, run)),
    ...moreFailures(failures.slice(failuresShown)),
    ...noteLines(summary, new Set(failures.map(({ id }) => id))),
    '',
    `Everything: ${code(['npx jest-runner-hardware report --format json', ...(recordPath === undefined ? [] : [shellWord(recordPath)])].join(' '))}`,
  ].join('\n');
}

function verdictOf(summary: RunSummary, failed: number): string {
  const [first, ...others] = failureCauses(summary);
  const total = summary.suites.length;
  if (first === undefined) return `Passed: ${total} suites`;
  return `Failed (${[first, ...others].join(', ')}): ${failed} of ${total} suites; exit code ${exitCodeOf[first]}`;
}

/** What someone needs to have the same before them: sources, machines, how long it took. */
function runLines({ summary, events }: ReportedRun): readonly string[] {
  const { commit, uncommitted, machines, makespanMs, startedAt, shard, state } = summary;
  const root = events.find((event) => event.type === 'run-started')?.root?.rootDir ?? '';
  const shownMachines = machines.slice(0, machinesShown).map(({ name, platform, arch, devices }) => {
    const models = devices
      .filter(({ usable }) => usable)
      .map(({ id, model, driver, memoryBytes }) =>
        [id, model, memoryBytes === undefined ? undefined : formatBytes(memoryBytes), driver]
          .filter((part) => part !== undefined)
          .join(' '),
      );
    return `- machine: ${code(`${name} (${platform} ${arch}): ${models.join('; ') || 'no usable device'}`)}`;
  });
  const hidden = machines.length - shownMachines.length;
  const where = /^[/\\]?\.?$/.test(root) ? '' : `; commands run in ${code(root)} of the checkout`;
  return [
    `- sources: ${commit === undefined ? 'commit not recorded' : `commit ${code(commit)}${uncommitted ? ' with uncommitted changes' : ''}`}${where}`,
    ...shownMachines,
    ...(hidden > 0 ? [`- + ${hidden} more machines`] : []),
    `- run: ${[
      ...(startedAt === undefined ? [] : [`started ${code(startedAt)}`]),
      `total ${formatDuration(makespanMs)}`,
      ...(shard ? [`shard ${shard.index} of ${shard.total}`] : []),
      ...(state === 'complete' ? [] : [state]),
    ].join(', ')}`,
  ];
}

function failureLines(
  suite: SuiteSummary,
  index: number,
  { summary, events, past }: ReportedRun,
): readonly string[] {
  const facts = attemptFactsIn(summary)(suite);
  const command = repeatCommandsFor(events)(suite);
  const place =
    facts &&
    [
      facts.machine === undefined ? facts.device : `${facts.machine}/${facts.device}`,
      ...(facts.model === undefined ? [] : [`(${facts.model})`]),
    ].join(' ');
  const attempts = suite.attempts.length > 1 ? `, attempt ${facts?.attempt} of ${suite.attempts.length}` : '';
  return [
    ...(index === 0 ? ['', '## Failures'] : []),
    '',
    `${index + 1}. ${code(suite.id)}: ${outcomeText[suite.outcome]}${place === undefined ? '' : ` on ${code(place)}${attempts}`}`,
    `   - why: ${whyOf(suite)}${flakyClause(suite.id, past?.().flaky)}`,
    ...(command === undefined || command.length > longestText ? [] : [`   - repeat: ${code(command)}`]),
  ];
}

/** `; flaky: failed in 2 of 9 runs on gpu NVIDIA A10 …`: on its line, as the report has few. */
function flakyClause(suiteId: string, flaky: readonly FlakySuite[] = []): string {
  const devices = flaky.find((suite) => suite.suiteId === suiteId)?.devices ?? [];
  if (devices.length === 0) return '';
  const where = devices.map(
    ({ deviceKind, failures, runs }) => `${failures} of ${runs} runs on ${code(deviceKind)}`,
  );
  return `; flaky: failed in ${where.join(', ')}, though it passed with the same sources`;
}

/** The first failed test and its place; older records do not hold them. */
function whyOf(suite: SuiteSummary): string {
  if (suite.outcome !== 'failed') return code(causeOf(suite));
  const { failures = [], moreFailures = 0 } = decidingAttempt(suite) ?? {};
  const [first, ...others] = failures;
  if (first === undefined) return 'a test failed; the command prints it';
  const { test, message, at } = first;
  const more = others.length + moreFailures;
  return [
    ...(test === undefined ? [] : [`${code(test)}:`]),
    code(message),
    ...(at === undefined ? [] : [`at ${code(at)}`]),
    ...(more === 0 ? [] : [`(and ${more} more)`]),
  ].join(' ');
}

function moreFailures(hidden: readonly SuiteSummary[]): readonly string[] {
  if (hidden.length === 0) return [];
  const names = hidden.slice(0, 20).map(({ id }) => code(id));
  return ['', `+ ${hidden.length} more: ${names.join(', ')}${hidden.length > names.length ? ', …' : ''}`];
}

/** What is odd and is no failure of a suite, the worst first. */
function noteLines(summary: RunSummary, failed: ReadonlySet<string>): readonly string[] {
  const notes = notesOf(summary).filter(
    ({ suiteIds, label }) => label !== 'docblock' && !suiteIds.some((id) => failed.has(id)),
  );
  if (notes.length === 0) return [];
  const hidden = notes.length - notesShown;
  return [
    '',
    '## Also',
    '',
    ...notes.slice(0, notesShown).map((note) => `- ${note.label}: ${code(sentenceOf(note))}`),
    ...(hidden > 0 ? [`- + ${hidden} more`] : []),
  ];
}

function sentenceOf({ suiteIds: [first, ...others], text }: Note): string {
  if (first === undefined) return text;
  return `${first}${others.length === 0 ? '' : ` and ${others.length} more`}: ${text}`;
}

/** Text from outside as code, which no Markdown, HTML, mention or link in it can leave. */
function code(text: string): string {
  const line = printable(text).trim();
  const short = line.length <= longestText ? line : `${line.slice(0, longestText).replace(/\p{Cs}$/u, '')}…`;
  if (short === '') return '`-`';
  const runs = short.match(/`+/g) ?? [];
  const fence = '`'.repeat(1 + Math.max(0, ...runs.map(({ length }) => length)));
  const space = runs.length > 0 ? ' ' : '';
  return `${fence}${space}${short}${space}${fence}`;
}
