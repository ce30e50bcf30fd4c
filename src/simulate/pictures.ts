import type { EChartsOption } from 'echarts';
import { UsageError } from '../core/vocabulary/usage-error.js';
import type { SimulationResult } from './result.js';

const width = 960;
const height = 640;
/** More rows than these would be too thin to see. */
const mostRows = 64;

/**
 * Draws several results side by side, or for a single one a timeline of its attempts.
 * @returns SVG.
 * @throws {UsageError} when the package that draws is not installed.
 */
export async function svgOf(results: readonly SimulationResult[], title: string): Promise<string> {
  const { init } = await optional(() => import('echarts'), 'echarts', 'a picture');
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  const [only] = results;
  chart.setOption(
    results.length === 1 && only !== undefined ? timeline(only, title) : sideBySide(results, title),
  );
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** @throws {UsageError} when the package that paints is not installed. */
export async function pngOf(svg: string): Promise<Uint8Array> {
  const { Resvg } = await optional(() => import('@resvg/resvg-js'), '@resvg/resvg-js', 'a PNG');
  return new Resvg(svg, { background: 'white', fitTo: { mode: 'zoom', value: 2 } }).render().asPng();
}

async function optional<Module>(load: () => Promise<Module>, name: string, what: string): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw new UsageError(
      {
        message: `${what} needs the package ${name}, which cannot be loaded`,
        remedy: `npm install --save-dev ${name}`,
      },
      { cause },
    );
  }
}

interface Panel {
  readonly name: string;
  readonly series: readonly { readonly name: string; readonly of: (result: SimulationResult) => number }[];
}

const panels: readonly Panel[] = [
  {
    name: 'total time | best possible, s',
    series: [
      { name: 'total time', of: ({ makespanMs }) => seconds(makespanMs) },
      { name: 'best possible', of: ({ boundMs }) => seconds(boundMs) },
    ],
  },
  {
    name: 'utilisation, %',
    series: [{ name: 'utilisation', of: ({ utilisation }) => Math.round(utilisation * 100) }],
  },
  {
    name: 'time until suites started, s: half | 95 %',
    series: [
      { name: 'half', of: ({ waitMs }) => seconds(waitMs.p50) },
      { name: '95 %', of: ({ waitMs }) => seconds(waitMs.p95) },
    ],
  },
  {
    name: 'energy, kJ (rated or typical watts × time)',
    series: [{ name: 'energy', of: ({ energyJoules }) => Math.round(energyJoules / 100) / 10 }],
  },
];

/** Two rows of two panels. */
function sideBySide(results: readonly SimulationResult[], title: string): EChartsOption {
  const place = (index: number) => ({
    left: `${6 + 50 * (index % 2)}%`,
    top: `${15 + 44 * Math.floor(index / 2)}%`,
    width: '41%',
    height: '26%',
  });
  return {
    animation: false,
    title: [
      { text: title, left: 'center', top: 8 },
      ...panels.map(({ name }, index) => ({
        text: name,
        left: place(index).left,
        top: `${9 + 44 * Math.floor(index / 2)}%`,
        textStyle: { fontSize: 13 },
      })),
    ],
    grid: panels.map((_, index) => place(index)),
    xAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: 'category' as const,
      data: results.map(({ strategy }) => strategy),
      axisLabel: { interval: 0, rotate: 30 },
    })),
    yAxis: panels.map((_, gridIndex) => ({ gridIndex, type: 'value' as const })),
    series: panels.flatMap(({ series }, index) =>
      series.map(({ name, of }) => ({
        type: 'bar' as const,
        name,
        xAxisIndex: index,
        yAxisIndex: index,
        data: results.map(of),
        label: { show: true, position: 'top' as const, fontSize: 10 },
      })),
    ),
  };
}

/** One row for each slot, one box for each attempt. */
function timeline(
  { strategy, attempts, makespanMs, boundMs }: SimulationResult,
  title: string,
): EChartsOption {
  const slots = [...new Set(attempts.map(({ slotId }) => slotId))].sort().slice(0, mostRows);
  const rowOf = new Map(slots.map((slot, index) => [slot, index]));
  const boxes = attempts.flatMap(({ slotId, startMs, endMs, status }) => {
    const row = rowOf.get(slotId);
    return row === undefined ? [] : [[row, seconds(startMs), seconds(endMs), status === 'passed' ? 0 : 1]];
  });
  return {
    animation: false,
    title: {
      text: title,
      subtext: `${strategy}: total ${seconds(makespanMs)} s, best possible ${seconds(boundMs)} s`,
      left: 'center',
      top: 8,
    },
    grid: { left: 190, right: 30, top: 70, bottom: 40 },
    xAxis: { type: 'value', name: 's' },
    yAxis: { type: 'category', data: slots, inverse: true, axisLabel: { fontSize: 9 } },
    series: [
      {
        type: 'custom',
        data: boxes,
        encode: { x: [1, 2], y: 0 },
        renderItem: (_params, api) => {
          const [x = 0, y = 0] = api.coord([api.value(1), api.value(0)]);
          const [end = 0] = api.coord([api.value(2), api.value(0)]);
          const size = api.size?.([0, 1]);
          const boxHeight = 0.7 * (Array.isArray(size) ? (size[1] ?? 10) : 10);
          return {
            type: 'rect',
            shape: { x, y: y - boxHeight / 2, width: Math.max(1, end - x), height: boxHeight },
            style: { fill: api.value(3) === 0 ? '#5470c6' : '#ee6666', stroke: 'white' },
          };
        },
      },
    ],
  };
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
