import { formatDuration } from '../../../../core/vocabulary/units.js';
import { coloringByOutcome, coloringByWorkload } from '../../../drawing/palette.js';
import { type Bar, barAt, lastStartedBy, type Run } from '../../../drawing/run.js';
import {
  axisHeight,
  draw,
  gutterOf,
  heightOf,
  msOf,
  type Row,
  rowHeight,
  rowsOf,
  type View,
  wholeRun,
} from '../../../drawing/timeline-drawing.js';
import { attemptFacts, outcomeMark } from './details.js';
import { button, choice, counted, element, section } from './dom.js';
import { themeOf } from './page-theme.js';

/** Higher timelines scroll. CSS pixels. */
const mostHeight = 520;
/** A bar is hit this far beside it, CSS pixels. */
const reach = 4;

/** Who ran when and where: a lane for each slot, idle ones too. Drawn on a canvas, of what is seen alone. */
export function timelineSection(run: Run): HTMLElement {
  const rows = rowsOf(run);
  const canvas = element('canvas', {
    tabindex: 0,
    role: 'application',
    'aria-label':
      'Timeline. Left and right: next attempt, up and down: other lane, plus and minus: zoom, 0: whole run',
    'aria-describedby': 'timeline-details',
  });
  const scroller = element('div', { class: 'timeline' }, canvas, element('div', { class: 'spacer' }));
  const details = element(
    'div',
    { id: 'timeline-details', class: 'panel', 'aria-live': 'polite' },
    'Point at a bar, or focus the timeline and use the arrow keys.',
  );
  const legend = element('ul', { class: 'legend' });
  const whole = wholeRun(run);
  const view: View = { ...whole, width: 0, height: 0, scrollTop: 0 };
  let selected: Bar | undefined;
  let coloringOf = coloringByOutcome;
  let drawn = 0;

  const redraw = () => {
    cancelAnimationFrame(drawn);
    drawn = requestAnimationFrame(paint);
  };

  function paint(): void {
    const ratio = devicePixelRatio || 1;
    view.width = scroller.clientWidth;
    view.height = Math.min(mostHeight, heightOf(rows));
    view.scrollTop = scroller.scrollTop;
    if (
      canvas.width !== Math.round(view.width * ratio) ||
      canvas.height !== Math.round(view.height * ratio)
    ) {
      canvas.width = Math.round(view.width * ratio);
      canvas.height = Math.round(view.height * ratio);
      canvas.style.height = `${view.height}px`;
      scroller.style.height = `${view.height}px`;
    }
    const spacer = scroller.querySelector<HTMLElement>('.spacer');
    const totalHeight = heightOf(rows);
    if (spacer) spacer.style.height = `${Math.max(0, totalHeight - view.height)}px`;
    const context = canvas.getContext('2d');
    if (context === null) return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const theme = themeOf(scroller);
    const coloring = coloringOf(run, theme);
    draw(context, { run, rows, view, theme, coloring, selected });
    showLegend(coloring.legend);
  }

  let legendNow = '';
  function showLegend(entries: readonly (readonly [name: string, color: string])[]): void {
    const key = JSON.stringify(entries);
    if (key === legendNow) return;
    legendNow = key;
    const items = entries.map(([name, color]) => {
      const swatch = element('span', { class: 'swatch', 'aria-hidden': 'true' });
      swatch.style.background = color;
      return element('li', {}, swatch, name);
    });
    const bestMs = run.bestEndAtMs === undefined ? undefined : run.bestEndAtMs - run.openedAtMs;
    const best =
      bestMs === undefined
        ? undefined
        : element(
            'li',
            {},
            element('span', { class: 'dash', 'aria-hidden': 'true' }),
            `best possible end, ${formatDuration(bestMs)}`,
          );
    legend.replaceChildren(...items, ...(best === undefined ? [] : [best]));
  }

  function select(bar: Bar | undefined): void {
    if (bar === undefined || bar.attempt === selected?.attempt) return;
    selected = bar;
    const { suite, attempt } = bar;
    details.replaceChildren(
      element('h3', { dir: 'auto' }, suite.id),
      outcomeMark(suite),
      attemptFacts(run, suite, attempt),
    );
    redraw();
  }

  function reveal(bar: Bar): void {
    const { startedAtMs, heldMs } = bar.attempt;
    const span = view.toMs - view.fromMs;
    if (startedAtMs < view.fromMs || startedAtMs + Math.min(heldMs, span / 2) > view.toMs) {
      moveTo(startedAtMs + heldMs / 2 - span / 2, span);
    }
    const top = rows.findIndex((row) => 'lane' in row && row.lane === bar.lane) * rowHeight;
    const seen = view.height - axisHeight - rowHeight;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top > scroller.scrollTop + seen) scroller.scrollTop = top - seen;
  }

  function moveTo(fromMs: number, span: number): void {
    const most = whole.toMs - whole.fromMs;
    const width = Math.min(most, Math.max(10, span));
    view.fromMs = Math.min(Math.max(fromMs, whole.fromMs), whole.toMs - width);
    view.toMs = view.fromMs + width;
    redraw();
  }

  function zoom(factor: number): void {
    const span = view.toMs - view.fromMs;
    const chosen = selected?.attempt.startedAtMs ?? -1;
    const isShown = chosen >= view.fromMs && chosen <= view.toMs;
    const middle = isShown ? chosen : view.fromMs + span / 2;
    moveTo(middle - (middle - view.fromMs) * factor, span * factor);
  }

  const pan = (direction: number) => {
    const span = view.toMs - view.fromMs;
    moveTo(view.fromMs + (direction * span) / 2, span);
  };
  const showAll = () => moveTo(whole.fromMs, whole.toMs - whole.fromMs);

  function barNear(event: PointerEvent): Bar | undefined {
    const box = canvas.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const row = rows[Math.floor((y - axisHeight + scroller.scrollTop) / rowHeight)];
    if (row === undefined || !('lane' in row) || y < axisHeight || x < gutterOf(view.width)) return undefined;
    for (const offset of [0, -reach, reach]) {
      const bar = barAt(run, row.lane, msOf(view, x + offset));
      if (bar !== undefined) return bar;
    }
    return undefined;
  }

  canvas.addEventListener('pointermove', (event) => select(barNear(event)));
  canvas.addEventListener('pointerdown', (event) => select(barNear(event)));
  canvas.addEventListener('keydown', (event) => {
    const zooms: Readonly<Record<string, () => void>> = {
      '+': () => zoom(0.5),
      '=': () => zoom(0.5),
      '-': () => zoom(2),
      '0': showAll,
    };
    const act = zooms[event.key];
    const target = act === undefined ? neighbour(run, rows, selected, event.key) : undefined;
    if (act === undefined && target === undefined) return;
    event.preventDefault();
    act?.();
    if (target !== undefined) {
      select(target);
      reveal(target);
    }
  });
  scroller.addEventListener('scroll', redraw);
  new ResizeObserver(redraw).observe(scroller);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);

  return section(
    'timeline',
    'Timeline',
    element(
      'div',
      { class: 'filters' },
      choice(
        'Colours',
        [
          ['outcome', 'by outcome'],
          ['workload', 'by workload'],
        ],
        (value) => {
          coloringOf = value === 'workload' ? coloringByWorkload : coloringByOutcome;
          redraw();
        },
      ),
      element(
        'div',
        { class: 'buttons', role: 'group', 'aria-label': 'Zoom' },
        button('−', () => zoom(2), { 'aria-label': 'Zoom out' }),
        button('+', () => zoom(0.5), { 'aria-label': 'Zoom in' }),
        button('←', () => pan(-1), { 'aria-label': 'Earlier' }),
        button('→', () => pan(1), { 'aria-label': 'Later' }),
        button('Whole run', showAll),
      ),
    ),
    legend,
    scroller,
    element('p', { class: 'hint' }, idleText(run)),
    details,
  );
}

