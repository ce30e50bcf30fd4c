import { formatDuration } from '../../core/vocabulary/units.js';
import { type Coloring, isHatched, type Theme } from './palette.js';
import { type Bar, lastStartedBy, type Run } from './run.js';
import type { Surface } from './surface.js';

/** The lanes of all machines, each below the name of its machine. */
export function rowsOf({ machines, lanes }: Run): readonly Row[] {
  return machines.flatMap(({ name, facts }, machine): readonly Row[] => [
    { machine: `${name} (${facts})` },
    ...lanes.flatMap((lane, number) =>
      lane.machine === machine ? [{ lane: number, label: lane.name }] : [],
    ),
  ]);
}

/** A line of the timeline: the name of a machine, or a lane. */
export type Row = { readonly machine: string } | { readonly lane: number; readonly label: string };

export const rowHeight = 22;
export const axisHeight = 26;

/** What is seen of the timeline. */
export interface View {
  fromMs: number;
  toMs: number;
  /** Canvas pixels of CSS. */
  width: number;
  height: number;
  scrollTop: number;
}

export interface Picture {
  readonly run: Run;
  readonly rows: readonly Row[];
  readonly view: View;
  readonly theme: Theme;
  readonly coloring: Coloring;
  readonly selected: Bar | undefined;
}

/** From the first decision to the end of the run, or to the best possible end where that is later. */
export function wholeRun(run: Run): Pick<View, 'fromMs' | 'toMs'> {
  const endMs = Math.max(run.endedAtMs, run.bestEndAtMs ?? 0, run.openedAtMs + 1);
  return { fromMs: run.openedAtMs, toMs: run.openedAtMs + (endMs - run.openedAtMs) * 1.01 };
}

/** Of a timeline that shows all rows, CSS pixels. */
export function heightOf(rows: readonly Row[]): number {
  return axisHeight + rows.length * rowHeight + 4;
}

/** Width of the lanes' names. */
export function gutterOf(width: number): number {
  return Math.min(220, Math.round(width * 0.24));
}

function xOf({ fromMs, toMs, width }: View, ms: number): number {
  const gutter = gutterOf(width);
  return gutter + ((ms - fromMs) / (toMs - fromMs)) * (width - gutter);
}

export function msOf({ fromMs, toMs, width }: View, x: number): number {
  const gutter = gutterOf(width);
  return fromMs + ((x - gutter) / (width - gutter)) * (toMs - fromMs);
}

export function draw(context: Surface, picture: Picture): void {
  const { rows, view, theme } = picture;
  context.clearRect(0, 0, view.width, view.height);
  context.font = theme.font;
  context.textBaseline = 'middle';
  const first = Math.floor(view.scrollTop / rowHeight);
  const last = Math.ceil((view.scrollTop + view.height - axisHeight) / rowHeight);
  rows.slice(first, last).forEach((row, index) => {
    drawRow(context, picture, row, axisHeight + (first + index) * rowHeight - view.scrollTop);
  });
  drawAxis(context, picture);
}

function drawRow(context: Surface, picture: Picture, row: Row, top: number): void {
  const { view, theme } = picture;
  const gutter = gutterOf(view.width);
  const middle = top + rowHeight / 2;
  if ('machine' in row) {
    context.fillStyle = theme.text;
    context.fillText(fitted(context, row.machine, view.width - 8), 4, middle);
    return;
  }
  context.fillStyle = theme.muted;
  context.fillText(fitted(context, row.label, gutter - 16), 12, middle);
  context.fillStyle = theme.lane;
  context.fillRect(gutter, top + 2, view.width - gutter, rowHeight - 4);
  context.save();
  context.beginPath();
  context.rect(gutter, top, view.width - gutter, rowHeight);
  context.clip();
  const bars = picture.run.barsOf[row.lane] ?? [];
  for (let index = Math.max(0, lastStartedBy(bars, view.fromMs)); index < bars.length; index++) {
    const bar = bars[index];
    if (bar === undefined || bar.attempt.startedAtMs > view.toMs) break;
    drawBar(context, picture, bar, top + 2);
  }
  context.restore();
}

