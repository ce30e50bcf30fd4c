import { formatDuration } from '../../core/vocabulary/units.js';
import { SvgSurface } from '../../report/drawing/svg-surface.js';
import { lightTheme } from '../../report/formats/html/light-theme.js';
import type { Advice } from './advise.js';
import { fleetText, hasPrices, priceText } from './fleet-text.js';

const size = { width: 960, left: 300, right: 130, top: 92, row: 30 } as const;

/**
 * The frontier: a row for each fleet, the cheapest first, with what half of the runs and nine of ten take, and the time that is
 * asked for as a line.
 * @returns SVG.
 */
export function frontierSvg(advice: Advice, title: string): string {
  const { fleets, advised, recorded, aim } = advice;
  const theme = lightTheme();
  const height = size.top + fleets.length * size.row + 24;
  const surface = new SvgSurface(size.width, height, theme.page, 'frontier');
  const longestMs = Math.max(aim.finishWithinMs, ...fleets.map(({ mostWithinMs }) => mostWithinMs)) * 1.02;
  const priced = hasPrices(advice);
  const fleetLeft = priced ? 64 : 4;
  const across = size.width - size.left - size.right;
  const xOf = (ms: number) => size.left + (ms / longestMs) * across;
  const write = (text: string, x: number, y: number, color: string, font = '12px') => {
    surface.fillStyle = color;
    surface.font = font;
    surface.fillText(text, x, y);
  };

  write(title, 4, 18, theme.text, 'bold 16px');
  write('simulated: no suite ran', 4, 42, theme.accent);
  write('bar: half of the runs; pale: nine of ten; line: the time that is asked for', 200, 42, theme.muted);
  if (priced) write('an hour', 4, size.top - 16, theme.muted);
  write('fleet', fleetLeft, size.top - 16, theme.muted);
  write('runs in time', size.width - size.right + 12, size.top - 16, theme.muted);
  fleets.forEach((fleet, index) => {
    const middle = size.top + index * size.row + size.row / 2;
    const isChosen = fleet === advised;
    const remark = isChosen ? ' (advised)' : fleet === recorded ? ' (recorded)' : '';
    const font = isChosen ? 'bold 12px' : '12px';
    if (priced) write(priceText(fleet.price), 4, middle, theme.text, font);
    write(`${fleetText(fleet)}${remark}`, fleetLeft, middle, theme.text, font);
    surface.fillStyle = theme.lane;
    surface.fillRect(size.left, middle - 10, across, 20);
    surface.fillStyle = theme.color('series-4');
    surface.globalAlpha = 0.5;
    surface.fillRect(size.left, middle - 8, xOf(fleet.mostWithinMs) - size.left, 16);
    surface.globalAlpha = 1;
    surface.fillStyle = theme.color(isChosen ? 'passed' : 'series-0');
    surface.fillRect(size.left, middle - 8, xOf(fleet.halfWithinMs) - size.left, 16);
    write(
      `${fleet.inTime} of ${aim.runs}, ${formatDuration(fleet.mostWithinMs)}`,
      size.width - size.right + 12,
      middle,
      theme.text,
    );
  });
  const x = xOf(aim.finishWithinMs);
  surface.strokeStyle = theme.color('failed');
  surface.lineWidth = 2;
  surface.setLineDash([6, 4]);
  surface.beginPath();
  surface.moveTo(x, size.top - 6);
  surface.lineTo(x, height - 18);
  surface.stroke();
  write(formatDuration(aim.finishWithinMs), x + 4, height - 10, theme.color('failed'));
  return surface.svg(title);
}
