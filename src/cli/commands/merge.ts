import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '@jest/types';
import { jestConfigOf } from '../../config/project/ask-jest.js';
import type { RunEvent } from '../../core/events.js';
import { printableLines } from '../../core/vocabulary/printable.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { showsColors } from '../../host/colors.js';
import { terminalWidth } from '../../host/terminal-width.js';
import { parseJson } from '../../json/read.js';
import { emptyHistory, type History, mergeHistories } from '../../record/history.js';
import { readHistory, writeHistory } from '../../record/history-file.js';
import { learn, unlearnedText } from '../../record/learn.js';
import { recordText } from '../../record/line-text.js';
import { readRecords } from '../../record/read.js';
import { reportedRun } from '../../report/formats/format.js';
import { reportFormats } from '../../report/formats/index.js';
import { flakyJUnit, isOurJUnit, junitFormat } from '../../report/formats/junit.js';
import { reportFormatNames } from '../../report/formats/names.js';
import { githubReport } from '../../report/github/github-report.js';
import { reportFiles } from '../../report/report-files.js';
import { suiteOutcomes } from '../../report/summary/suites.js';
import type { RunSummary } from '../../report/summary/summary.js';
import { failsRun, failureCauses } from '../../report/summary/verdict.js';
import { outcomeText } from '../../report/text/outcomes.js';
import { type CoveredRecord, mergeCoverage } from '../../shard/merge/coverage.js';
import { findArtefacts, mergedPrefix, withoutAttempts } from '../../shard/merge/find-artefacts.js';
import { mergeRecords } from '../../shard/merge/records.js';
import { type Repeatable, repeatableRun, withRepeatable } from '../../shard/merge/repeatable.js';
import { mergeJestResults, mergeJUnit, relocatedResult } from '../../shard/merge/results.js';
import type { ShardRecord } from '../../shard/merge/shard-record.js';
import { loadProjectJest } from '../../shard/replay/project-jest.js';
import { prepareReplay, type Replay } from '../../shard/replay/replay.js';
import { chooseReporters } from '../../shard/replay/reporters.js';
import type { Command, CommandIo, FlagValues } from '../command.js';
import { choicesFlag } from '../flags/choice-flag.js';
import { makeOutputFolder, writeOutput } from '../write-output.js';

export const mergeCommand: Command = {
  summary: 'merges the shards of a run; fails when a shard or a suite is missing or failed',
  words: {
    value: 'PATH…',
    summary: 'files that the shards wrote, or folders to search for them, at any depth',
  },
  flags: {
    output: { summary: 'folder for the merged files; default: the first PATH', value: 'DIR' },
    history: {
      summary: 'history file that learns from the run; default: history.jsonl in the output folder',
      value: 'FILE',
    },
    reports: {
      summary: `reports of the merged run, by comma: some of ${reportFormatNames.join(', ')}; default: none`,
      value: 'LIST',
    },
    reporters: {
      summary:
        'hands the merged run to the reporters of the Jest config, or to those in LIST, by comma; needs files of jest --json',
      value: 'LIST',
      isValueOptional: true,
    },
    config: {
      summary: 'Jest config with coverage thresholds and reporters; default: the one Jest finds',
      value: 'FILE',
    },
  },
  async run(flags, io) {
    if (flags.words.length === 0) {
      throw new UsageError({
        message: 'no file or folder to merge is named',
        expected: 'files that shards wrote, or folders that hold them',
        remedy: 'jest-runner-hardware merge artifacts/',
      });
    }
    const formats = choicesFlag(flags, 'reports', reportFormatNames) ?? [];
    const found = findArtefacts(flags.words);
    const records = readRecords(found.records);
    const { events, shardCount, notes, leftOut, division } = mergeRecords(records);
    const artefacts = withoutAttempts(found, leftOut);
    const counted = records.filter(({ path }) => !leftOut.includes(path));
    const rooted = counted.flatMap(rootedRecord);
    const jestConfig = onDemand(() => configHere(flags.get('config')));
    // Without Jest, the working directory is the best guess for rootDir.
    const rootDir = onDemand(() => orElse(() => jestConfig().rootDir, process.cwd()));
    const results = readResults(artefacts.results, rooted, rootDir);
    const replay = flags.has('reporters') ? await replayOf(results, counted, flags) : undefined;
    const output = flags.get('output') ?? defaultOutput(flags.words);
    makeOutputFolder(output, 'the merged run');
    const written: string[] = [];
    const write = (name: string, content: string) => {
      const path = join(output, `${mergedPrefix}${name}`);
      writeOutput(path, content, 'the merged run');
      written.push(path);
      return path;
    };
    const recordPath = write('run.jsonl', recordText(events));
    let failed = results?.success === false;
    if (results !== undefined) write('results.json', `${JSON.stringify(results)}\n`);
    const run = reportedRun(events);
    const { summary } = run;
    // Reports of the shards are not merged: the report of the merged run replaces them.
    const junit = artefacts.junit
      .map((path) => readFileSync(path, 'utf8'))
      .filter((text) => !isOurJUnit(text));
    for (const { name, content } of reportFiles(run, formats, recordPath)) {
      write(name, name === junitFormat.fileName ? mergeJUnit([...junit, content]) : content);
    }
    if (junit.length > 0 && !formats.includes('junit')) {
      write(junitFormat.fileName, mergeJUnit([...junit, ...flakyJUnit(summary)]));
    }
    const { annotations, problem } = githubReport(run, io.env);
    for (const line of annotations) io.out(`${line}\n`);
    if (problem !== undefined) io.err(`${problem}\n`);
    const historyPath = flags.get('history') ?? join(output, 'history.jsonl');
    const repeatable = division && repeatableRun(division, failed || failureCauses(summary).length > 0);
    written.push(...learnMerged(historyPath, artefacts.histories, events, repeatable, io));
    const color = showsColors(process.stdout);
    io.out(
      `${reportFormats.terminal.render(run, { color, width: terminalWidth(process.stdout), recordPath })}\n`,
    );
    io.out(printableLines(suitesText(summary)));
    for (const note of [...notes, unlearnedText(events)].filter((text) => text !== undefined))
      io.out(printableLines(`note: ${note}\n`));
    if (artefacts.coverage.length + artefacts.rawCoverage.length > 0) {
      const folder = join(output, `${mergedPrefix}coverage`);
      const { coverage: converted, rawCoverage: raw } = artefacts;
      const coverage = await mergeCoverage({ converted, raw, records: rooted }, jestConfig(), folder);
      // Jest's own reporter has printed the thresholds that are not met.
      failed ||= !coverage.meetsThresholds;
      for (const note of coverage.notes) io.out(printableLines(`note: ${note}\n`));
      written.push(folder);
    }
    const problems = (await replay?.run()) ?? [];
    if (replay !== undefined) io.out(printableLines(`told the reporters ${replay.reporters.join(', ')}\n`));
    for (const problem of problems) io.err(`${problem}\n`);
    failed ||= problems.length > 0;
    io.out(printableLines(`merged ${shardCount} shards into ${written.join(', ')}\n`));
    return failed || failureCauses(summary).length > 0 ? 1 : 0;
  },
};

