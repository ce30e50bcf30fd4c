import { formatDuration } from '../../../core/vocabulary/units.js';
import { coloringByOutcome } from '../../drawing/palette.js';
import { runOf } from '../../drawing/run.js';
import { SvgSurface } from '../../drawing/svg-surface.js';
import { draw, heightOf, rowsOf, wholeRun } from '../../drawing/timeline-drawing.js';
import type { ReportedRun } from '../format.js';
import { lightTheme } from './light-theme.js';
import { pageDataOf } from './page-data-of.js';

const width = 1200;
/** More rows than these make a picture that nobody can look at. */
const mostRows = 200;
const titleHeight = 52;

/**
 * The timeline of the HTML report as an SVG picture, for a run that was simulated.
 * @param title What was simulated.
 */
export function simulatedTimeline(simulated: ReportedRun, title: string): string {
  const { summary } = simulated;
  const run = runOf(pageDataOf(simulated, true));
  const all = rowsOf(run);
  const rows = all.slice(0, mostRows);
  const theme = lightTheme();
  const height = heightOf(rows);
  const inner = new SvgSurface(width, height, theme.page, 'timeline');
  const view = { ...wholeRun(run), width, height, scrollTop: 0 };
  const coloring = coloringByOutcome(run, theme);
  draw(inner, { run, rows, view, theme, coloring, selected: undefined });

  const outer = new SvgSurface(width, titleHeight + height, theme.page);
  outer.fillStyle = theme.text;
  outer.font = 'bold 16px';
  outer.fillText(title, 4, 18);
  outer.font = theme.font;
  outer.fillStyle = theme.muted;
  const hidden = all.length - rows.length;
  const facts = [
    `total ${formatDuration(summary.makespanMs)}`,
    ...(summary.bound ? [`best possible ${formatDuration(summary.bound.ms)} (dashed)`] : []),
    ...(hidden > 0 ? [`${hidden} more rows are not drawn`] : []),
  ];
  outer.fillText(facts.join(', '), 4, 40);
  outer.place(inner, 0, titleHeight);
  return outer.svg(title);
}
