import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { withPragmas } from '../../config/docblock/write-pragmas.js';
import { busyThreadsOf, type Proposal, proposalsFor } from '../../config/project/measured-needs.js';
import { readProject } from '../../config/project/project.js';
import type { RunEvent } from '../../core/events.js';
import { nearest } from '../../core/vocabulary/nearest.js';
import { printableJson, printableLines } from '../../core/vocabulary/printable.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { newestRecordIn } from '../../record/newest.js';
import { readRecord } from '../../record/read.js';
import type { Command, CommandIo } from '../command.js';

export const profileCommand: Command = {
  summary:
    'proposes memory, CPU threads and time limits for docblocks from measurements, and marks docblocks that differ',
  words: { value: 'FILE…', summary: 'test files, as the report names them; default: all' },
  flags: {
    write: { summary: 'write the proposals into the docblocks' },
    config: { summary: 'Jest config; default: the one Jest finds', value: 'FILE' },
    json: { summary: 'print the proposals as JSON' },
  },
  async run(flags, io) {
    const project = readProject(process.cwd(), flags.get('config'));
    const { suites, history, historyProblem, files, paths } = project;
    const { ignorePragmas = [] } = project.options;
    if (historyProblem !== undefined) io.err(`${historyProblem}\n`);
    const named = flags.words.map((word) => suiteNamed(word, files));
    const wanted = suites.filter(({ id }) => named.length === 0 || named.includes(id));
    const busyThreads = busyThreadsOf(newestEvents(paths.outputDirectory, io));
    const proposals = proposalsFor(wanted, history, busyThreads).filter(
      ({ pragma }) => !ignorePragmas.some((ignored) => ignored === pragma.name),
    );
    if (flags.has('json')) io.out(`${printableJson({ version: 1, proposals })}\n`);
    else io.out(printableLines(textOf(proposals)));
    if (flags.has('write')) write(proposals, files, ignorePragmas, io);
  },
};

/** @throws {UsageError} for a word that does not name a test file of the project. */
function suiteNamed(word: string, files: ReadonlyMap<string, string>): string {
  const path = resolve(word);
  const id = files.has(word) ? word : [...files].find(([, file]) => file === path)?.[0];
  if (id !== undefined) return id;
  const near = nearest(word, [...files.keys()]);
  throw new UsageError({
    message: existsSync(path)
      ? `${word} is not a test file of this project`
      : `there is no test file ${word}`,
    expected: 'a test file, as the report names it or by its path',
    remedy: near === undefined ? 'name no file to examine all of them' : `write \`${near}\``,
  });
}

/** Only CPU threads come from the record. Without one, the history still gives memory and time. */
function newestEvents(directory: string, io: CommandIo): readonly RunEvent[] {
  const newest = newestRecordIn(directory);
  if (newest === undefined) return [];
  try {
    return readRecord(newest).events;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.err(`${error.message}\nNo CPU threads are proposed.\n`);
    return [];
  }
}

function textOf(proposals: readonly Proposal[]): string {
  if (proposals.length === 0)
    return 'nothing to say: the docblocks fit what was measured, or no suite was measured yet\n';
  const lines = proposals.map(
    ({ suiteId, pragma, measured, drift }) =>
      `${drift === undefined ? '-' : '!'} ${suiteId}: @${pragma.name} ${pragma.value} (${measured}${drift === undefined ? '' : `; the docblock ${drift}`})\n`,
  );
  const drifts = proposals.filter(({ drift }) => drift !== undefined).length;
  return `${lines.join('')}proposals: ${proposals.length}; where a docblock says otherwise (!): ${drifts}\n`;
}

/** A file may be a suite of several projects. The proposals of the last one stay. */
function write(
  proposals: readonly Proposal[],
  files: ReadonlyMap<string, string>,
  ignored: readonly string[],
  io: CommandIo,
): void {
  for (const suiteId of new Set(proposals.map((each) => each.suiteId))) {
    const path = files.get(suiteId);
    if (path === undefined) continue;
    const own = proposals.filter((each) => each.suiteId === suiteId);
    const written = withPragmas(
      readFileSync(path, 'utf8'),
      own.map(({ pragma }) => pragma),
      ignored,
    );
    if (written === undefined)
      io.err(`${suiteId}: the docblock cannot be changed safely; change it by hand\n`);
    else writeFileSync(path, written);
  }
}
