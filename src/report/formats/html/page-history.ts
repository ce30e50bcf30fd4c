import { formatDuration } from '../../../core/vocabulary/units.js';
import { driftText, runsSentence } from '../../history/history-text.js';
import type { RunHistory } from '../../history/run-history.js';
import type { PageHistory } from './page-data.js';

/** Lines of a list. */
const most = 50;

/** @returns Undefined where the records tell nothing beyond the run itself. */
export function pageHistoryOf(history: RunHistory): PageHistory | undefined {
  const { runs, flaky, deviceDependent, growing, devices } = history;
  if (runs.length < 2 && flaky.length === 0 && deviceDependent.length === 0) return undefined;
  return {
    about: runsSentence(history),
    runs,
    flaky: flaky.slice(0, most).map(({ suiteId, devices: kinds, lastAt }) => {
      const where = kinds.map(
        ({ deviceKind, failures, runs: of }) => `${failures} of ${of} runs on ${deviceKind}`,
      );
      return `${suiteId}: failed in ${where.join(', ')}, last ${lastAt.slice(0, 10)}`;
    }),
    deviceDependent: deviceDependent
      .slice(0, most)
      .map(
        ({ suiteId, failsOn, passesOn }) =>
          `${suiteId}: always failed on ${failsOn.join(', ')} and always passed on ${passesOn.join(', ')}`,
      ),
    growing: growing
      .slice(0, most)
      .map(
        ({ suiteId, deviceKind, fromMs, toMs }) =>
          `${suiteId}: ${formatDuration(fromMs)} at first, now ${formatDuration(toMs)}, on ${deviceKind}`,
      ),
    drifts: devices.map(driftText),
  };
}
