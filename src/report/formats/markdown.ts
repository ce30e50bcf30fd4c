import { formatBytes, formatDuration } from '../../core/vocabulary/units.js';
import { historyMarkdown } from '../history/history-markdown.js';
import type { AttemptSummary } from '../summary/attempts.js';
import type { DeviceSummary } from '../summary/machines.js';
import { type SuiteRow, suiteRows } from '../summary/suite-rows.js';
import { clausesWithChange, type SuiteSummary } from '../summary/suites.js';
import type { RunSummary } from '../summary/summary.js';
import { failsRun } from '../summary/verdict.js';
import { besideBestPossible } from '../text/best-possible.js';
import { percent } from '../text/counted.js';
import { limitTexts } from '../text/limits.js';
import { code, codeBlock, markdownTable } from '../text/markdown.js';
import { outcomeText } from '../text/outcomes.js';
import { verdictText } from '../text/verdict.js';
import type { ReportedRun, ReportFormat } from './format.js';
import { type Note, notesOf } from './notes.js';

/** With these limits a report is a few pages long, however large the run is. */
const most = { failedSuites: 20, failuresOfSuite: 3, notes: 30, suitesOfNote: 10, slowest: 10, devices: 50 };

/**
 * A page for a pull request, a step summary or a note: verdict, failures, devices, what limited the run, what is odd, the
 * slowest suites. Everything from outside stands in code spans and blocks.
 */
export const markdownFormat: ReportFormat = { fileName: 'report.md', render: markdownReport };

function markdownReport({ summary, events, past }: ReportedRun): string {
  const notes = notesOf(summary);
  const sections = [
    [`## ${verdictText(summary)}`, '', factsLine(summary)],
    section('Failures', failureLines(summary)),
    section('Devices', deviceLines(summary)),
    section('What limited the run', limitLines(summary, notes)),
    section('Flaky, degraded, skipped and the like', noteLines(notes)),
    section('Last runs', past ? historyMarkdown(past()) : []),
    section('Slowest suites', slowestLines(suiteRows(summary, events))),
  ];
  return sections
    .map((lines) => lines.join('\n'))
    .filter((text) => text !== '')
    .join('\n\n');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`### ${title}`, '', ...lines];
}

function factsLine({
  makespanMs,
  strategy,
  shard,
  commit,
  startedAt,
  uncommitted,
  filtered,
  narrowedBy = [],
  machines,
}: RunSummary): string {
  return [
    `total ${formatDuration(makespanMs)}`,
    ...machines.slice(0, 10).map(({ name, platform, arch }) => code(`${name} (${platform} ${arch})`)),
    ...(shard ? [`shard ${shard.index} of ${shard.total}`] : []),
    ...(startedAt === undefined ? [] : [code(startedAt)]),
    ...(commit === undefined
      ? []
      : [`commit ${code(commit)}${uncommitted ? ' with uncommitted changes' : ''}`]),
    ...(strategy === undefined ? [] : [`strategy ${code(strategy)}`]),
    ...(filtered
      ? [
          `some suites or tests were left out${narrowedBy.length === 0 ? '' : ` by ${narrowedBy.map(code).join(', ')}`}`,
        ]
      : []),
  ].join(' · ');
}

function failureLines({ suites }: RunSummary): readonly string[] {
  const failed = suites.filter(({ outcome }) => failsRun(outcome));
  const hidden = failed.length - most.failedSuites;
  return [
    ...failed.slice(0, most.failedSuites).flatMap(failedSuiteLines),
    ...(hidden > 0 ? [`- and ${hidden} more suites`] : []),
  ];
}

function failedSuiteLines(suite: SuiteSummary): readonly string[] {
  const { id, outcome, attempts } = suite;
  const reasons = clausesWithChange(suite);
  const last = attempts.at(-1);
  const where = last === undefined ? '' : ` on ${code(last.deviceTypes.join(' + ') || last.slotId)}`;
  const cause = [...reasons, ...(reasons.length === 0 && last?.cause ? [last.cause] : [])].join('; ');
  return [
    `- ${code(id)} ${outcomeText[outcome]}${where}${cause === '' ? '' : `: ${code(cause)}`}`,
    ...(last === undefined ? [] : testFailureLines(last)),
  ];
}

