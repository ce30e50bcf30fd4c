import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../../host/system-error.js';
import type { ReportedRun } from '../../report/formats/format.js';
import type { ReportFormatName } from '../../report/formats/index.js';
import { reportFiles } from '../../report/report-files.js';

/**
 * Writes the reports of a run beside its record, over those of the run before.
 * @returns What could not be written, a sentence each: a report that is missing does not fail the run.
 */
export function writeReports(
  run: ReportedRun,
  formats: readonly ReportFormatName[],
  recordPath: string,
): readonly string[] {
  return [...reportFiles(run, formats, recordPath)].flatMap(({ name, content }) => {
    const path = join(dirname(recordPath), name);
    try {
      writeFileSync(path, content);
      return [];
    } catch (error) {
      return `The report ${path} cannot be written: ${messageOf(error)}.`;
    }
  });
}