function drawBar(context: Surface, picture: Picture, bar: Bar, top: number): void {
  const { view, coloring, selected, theme } = picture;
  const { startedAtMs, heldMs } = bar.attempt;
  const left = xOf(view, startedAtMs);
  const width = Math.max(1, xOf(view, startedAtMs + heldMs) - left - 1);
  const height = rowHeight - 4;
  context.fillStyle = coloring.colorOf(bar);
  context.fillRect(left, top, width, height);
  if (isHatched(bar)) hatch(context, left, top, Math.min(width, view.width - left), height, theme.text);
  if (bar.attempt === selected?.attempt) {
    context.strokeStyle = theme.text;
    context.lineWidth = 3;
    context.strokeRect(left - 0.5, top, Math.max(3, width), height);
  }
}

function hatch(
  context: Surface,
  left: number,
  top: number,
  width: number,
  height: number,
  color: string,
): void {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.beginPath();
  // No more strokes than are seen.
  for (let x = Math.max(left, 0) - height; x < left + width; x += 6) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.strokeStyle = color;
  context.lineWidth = 1;
  context.stroke();
  context.restore();
}

/** Times above the lanes, and the two ends that matter: of the run, and the best possible. */
function drawAxis(context: Surface, { run, view, theme }: Picture): void {
  const { width, height } = view;
  const gutter = gutterOf(width);
  context.clearRect(0, 0, width, axisHeight - 2);
  if (run.simulated) {
    context.fillStyle = theme.accent;
    context.fillText('simulated', 4, axisHeight / 2 - 2);
  }
  const stepMs = stepFor((view.toMs - view.fromMs) / Math.max(2, (width - gutter) / 90));
  const fromMs = Math.ceil((view.fromMs - run.openedAtMs) / stepMs) * stepMs;
  context.fillStyle = theme.muted;
  context.strokeStyle = theme.line;
  context.lineWidth = 1;
  for (let ms = fromMs; ms <= view.toMs - run.openedAtMs; ms += stepMs) {
    const x = xOf(view, ms + run.openedAtMs);
    context.globalAlpha = 0.4;
    line(context, x, axisHeight - 6, height, []);
    context.globalAlpha = 1;
    const text = formatDuration(Math.max(0, ms));
    if (x + context.measureText(text).width + 3 < width) context.fillText(text, x + 3, axisHeight / 2 - 2);
  }
  context.strokeStyle = theme.text;
  context.lineWidth = 1.5;
  if (isSeen(view, run.endedAtMs)) line(context, xOf(view, run.endedAtMs), axisHeight - 8, height, []);
  if (run.bestEndAtMs !== undefined && isSeen(view, run.bestEndAtMs)) {
    context.strokeStyle = theme.accent;
    context.lineWidth = 2;
    line(context, xOf(view, run.bestEndAtMs), axisHeight - 8, height, [6, 4]);
  }
}

function isSeen({ fromMs, toMs }: View, ms: number): boolean {
  return ms >= fromMs && ms <= toMs;
}

function line(context: Surface, x: number, top: number, bottom: number, dash: number[]): void {
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x, top);
  context.lineTo(x, bottom);
  context.stroke();
  context.setLineDash([]);
}

/** The next of 1, 2, 5 × 10ⁿ ms, or of seconds, minutes and hours that a clock shows. */
function stepFor(leastMs: number): number {
  const clock = [
    15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000,
  ];
  if (leastMs > 10_000)
    return clock.find((step) => step >= leastMs) ?? Math.ceil(leastMs / 86_400_000) * 86_400_000;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, leastMs)));
  return power * ([1, 2, 5].find((step) => step * power >= leastMs) ?? 10);
}

/** The end of a name tells more than its beginning: `…gpu0#1`. */
function fitted(context: Surface, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let from = 1;
  while (from < text.length && context.measureText(`…${text.slice(from)}`).width > width) from++;
  return `…${text.slice(from)}`;
}