/** The number of suites by outcome, and the failed ones, as Jest prints them at the end of a run. */
function suitesText({ counts, suites }: RunSummary): string {
  const sums = suiteOutcomes.flatMap((outcome) =>
    counts[outcome] === 0 ? [] : `${counts[outcome]} ${outcomeText[outcome]}`,
  );
  const failed = suites.filter(({ outcome }) => failsRun(outcome));
  return [
    `Suites        ${sums.join(', ')} of ${suites.length}`,
    ...failed.map(({ id, outcome }) => `  ${outcomeText[outcome].padEnd(14)}  ${id}`),
    '',
  ].join('\n');
}

function defaultOutput([first = '.']: readonly string[]): string {
  return statSync(first).isDirectory() ? first : dirname(first);
}

/** Learns from the merged run, and writes the history. The shards themselves leave the history as it is. */
function learnMerged(
  path: string,
  found: readonly string[],
  events: readonly RunEvent[],
  repeatable: Repeatable | undefined,
  io: CommandIo,
): readonly string[] {
  const histories: History[] = [];
  for (const file of new Set([path, ...found])) {
    const { history, state, problem } = readHistory(file);
    if (problem !== undefined) io.err(`${problem}\n`);
    if (state === 'newer' && file === path) return [];
    if (state === 'read') histories.push(history);
  }
  const learned = learn(histories.reduce(mergeHistories, emptyHistory), events);
  writeHistory(path, withRepeatable(learned, repeatable));
  return [path];
}

function configHere(config: string | undefined): Config.GlobalConfig {
  return jestConfigOf(process.cwd(), config === undefined ? [] : ['--config', config]).globalConfig;
}

/** Jest's results of all shards as one; undefined when none of them left any. */
function readResults(
  files: readonly string[],
  rooted: readonly CoveredRecord[],
  rootDir: () => string,
): { readonly success?: unknown } | undefined {
  if (files.length === 0) return undefined;
  const results = files.map((path) => {
    const { value } = parseJson(readFileSync(path, 'utf8'), path);
    return relocatedResult(path, value as never, rooted, rootDir());
  });
  return mergeJestResults(results) as { readonly success?: unknown };
}

async function replayOf(
  results: unknown,
  records: readonly ShardRecord[],
  flags: FlagValues,
): Promise<Replay> {
  const jest = await loadProjectJest(process.cwd(), flags.get('config'));
  const names = flags
    .get('reporters')
    ?.split(',')
    .map((name) => name.trim());
  return prepareReplay(
    results,
    records.map(({ events }) => events),
    chooseReporters(jest, names),
    jest,
  );
}

/** The facts of a shard's record that merging coverage and results needs. */
function rootedRecord({ path, events }: { path: string; events: readonly RunEvent[] }): CoveredRecord[] {
  const started = events.find((event) => event.type === 'run-started');
  if (started?.index === undefined) return [];
  const { startedAt, index, root, coverageProvider: provider } = started;
  return [{ path, startedAt, index, ...(root && { root }), ...(provider && { provider }) }];
}

function onDemand<Value>(compute: () => Value): () => Value {
  let known: { readonly value: Value } | undefined;
  return () => {
    known ??= { value: compute() };
    return known.value;
  };
}

function orElse<Value>(compute: () => Value, otherwise: Value): Value {
  try {
    return compute();
  } catch {
    return otherwise;
  }
}
