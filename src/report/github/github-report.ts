import type { ReportedRun } from '../formats/format.js';
import { fileOptions } from '../formats/format.js';
import { markdownFormat } from '../formats/markdown.js';
import { annotationsOf } from './annotations.js';
import { appendStepSummary } from './step-summary.js';

/** What is to be printed, each on a line of its own. */
export interface GithubReport {
  readonly annotations: readonly string[];
  /** Why the summary was not written; undefined when it was, or when there is none to write. */
  readonly problem: string | undefined;
}

/**
 * Tells GitHub Actions of a run: the Markdown report goes into the summary of the step, findings become annotations.
 * Elsewhere it does nothing.
 */
export function githubReport(
  run: ReportedRun,
  env: Readonly<Record<string, string | undefined>>,
): GithubReport {
  const path = env['GITHUB_STEP_SUMMARY'];
  return {
    // A shard's findings are those of the merged run too, which would show them twice.
    annotations:
      env['GITHUB_ACTIONS'] === 'true' && run.summary.shard === undefined ? annotationsOf(run) : [],
    problem: path ? appendStepSummary(path, markdownFormat.render(run, fileOptions())) : undefined,
  };
}
