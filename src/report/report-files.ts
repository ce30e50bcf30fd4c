import { fileOptions, type ReportedRun } from './formats/format.js';
import { reportFormats } from './formats/index.js';
import type { ReportFormatName } from './formats/names.js';

interface ReportFile {
  readonly name: string;
  readonly content: string;
}

/** The files of a run's reports: what `report`, `merge` and the option `reports` write. */
export function* reportFiles(
  run: ReportedRun,
  formats: readonly ReportFormatName[],
  recordPath?: string,
): Generator<ReportFile> {
  for (const format of new Set(formats)) {
    const { fileName, render } = reportFormats[format];
    yield { name: fileName, content: `${render(run, fileOptions(recordPath))}\n` };
  }
}
