import { UsageError } from '../core/vocabulary/usage-error.js';
import { SvgSurface } from '../report/drawing/svg-surface.js';
import { lightTheme } from '../report/formats/html/light-theme.js';
import { simulatedTimeline } from '../report/formats/html/timeline-picture.js';
import type { DrawnResult } from './case.js';
import { simulatedRun } from './drawn-run.js';
import type { SimulationResult } from './result.js';

const size = { width: 960, height: 640, title: 48, barHeight: 150, left: 40, gap: 40 } as const;

/**
 * Draws several results side by side, or of a single one the timeline that a report has of a run.
 * @returns SVG.
 */
export function svgOf(drawn: readonly DrawnResult[], title: string): string {
  const [only] = drawn;
  if (drawn.length === 1 && only !== undefined) return simulatedTimeline(simulatedRun(only), title);
  return sideBySide(
    drawn.map(({ result }) => result),
    title,
  );
}

/** @throws {UsageError} when the package that paints is not installed. */
export async function pngOf(svg: string): Promise<Uint8Array> {
  let painter: typeof import('@resvg/resvg-js');
  try {
    painter = await import('@resvg/resvg-js');
  } catch (cause) {
    throw new UsageError(
      {
        message: 'a PNG needs the package @resvg/resvg-js, which cannot be loaded',
        remedy: 'npm install --save-dev @resvg/resvg-js',
      },
      { cause },
    );
  }
  return new painter.Resvg(svg, { background: 'white', fitTo: { mode: 'zoom', value: 2 } }).render().asPng();
}

interface Panel {
  readonly name: string;
  /** The first is drawn, and the second as a line across its bar. */
  readonly series: readonly ((result: SimulationResult) => number)[];
}

const panels: readonly Panel[] = [
  {
    name: 'total time, s (line: best possible)',
    series: [({ makespanMs }) => seconds(makespanMs), ({ boundMs }) => seconds(boundMs)],
  },
  { name: 'utilisation, %', series: [({ utilisation }) => Math.round(utilisation * 100)] },
  {
    name: 'time until 95 % of the suites started, s (line: half)',
    series: [({ waitMs }) => seconds(waitMs.p95), ({ waitMs }) => seconds(waitMs.p50)],
  },
  {
    name: 'energy, kJ (rated or typical watts × time)',
    series: [({ energyJoules }) => Math.round(energyJoules / 100) / 10],
  },
];

/** Two rows of two panels, a bar for each strategy. */
function sideBySide(results: readonly SimulationResult[], title: string): string {
  const theme = lightTheme();
  const surface = new SvgSurface(size.width, size.height, theme.page);
  surface.fillStyle = theme.text;
  surface.font = 'bold 16px';
  surface.fillText(title, size.left, 24);
  const panelWidth = (size.width - 2 * size.left - size.gap) / 2;
  const panelHeight = (size.height - size.title) / 2;
  panels.forEach(({ name, series: [of, across] }, index) => {
    if (of === undefined) return;
    const left = size.left + (index % 2) * (panelWidth + size.gap);
    const top = size.title + Math.floor(index / 2) * panelHeight;
    const most = Math.max(1e-9, ...results.flatMap((result) => [of(result), across?.(result) ?? 0]));
    const barWidth = panelWidth / results.length;
    const baseline = top + 40 + size.barHeight;
    surface.font = 'bold 13px';
    surface.fillStyle = theme.text;
    surface.fillText(name, left, top + 12);
    results.forEach((result, at) => {
      const height = (value: number) => (value / most) * size.barHeight;
      const x = left + at * barWidth;
      surface.fillStyle = theme.color('series-0');
      surface.fillRect(x + 4, baseline - height(of(result)), barWidth - 8, height(of(result)));
      if (across !== undefined) {
        surface.fillStyle = theme.color('series-1');
        surface.fillRect(x + 2, baseline - height(across(result)) - 1, barWidth - 4, 3);
      }
      surface.font = '11px';
      surface.fillStyle = theme.text;
      surface.fillText(String(of(result)), x + 6, baseline - height(of(result)) - 9);
      surface.fillStyle = theme.muted;
      // Alternately lower, so that long names of neighbours do not touch.
      surface.fillText(result.strategy, x + 4, baseline + (at % 2 === 0 ? 12 : 26));
    });
  });
  return surface.svg(title);
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
