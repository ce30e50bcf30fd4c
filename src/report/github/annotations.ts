import { posix } from 'node:path';
import { printable } from '../../core/vocabulary/printable.js';
import type { ReportedRun } from '../formats/format.js';
import { type Note, notesOf } from '../formats/notes.js';

/** GitHub shows no more of each level for a step. */
const mostOfLevel = 10;

/** Findings of this package; what a test itself says is annotated by Jest's own reporter. */
const titles: Readonly<Record<string, string>> = {
  unmet: 'No test on this hardware',
  failOn: 'Refused by failOn',
  'cannot run': 'No device for this suite',
  'timed out': 'Suite timed out',
  lost: 'Suite lost',
  flaky: 'Flaky suite',
  degraded: 'Ran on other hardware',
  skipped: 'Skipped for want of a device',
};

/**
 * The findings of a run as workflow commands of GitHub Actions, one a line: errors for what fails the run, warnings for what
 * is odd. https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
 */
export function annotationsOf({ summary, events }: ReportedRun): readonly string[] {
  const root = events.find((event) => event.type === 'run-started')?.root?.rootDir ?? '';
  const notes = notesOf(summary).filter(({ label }) => Object.hasOwn(titles, label));
  const errors = notes.filter(({ weight }) => weight === 'bad');
  const warnings = notes.filter(({ weight }) => weight !== 'bad');
  return [...commands('error', errors, root), ...commands('warning', warnings, root)];
}

function commands(level: 'error' | 'warning', notes: readonly Note[], root: string): readonly string[] {
  const fits = notes.length <= mostOfLevel;
  const shown = fits ? notes : notes.slice(0, mostOfLevel - 1);
  return [
    ...shown.map((note) => command(level, note, root)),
    ...(fits
      ? []
      : [
          `::${level} title=jest-runner-hardware::${notes.length - shown.length} more findings: see the report`,
        ]),
  ];
}

function command(level: 'error' | 'warning', { label, suiteIds, text }: Note, root: string): string {
  const [first] = suiteIds;
  const file = first === undefined ? '' : `,file=${property(fileOf(first, root))}`;
  const names = suiteIds.length > 3 ? [...suiteIds.slice(0, 3), `${suiteIds.length - 3} more`] : suiteIds;
  const message = names.length === 0 ? text : `${names.join(', ')}: ${text}`;
  return `::${level} title=${property(titles[label] ?? label)}${file}::${data(message)}`;
}

/** `<project> › <path>` from the root of the checkout. */
function fileOf(suiteId: string, root: string): string {
  const path = suiteId.slice(suiteId.lastIndexOf(' › ') + 1).replace(/^› /, '');
  return posix.join(root, path);
}

/** Characters of a message or a name. */
const longestText = 1000;

function data(text: string): string {
  return printable(text)
    .slice(0, longestText)
    .replace(/\p{Cs}/gu, '\ufffd')
    .replaceAll('%', '%25');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
