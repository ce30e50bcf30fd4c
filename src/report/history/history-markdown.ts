import { formatDuration } from '../../core/vocabulary/units.js';
import { code, markdownTable } from '../text/markdown.js';
import { driftText, runsSentence } from './history-text.js';
import type { RunHistory } from './run-history.js';

/** With these limits the section stays half a page. */
const most = { runs: 10, flaky: 10, growing: 5 };

/** The lines of a section on the last runs; empty where there are too few to compare. */
export function historyMarkdown(history: RunHistory): readonly string[] {
  const { runs, flaky, deviceDependent, growing, devices } = history;
  if (runs.length < 2 && flaky.length === 0 && deviceDependent.length === 0) return [];
  const drifting = devices.filter(({ isTrend }) => isTrend);
  return [
    runsSentence(history),
    '',
    ...markdownTable(
      ['started', 'commit', 'total', 'suites', 'failed', 'flaky'],
      runs
        .slice(-most.runs)
        .map(({ startedAt, commit, totalMs, suites, failed, flaky: shaky }) => [
          code(startedAt.slice(0, 16).replace('T', ' ')),
          commit === undefined ? '' : code(commit.slice(0, 7)),
          formatDuration(totalMs),
          String(suites),
          String(failed),
          String(shaky),
        ]),
    ),
    '',
    ...flaky.slice(0, most.flaky).map(({ suiteId, devices: kinds }) => {
      const where = kinds.map(
        ({ deviceKind, failures, runs: of }) => `${failures} of ${of} runs on ${code(deviceKind)}`,
      );
      return `- **flaky** ${code(suiteId)}: failed in ${where.join(', ')}, and passed with the same sources`;
    }),
    ...deviceDependent
      .slice(0, most.flaky)
      .map(
        ({ suiteId, failsOn, passesOn }) =>
          `- **device** ${code(suiteId)}: with the same sources always failed on ${code(failsOn.join(', '))} and passed on ${code(passesOn.join(', '))}`,
      ),
    ...growing
      .slice(0, most.growing)
      .map(
        ({ suiteId, deviceKind, fromMs, toMs }) =>
          `- **slower** ${code(suiteId)} on ${code(deviceKind)}: ${formatDuration(fromMs)} at first, now ${formatDuration(toMs)}`,
      ),
    ...drifting.map((device) => `- **drift** ${code(driftText(device))}`),
  ];
}
