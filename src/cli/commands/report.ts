import { join } from 'node:path';
import { printableLines } from '../../core/vocabulary/printable.js';
import { formatProblem, UsageError } from '../../core/vocabulary/usage-error.js';
import { showsColors } from '../../host/colors.js';
import { terminalWidth } from '../../host/terminal-width.js';
import type { ReportedRun } from '../../report/formats/format.js';
import { reportFormats } from '../../report/formats/index.js';
import { type ReportFormatName, reportFormatNames } from '../../report/formats/names.js';
import { sendSpans } from '../../report/otel/send.js';
import { reportFiles } from '../../report/report-files.js';
import { exitCodeOf, exitCodeOfRun } from '../../report/summary/verdict.js';
import { suiteList } from '../../report/text/suite-list.js';
import type { Command, CommandIo } from '../command.js';
import { choicesFlag } from '../flags/choice-flag.js';
import { refuseTogether } from '../flags/refuse-together.js';
import { openFile } from '../open-file.js';
import { recordedRun } from '../recorded-run.js';
import { showComparison } from '../report/comparison.js';
import { lastWholeRecord } from '../report/last-whole-record.js';
import { showRunHistory } from '../report/run-history.js';
import { makeOutputFolder, writeOutput } from '../write-output.js';

export const reportCommand: Command = {
  summary: 'shows a recorded run: which device ran what, and why',
  words: {
    value: '[RECORD…]',
    summary: 'a record, a folder (its newest record), or the records of all shards; default: .jest-hardware',
  },
  flags: {
    format: {
      summary: `some of ${reportFormatNames.join(', ')}, by comma; default: terminal`,
      value: 'LIST',
    },
    output: { summary: 'folder for the reports; default: the one report is printed', value: 'DIR' },
    list: {
      summary:
        'one line a suite instead: its device, time, waits, and why; what failed first, then the slowest',
    },
    open: { summary: 'open the first report that was written' },
    'last-full': {
      summary: 'the last run of the folder that was whole: to its end, without -t, paths and the like',
    },
    otel: { summary: 'send the run to the OpenTelemetry collector that OTEL_EXPORTER_OTLP_ENDPOINT names' },
    compare: {
      summary: 'instead: what differs between two runs, and why; of one folder its last two whole runs',
    },
    history: {
      summary: 'instead: what all records of the folders tell of flaky and slower suites, and of devices',
    },
    'exit-code': {
      summary:
        'exit with a code for what failed the run: 1 tests, 2 docblocks, 3 hardware, 4 other; --compare: what fails now, 5 takes longer',
    },
  },
  async run(flags, io) {
    if (flags.has('compare')) return showComparison(flags, io);
    refuseTogether(flags, 'list', ['format', 'output', 'open', 'otel']);
    if (flags.has('history')) {
      showRunHistory(flags, io);
      return 0;
    }
    const formats = choicesFlag(flags, 'format', reportFormatNames) ?? ['terminal' as const];
    const output = flags.get('output');
    if (output === undefined) refuseWithoutFolder(formats, flags.has('open'));
    const { run, recordPath, damage } = recordedRun(
      flags.has('last-full') ? [lastWholeRecord(flags.words)] : flags.words,
    );
    const ofRun = flags.has('exit-code') ? exitCodeOfRun(run.summary) : 0;
    const exitCode = damage.length === 0 ? ofRun : exitCodeOf.input;
    for (const problem of damage) io.err(`${formatProblem(problem)}\n`);
    if (damage.length > 0) io.err('The report shows what is whole.\n');
    if (flags.has('otel')) {
      const isSent = await send(run, io);
      if (!isSent || (output === undefined && !flags.has('format'))) {
        return isSent ? exitCode : exitCodeOf.infrastructure;
      }
    }
    if (flags.has('list')) {
      io.out(`${suiteList(run, terminalWidth(process.stdout))}\n`);
      return exitCode;
    }
    const [format = 'terminal'] = formats;
    if (output === undefined) {
      const width = terminalWidth(process.stdout);
      const color = showsColors(process.stdout);
      io.out(`${reportFormats[format].render(run, { color, width, recordPath })}\n`);
      return exitCode;
    }
    makeOutputFolder(output, 'the report');
    const written: string[] = [];
    for (const { name, content } of reportFiles(run, formats, recordPath)) {
      const path = join(output, name);
      writeOutput(path, content, 'the report');
      written.push(path);
    }
    io.out(printableLines(`wrote ${written.join(', ')}\n`));
    const [first] = written;
    if (flags.has('open') && first !== undefined) await openFile(first);
    return exitCode;
  },
};

function refuseWithoutFolder(formats: readonly ReportFormatName[], opens: boolean): void {
  if (formats.length <= 1 && !opens) return;
  throw new UsageError({
    message: opens
      ? '`--open` needs a file to open'
      : 'several formats cannot all be written to standard output',
    expected: '--output DIR',
    remedy: `jest-runner-hardware report --format ${formats.join(',')} --output report`,
  });
}

/** @returns Whether the collector took it. @throws {UsageError} when no collector is named. */
async function send(run: ReportedRun, { env, out, err }: CommandIo): Promise<boolean> {
  const sent = await sendSpans(run, env);
  if (sent === undefined) {
    throw new UsageError({
      message: 'no OpenTelemetry collector is named, or tracing is turned off',
      expected: 'OTEL_EXPORTER_OTLP_ENDPOINT, such as http://localhost:4318',
      remedy: 'OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 jest-runner-hardware report --otel',
    });
  }
  if (typeof sent === 'string') err(`${sent}\n`);
  else out(printableLines(`sent ${sent.spans} spans to ${sent.url}\n`));
  return typeof sent === 'object';
}
