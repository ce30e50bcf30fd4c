import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { printableJson } from '../../core/vocabulary/printable.js';
import { formatProblem, UsageError } from '../../core/vocabulary/usage-error.js';
import { readKeptEvents } from '../../record/kept-events.js';
import { keptRecords } from '../../record/kept-records.js';
import { type Comparison, compareRuns } from '../../report/compare/comparison.js';
import { comparisonText } from '../../report/compare/comparison-text.js';
import { pastRunEvents, pastRunOf } from '../../report/history/past-run.js';
import type { CommandIo, FlagValues } from '../command.js';
import { choiceFlag } from '../flags/choice-flag.js';
import { refuseTogether } from '../flags/refuse-together.js';
import { defaultDirectory, recordedRun } from '../recorded-run.js';
import { plainScreen } from '../text/screen.js';
import { lastWholeRecords } from './last-whole-record.js';

const formats = {
  terminal: comparisonText,
  json: (comparison: Comparison) => printableJson(comparison),
} as const;

/** `report --compare`: what differs between two runs. @returns The exit code. */
export function showComparison(flags: FlagValues, io: CommandIo): number {
  refuseTogether(flags, 'compare', ['history', 'output', 'open', 'last-full', 'otel', 'list']);
  const format = choiceFlag(flags, 'format', Object.keys(formats) as (keyof typeof formats)[]) ?? 'terminal';
  const [before, after] = comparedRecords(flags.words).map((path) => recordedRun([path]));
  if (before === undefined || after === undefined)
    throw new Error('Two records are compared. This is a bug in jest-runner-hardware.');
  const damage = [...before.damage, ...after.damage];
  for (const problem of damage) io.err(`${formatProblem(problem)}\n`);
  const comparison = compareRuns(
    { ...before.run, recordPath: before.recordPath },
    { ...after.run, recordPath: after.recordPath },
    runsBeside(before.recordPath, after.run.summary.startedAt ?? ''),
  );
  io.out(`${formats[format](comparison, (io.screen ?? plainScreen).width)}\n`);
  if (damage.length > 0) return 2;
  return flags.has('exit-code') ? comparison.exitCode : 0;
}

/** Two words are the runs. One folder, or none, stands for its last two whole runs. */
function comparedRecords(words: readonly string[]): readonly [before: string, after: string] {
  const [first = defaultDirectory, second, ...others] = words;
  if (second !== undefined && others.length === 0) return [first, second];
  const isFolder = statSync(first, { throwIfNoEntry: false })?.isDirectory() === true || words.length === 0;
  if (second !== undefined || !isFolder) {
    throw new UsageError({
      message: '`--compare` takes two runs',
      expected: 'two records or folders, or one folder for its last two whole runs',
      found: words.join(' '),
      remedy: 'jest-runner-hardware report --compare EARLIER LATER',
    });
  }
  const [after, before] = lastWholeRecords(first, 2);
  if (before !== undefined && after !== undefined) return [before, after];
  throw new UsageError({
    file: first,
    message: 'the folder does not hold two whole runs to compare',
    remedy: 'name two records: jest-runner-hardware report --compare EARLIER LATER',
  });
}

/** Runs in the folder of the earlier one that started before the later one: they show how much times vary. */
function runsBeside(path: string, until: string) {
  const paths = keptRecords(dirname(path)).map((record) => record.path);
  const { records } = readKeptEvents(paths, pastRunEvents);
  return records.flatMap((events) => pastRunOf(events) ?? []).filter(({ startedAt }) => startedAt < until);
}
