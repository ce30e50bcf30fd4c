import type { Config } from '@jest/types';
import type { HardwareOptions } from '../../config/options.js';
import type { UnwrittenFile } from '../../record/unwritten.js';
import type { ReportedRun } from '../../report/formats/format.js';
import { otelSettings } from '../../report/otel/settings.js';

/**
 * Writes the reports that the options ask for, and tells GitHub Actions of the run. What makes reports is loaded only
 * where one is asked for.
 * @returns What to tell the user: a report that is missing does not fail the run.
 */
export async function writeReports(
  ended: ReportedRun,
  { reports, githubReport }: HardwareOptions,
  recordPath: string,
  { watch, watchAll }: Config.GlobalConfig,
): Promise<readonly (UnwrittenFile | string)[]> {
  const toGithub = githubReport && !watch && !watchAll && !isNested() && isOnGithub();
  if (reports.length === 0 && !toGithub) return [];
  const { writeReports: write } = await import('./written-reports.js');
  return write(ended, reports, recordPath, toGithub);
}

/**
 * Sends a run to the OpenTelemetry collector that the standard variables name, if they name one.
 * @returns What to tell the user, one line: spans that are missing do not fail the run.
 */
export async function sendReport(run: ReportedRun): Promise<string | undefined> {
  if (isNested() || otelSettings(process.env) === undefined) return undefined;
  const [{ sendSpans }, { pipelineAttributes }] = await Promise.all([
    import('../../report/otel/send.js'),
    import('../../report/otel/pipeline.js'),
  ]);
  const sent = await sendSpans(run, process.env, pipelineAttributes(process.env));
  return typeof sent === 'string' ? sent : undefined;
}

/** Runs inside of a test are none that somebody looks for. */
function isNested(): boolean {
  return process.env['JEST_HARDWARE_PLACEMENT'] !== undefined;
}

function isOnGithub(): boolean {
  return Boolean(process.env['GITHUB_ACTIONS'] || process.env['GITHUB_STEP_SUMMARY']);
}