function testFailureLines({ failures = [], moreFailures = 0 }: AttemptSummary): readonly string[] {
  const hidden = failures.length - most.failuresOfSuite + moreFailures;
  return [
    ...failures
      .slice(0, most.failuresOfSuite)
      .flatMap(({ test, message, at }) => [
        `  - ${test === undefined ? 'the suite itself' : code(test)}${at === undefined ? '' : `, ${code(at)}`}`,
        '',
        ...codeBlock(message, 4),
        '',
      ]),
    ...(failures.length > 0 && hidden > 0 ? [`  - and ${hidden} more tests`] : []),
  ];
}

function deviceLines({ machines, heat }: RunSummary): readonly string[] {
  const devices = machines.flatMap((machine) => machine.devices);
  if (devices.length === 0) return [];
  const hotOf = new Map(heat.map(({ device, celsius }) => [device, celsius]));
  const hidden = devices.length - most.devices;
  return [
    ...markdownTable(
      ['device', 'model', 'memory', 'slots', 'suites', 'busy', 'energy', 'remarks'],
      devices
        .slice(0, most.devices)
        .map((device) => [
          code(device.type),
          device.model === undefined ? '' : code(device.model),
          device.memoryBytes === undefined ? '' : formatBytes(device.memoryBytes),
          ...(device.slots === 0
            ? ['', '', '']
            : [
                String(device.slots),
                String(device.suites),
                `${formatDuration(device.busyMs)} (${percent(device.utilisation)})`,
              ]),
          device.energyBasis === 'estimated' ? '' : `${Math.round(device.energyJoules)} J`,
          remarksOn(device, hotOf),
        ]),
    ),
    ...(hidden > 0 ? ['', `and ${hidden} more devices`] : []),
  ];
}

function remarksOn(
  { type, usable, unusableBecause, software, origin }: DeviceSummary,
  hotOf: ReadonlyMap<string, number | undefined>,
): string {
  const celsius = hotOf.get(type);
  return [
    ...(usable ? [] : [unusableBecause === undefined ? 'not usable' : code(unusableBecause)]),
    ...(software ? ['emulated on the CPU'] : []),
    ...(origin === 'detected' ? [] : [origin === 'declared' ? 'declared' : 'partly declared']),
    ...(hotOf.has(type) ? [celsius === undefined ? 'was hot' : `was hot: ${Math.round(celsius)} °C`] : []),
  ].join(', ');
}

function limitLines(summary: RunSummary, notes: readonly Note[]): readonly string[] {
  const { makespanMs, bound, machines } = summary;
  const [busiest] = machines
    .flatMap(({ devices }) => devices)
    .filter(({ slots }) => slots > 0)
    .toSorted((a, b) => b.utilisation - a.utilisation);
  return [
    ...(bound ? [`- the run took ${besideBestPossible(makespanMs, bound.ms, 2)}`] : []),
    ...(busiest && makespanMs > 0
      ? [`- ${code(busiest.type)} was the busiest device: ${percent(busiest.utilisation)} of the time`]
      : []),
    ...limitTexts(summary, code).map((text) => `- ${text}`),
    ...notes
      .filter(({ label }) => label === 'waited' || label === 'hot')
      .map(({ label, text }) => `- ${label} ${code(text)}`),
  ];
}

/** Labels of notes that other sections show. */
const shownElsewhere: ReadonlySet<string> = new Set(['waited', 'hot', 'cannot run', 'docblock', 'timed out']);

function noteLines(all: readonly Note[]): readonly string[] {
  const notes = all.filter(({ label }) => !shownElsewhere.has(label));
  const hidden = notes.length - most.notes;
  return [
    ...notes.slice(0, most.notes).map(({ label, suiteIds, text }) => {
      const names = suiteIds.slice(0, most.suitesOfNote).map(code).join(', ');
      const more = suiteIds.length - most.suitesOfNote;
      const who = names === '' ? '' : ` ${names}${more > 0 ? ` and ${more} more` : ''}:`;
      return `- **${label}**${who} ${code(text)}`;
    }),
    ...(hidden > 0 ? [`- and ${hidden} more`] : []),
  ];
}

function slowestLines(rows: readonly SuiteRow[]): readonly string[] {
  const slowest = rows
    .filter(({ timeMs }) => timeMs !== undefined)
    .toSorted((a, b) => (b.timeMs ?? 0) - (a.timeMs ?? 0))
    .slice(0, most.slowest);
  if (slowest.length === 0) return [];
  return markdownTable(
    ['suite', 'device', 'time', 'outcome', 'why'],
    slowest.map(({ id, device = '', timeMs = 0, outcome, why }) => [
      code(id),
      code(device),
      formatDuration(timeMs),
      outcomeText[outcome],
      why === '' ? '' : code(why),
    ]),
  );
}
