import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '@jest/types';
import type { HardwareOptions } from '../../config/options.js';
import { messageOf } from '../../host/system-error.js';
import { readKeptEvents } from '../../record/kept-events.js';
import { keptRecords } from '../../record/kept-records.js';
import { type ReportedRun, withPast } from '../../report/formats/format.js';
import { githubReport } from '../../report/github/github-report.js';
import { pastRunEvents } from '../../report/history/past-run.js';
import { historyOfRecords, type RunHistory } from '../../report/history/run-history.js';
import { pipelineAttributes } from '../../report/otel/pipeline.js';
import { sendSpans } from '../../report/otel/send.js';
import { reportFiles } from '../../report/report-files.js';

/**
 * Writes the reports of a run beside its record, over those of the run before, and tells GitHub Actions of it.
 * @returns What to tell the user, a line each: a report that is missing does not fail the run.
 */
export function writeReports(
  ended: ReportedRun,
  { reports, githubReport: tellsGithub }: HardwareOptions,
  recordPath: string,
  { watch, watchAll }: Config.GlobalConfig,
): readonly string[] {
  const run = withPast(ended, () => historyBeside(recordPath, ended.summary.startedAt));
  const problems = [...reportFiles(run, reports, recordPath)].flatMap(({ name, content }) => {
    const path = join(dirname(recordPath), name);
    try {
      writeFileSync(path, content);
      return [];
    } catch (error) {
      return `The report ${path} cannot be written: ${messageOf(error)}.`;
    }
  });
  if (!tellsGithub || watch || watchAll || isNested()) return problems;
  const { annotations, problem } = githubReport(run, process.env);
  return [...problems, ...annotations, ...(problem === undefined ? [] : [problem])];
}

/**
 * Sends a run to the OpenTelemetry collector that the standard variables name, if they name one.
 * @returns What to tell the user, one line: spans that are missing do not fail the run.
 */
export async function sendReport(run: ReportedRun): Promise<string | undefined> {
  if (isNested()) return undefined;
  const sent = await sendSpans(run, process.env, pipelineAttributes(process.env));
  return typeof sent === 'string' ? sent : undefined;
}

/** Runs inside of a test are none that somebody looks for. */
function isNested(): boolean {
  return process.env['JEST_HARDWARE_PLACEMENT'] !== undefined;
}

/** What the run and earlier ones in its folder tell together. */
function historyBeside(recordPath: string, until?: string): RunHistory {
  const beside = keptRecords(dirname(recordPath)).map(({ path }) => path);
  return historyOfRecords(readKeptEvents(beside, pastRunEvents), until);
}
