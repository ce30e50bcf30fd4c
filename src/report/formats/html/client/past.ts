import { formatDuration } from '../../../../core/vocabulary/units.js';
import type { Run } from '../../../drawing/run.js';
import type { PageHistory } from '../page-data.js';
import { counted, element, section } from './dom.js';

/** What the records beside this one tell; undefined where there are none to compare. */
export function pastSection({ past }: Run): HTMLElement | undefined {
  if (past === undefined) return undefined;
  const { flaky, deviceDependent, growing, drifts } = past;
  return section(
    'past',
    'Last runs',
    element('p', { class: 'hint' }, past.about),
    totalsChart(past),
    runsTable(past),
    listOf('Flaky: failed, and passed with the same sources on the same kind of device', flaky),
    listOf('Not luck, but the device: with the same sources', deviceDependent),
    listOf('Slower from run to run', growing),
    listOf('Devices', drifts),
  );
}

const chart = { width: 600, height: 96, gap: 2 };
const svgSpace = 'http://www.w3.org/2000/svg';

/** A bar for the total time of each run, the oldest first. The table below says the same. */
function totalsChart({ runs }: PageHistory): Element | undefined {
  if (runs.length < 2) return undefined;
  const longestMs = Math.max(1, ...runs.map(({ totalMs }) => totalMs));
  const width = chart.width / runs.length;
  const bars = runs.map(({ startedAt, totalMs, failed, flaky }, index) => {
    const height = Math.max(1, (chart.height * totalMs) / longestMs);
    const bar = svg('rect', {
      class: failed > 0 ? 'failed' : flaky > 0 ? 'flaky' : 'passed',
      x: index * width,
      y: chart.height - height,
      width: Math.max(1, width - chart.gap),
      height,
    });
    bar.append(svg('title', {}, `${startedAt}: ${formatDuration(totalMs)}`));
    return bar;
  });
  const [first, last] = [runs[0], runs.at(-1)].map((run) => formatDuration(run?.totalMs ?? 0));
  const drawing = svg('svg', {
    viewBox: `0 0 ${chart.width} ${chart.height}`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': `Total time of the last ${runs.length} whole runs: ${first} at first, now ${last}, at most ${formatDuration(longestMs)}`,
  });
  drawing.append(...bars);
  return drawing;
}

function runsTable({ runs }: PageHistory): HTMLElement {
  const titles = ['Started', 'Commit', 'Total', 'Suites', 'Failed', 'Flaky'];
  const head = element('tr', {}, ...titles.map((title) => element('th', { scope: 'col' }, title)));
  const rows = runs
    .toReversed()
    .map(({ startedAt, commit = '', totalMs, suites, failed, flaky }) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, startedAt),
        ...[commit, formatDuration(totalMs), String(suites), String(failed), String(flaky)].map((text) =>
          element('td', {}, text),
        ),
      ),
    );
  const table = element(
    'table',
    {},
    element('caption', { class: 'unseen' }, 'Whole runs, the newest first'),
    element('thead', {}, head),
    element('tbody', {}, ...rows),
  );
  const all = element(
    'div',
    { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': 'Table of the last runs' },
    table,
  );
  return element('details', {}, element('summary', {}, counted(runs.length, 'whole run')), all);
}

function listOf(title: string, lines: readonly string[]): HTMLElement | undefined {
  if (lines.length === 0) return undefined;
  const items = lines.map((line) => element('li', { dir: 'auto' }, line));
  return element('div', {}, element('h3', {}, title), element('ul', {}, ...items));
}

function svg(tag: string, attributes: Readonly<Record<string, string | number>>, text = ''): SVGElement {
  const made = document.createElementNS(svgSpace, tag) as SVGElement;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(text);
  return made;
}