function idleText({ barsOf }: Run): string {
  const idle = barsOf.filter((bars) => bars.length === 0).length;
  return `${counted(barsOf.length, 'slot')}${idle === 0 ? '' : `, ${idle} of them idle all the time`}. Hatched: failed or lost.`;
}

/** The bar that an arrow key leads to. */
function neighbour(run: Run, rows: readonly Row[], from: Bar | undefined, key: string): Bar | undefined {
  const lanes = rows.flatMap((row) =>
    'lane' in row && (run.barsOf[row.lane]?.length ?? 0) > 0 ? [row.lane] : [],
  );
  if (!['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'].includes(key)) return undefined;
  if (from === undefined) return run.barsOf[lanes[0] ?? -1]?.[0];
  const bars = run.barsOf[from.lane] ?? [];
  if (key === 'Home') return bars[0];
  if (key === 'End') return bars.at(-1);
  if (key === 'ArrowLeft' || key === 'ArrowRight')
    return bars[bars.indexOf(from) + (key === 'ArrowLeft' ? -1 : 1)];
  const next = run.barsOf[lanes[lanes.indexOf(from.lane) + (key === 'ArrowUp' ? -1 : 1)] ?? -1] ?? [];
  return next[Math.max(0, lastStartedBy(next, from.attempt.startedAtMs))];
}
