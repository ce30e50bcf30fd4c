import { formatBytes, formatDuration } from '../../../../core/vocabulary/units.js';
import { elsewhere, groupOf, type Run, slotsText } from '../../../drawing/run.js';
import { outcomeText } from '../../../text/outcomes.js';
import type { PageAttempt, PageSuite } from '../page-data.js';
import { counted, element, facts } from './dom.js';

/** Everything that is known of a suite: its attempts, why it ran there, and where it could not. */
export function suiteDetails(run: Run, suite: PageSuite): HTMLElement {
  const { attempts, waitedMs, waitedFor, command, reasons } = suite;
  return element(
    'div',
    { class: 'details' },
    ...(reasons ?? []).map((reason) => element('p', { class: 'reason', dir: 'auto' }, reason)),
    ...attempts.map((attempt, index) =>
      element(
        'div',
        {},
        attempts.length > 1
          ? element('h4', {}, `Attempt ${index + 1} of ${attempts.length}: ${attempt.status}`)
          : undefined,
        failureList(attempt),
        attemptFacts(run, suite, attempt),
      ),
    ),
    facts([
      ['Asked for', groupOf(run, suite)?.asks],
      ['Rejected', attempts.length === 0 ? rejectedList(run, suite) : undefined],
      ['Waited', waitedMs === undefined ? undefined : `${formatDuration(waitedMs)}, ${waitedFor ?? ''}`],
      ['Repeat', command === undefined ? undefined : element('code', { dir: 'ltr' }, command)],
    ]),
  );
}

/** What the tests that failed said. */
function failureList({ failures = [], moreFailures = 0 }: PageAttempt): HTMLElement | undefined {
  if (failures.length === 0) return undefined;
  const items = failures.map(({ test, message, at }) =>
    element(
      'li',
      {},
      element('strong', { dir: 'auto' }, test ?? 'The suite itself failed'),
      at === undefined ? undefined : ` at ${at}`,
      element('pre', { dir: 'auto' }, message),
    ),
  );
  const more = moreFailures === 0 ? undefined : element('li', {}, `${counted(moreFailures, 'more failure')}`);
  return element('ul', { class: 'messages' }, ...items, more);
}

/** Why it ran there, the estimate against reality, memory. */
export function attemptFacts(run: Run, suite: PageSuite, attempt: PageAttempt): HTMLElement {
  const { startedAtMs, tests, joules, cause, degraded, isSecond } = attempt;
  const others = elsewhere(run, { suite, attempt, lane: attempt.lanes[0] ?? -1 });
  return facts([
    ['Ended', cause === undefined ? undefined : `${attempt.status}: ${cause}`],
    [
      'Ran on',
      `${slotsText(run, attempt)}, from ${formatDuration(Math.max(0, startedAtMs - run.openedAtMs))}`,
    ],
    ['Why here', whyHere(run, suite, others)],
    ['Rejected', rejectedList(run, suite)],
    ['Degraded', degraded ? 'this device lies outside of what the suite asked for' : undefined],
    ['Second attempt', isSecond ? 'beside one that took far longer than expected' : undefined],
    ['Time', timeText(run, attempt)],
    ['Memory', memoryText(attempt)],
    ['Tests', tests === undefined ? undefined : `${counted(tests, 'test')} executed`],
    ['Energy', joules === undefined ? undefined : `${Math.round(joules * 10) / 10} J measured`],
  ]);
}

function whyHere(run: Run, suite: PageSuite, others: readonly string[]): string | undefined {
  const group = groupOf(run, suite);
  if (group === undefined) return undefined;
  if (others.length === 0) return 'the only suitable device';
  return `suitable; of the others ${others.slice(0, 6).join(', ')}${others.length > 6 ? ' …' : ''}`;
}

/** `1.3 s, expected 1.1 s (+ 18 %), measured on this device in 2 runs` */
function timeText(run: Run, { heldMs, expectedMs, basis, status }: PageAttempt): string {
  const took = `${formatDuration(heldMs)}${status === 'running' ? ' so far' : ''}`;
  if (expectedMs === undefined) return took;
  const percent = Math.round((heldMs / Math.max(1, expectedMs) - 1) * 100);
  const compared =
    status === 'passed' || status === 'failed' ? ` (${percent < 0 ? '−' : '+'} ${Math.abs(percent)} %)` : '';
  return `${took}, expected ${formatDuration(expectedMs)}${compared}, ${run.bases[basis ?? -1] ?? ''}`;
}

function memoryText({ peakBytes, reservedBytes }: PageAttempt): string {
  return [
    peakBytes === undefined ? 'peak not measured' : `peak ${formatBytes(peakBytes)}`,
    ...(reservedBytes === undefined ? [] : [`${formatBytes(reservedBytes)} kept free for it`]),
  ].join(', ');
}

function rejectedList(run: Run, suite: PageSuite): HTMLElement | undefined {
  const rejected = groupOf(run, suite)?.rejected ?? [];
  if (rejected.length === 0) return undefined;
  const shown = rejected.slice(0, 20).map(([place, reason]) => element('li', {}, `${place}: ${reason}`));
  const more = rejected.length - shown.length;
  return element('ul', {}, ...shown, more > 0 ? element('li', {}, `${more} more`) : undefined);
}

/** The outcome as a word with a mark of its colour. */
export function outcomeMark({ outcome }: Pick<PageSuite, 'outcome'>): HTMLElement {
  return element(
    'span',
    { class: 'outcome' },
    element('span', { class: `swatch ${outcome}`, 'aria-hidden': 'true' }),
    outcomeText[outcome],
  );
}
