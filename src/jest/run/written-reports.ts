import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../../host/system-error.js';
import { readKeptEvents } from '../../record/kept-events.js';
import { keptRecords } from '../../record/kept-records.js';
import { makeFolderOf } from '../../record/output-directory.js';
import { type UnwrittenFile, unwritten } from '../../record/unwritten.js';
import { type ReportedRun, withPast } from '../../report/formats/format.js';
import type { ReportFormatName } from '../../report/formats/names.js';
import { githubReport } from '../../report/github/github-report.js';
import { pastRunEvents } from '../../report/history/past-run.js';
import { historyOfRecords, type RunHistory } from '../../report/history/run-history.js';
import { reportFiles } from '../../report/report-files.js';

/**
 * Writes reports of a run beside its record, over those of the run before. One that cannot be written is removed: an old or a
 * broken one would pass for this run's.
 * @param toGithub Whether GitHub Actions is told of the run.
 * @returns What to tell the user: a report that is missing does not fail the run.
 */
export function writeReports(
  ended: ReportedRun,
  formats: readonly ReportFormatName[],
  recordPath: string,
  toGithub: boolean,
): readonly (UnwrittenFile | string)[] {
  const run = withPast(ended, () => historyBeside(recordPath, ended.summary.startedAt));
  const problems = [...reportFiles(run, formats, recordPath)].flatMap(({ name, content }) => {
    const path = join(dirname(recordPath), name);
    try {
      makeFolderOf(path);
      writeFileSync(path, content);
      return [];
    } catch (error) {
      removeIfPossible(path);
      return [unwritten(path, error, `The report ${path} cannot be written: ${messageOf(error)}.`)];
    }
  });
  if (!toGithub) return problems;
  const { annotations, problem } = githubReport(run, process.env);
  return [...problems, ...annotations, ...(problem === undefined ? [] : [problem])];
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Who may not write there may not remove it either.
  }
}

/** What the run and earlier ones in its folder tell together. */
function historyBeside(recordPath: string, until?: string): RunHistory {
  const beside = keptRecords(dirname(recordPath)).map(({ path }) => path);
  return historyOfRecords(readKeptEvents(beside, pastRunEvents), until);
}
