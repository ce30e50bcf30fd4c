/** What the benchmark scripts print: a table for a person, or with `--json` one JSON object a line. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { medianInterval, ratioOf } from './measure.mjs';

/**
 * @typedef {import('./measure.mjs').Comparison} Comparison
 * @typedef {import('./measure.mjs').Interval} Interval
 */

/** Flags of every benchmark script; `--pairs 3` gives a quick look, the default an interval worth quoting. */
export const flags =
  /** @type {{ pairs: number, json: boolean, only: string, keep: boolean, config: string, directory?: string }} */ (
    (() => {
      const { values, positionals } = parseArgs({
        allowPositionals: true,
        options: {
          pairs: { type: 'string', default: '16' },
          json: { type: 'boolean', default: false },
          only: { type: 'string', default: '' },
          keep: { type: 'boolean', default: false },
          config: { type: 'string', default: 'jest.config.js' },
        },
      });
      return { ...values, pairs: Number(values.pairs), directory: positionals[0] };
    })()
  );

/** @param {string} title */
export function heading(title) {
  if (flags.json) return;
  const [load = 0] = loadavg();
  console.log(
    `${title}\nNode ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model}, load ${load.toFixed(1)}\n`,
  );
}

/**
 * @param {string} name
 * @param {Comparison} comparison
 * @param {{ ratio?: number, high?: number, cpu?: number }} [target] Bounds of the wall ratio: of its median, and of its
 *   interval's upper end; and of the CPU ratio's median.
 */
export function reportComparison(name, comparison, target) {
  const wall = ratioOf(comparison, 'wallMs');
  const cpu = ratioOf(comparison, 'cpuMs');
  const reference = medianInterval(comparison.referenceMs);
  const outcome = { stock: outcomes(comparison.stock), ours: outcomes(comparison.ours) };
  const met =
    target === undefined
      ? undefined
      : wall.median <= (target.ratio ?? Number.POSITIVE_INFINITY) &&
        wall.high <= (target.high ?? Number.POSITIVE_INFINITY) &&
        cpu.median <= (target.cpu ?? Number.POSITIVE_INFINITY);
  if (flags.json) {
    const times = (/** @type {Comparison['stock']} */ runs) =>
      runs.map(({ wallMs, cpuMs }) => ({ wallMs, cpuMs }));
    const runs = {
      stock: times(comparison.stock),
      ours: times(comparison.ours),
      referenceMs: comparison.referenceMs,
    };
    console.log(JSON.stringify({ name, wall, cpu, outcome, target, met, runs }));
    return;
  }
  const line = (
    /** @type {string} */ label,
    /** @type {'wallMs' | 'cpuMs'} */ measure,
    /** @type {Interval} */ ratio,
  ) =>
    `  ${label}  stock ${secondsOf(comparison.stock, measure)}  ours ${secondsOf(comparison.ours, measure)}  ratio ${ratioText(ratio)}`;
  const verdict =
    target === undefined
      ? ''
      : `   ${met ? 'within' : 'OVER'} ${Object.entries(target)
          .map(([name, bound]) => `${name} ${bound.toFixed(2)}`)
          .join(', ')}`;
  console.log(`${name} (${comparison.stock.length} pairs)`);
  console.log(`${line('wall', 'wallMs', wall)}${verdict}`);
  console.log(line('CPU ', 'cpuMs', cpu));
  console.log(
    `  reference kernel ${reference.median.toFixed(0)} ms (${reference.low.toFixed(0)}…${reference.high.toFixed(0)})`,
  );
  for (const [side, text] of Object.entries(outcome)) console.log(`  ${side.padEnd(5)}  ${text}`);
  console.log();
}

/**
 * @param {string} name
 * @param {Comparison} comparison
 * @param {(run: Comparison['stock'][number]) => number} amountOf
 * @param {string} unit
 * @param {number} limit Of the median of ours - stock.
 */
export function reportDifference(name, comparison, amountOf, unit, limit) {
  const amounts = { stock: comparison.stock.map(amountOf), ours: comparison.ours.map(amountOf) };
  const stock = medianInterval(amounts.stock);
  const ours = medianInterval(amounts.ours);
  const difference = medianInterval(
    amounts.ours.map((amount, pair) => amount - (amounts.stock[pair] ?? NaN)),
  );
  const met = difference.median <= limit;
  if (flags.json) {
    console.log(JSON.stringify({ name, unit, stock, ours, difference, limit, met, runs: amounts }));
    return;
  }
  const text = (/** @type {Interval} */ { median, low, high }) =>
    `${median.toFixed(1)} (${low.toFixed(1)}…${high.toFixed(1)})`;
  console.log(`${name} (${comparison.stock.length} pairs)`);
  console.log(`  stock ${text(stock)} ${unit}  ours ${text(ours)} ${unit}`);
  console.log(`  difference ${text(difference)} ${unit}   ${met ? 'within' : 'OVER'} ${limit} ${unit}\n`);
}

/** Jest's own count of suites, and how often runs ended so. @param {Comparison['stock']} runs */
function outcomes(runs) {
  const counts = new Map();
  for (const { exitCode, output } of runs) {
    const suites = /^Test Suites:.*$/m.exec(output)?.[0] ?? 'no summary';
    const text = `exit ${exitCode}, ${suites}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => `${count} × ${text}`).join('; ');
}

/** @param {Comparison['stock']} runs @param {'wallMs' | 'cpuMs'} measure */
function secondsOf(runs, measure) {
  return `${(medianInterval(runs.map((run) => run[measure])).median / 1000).toFixed(2)} s`;
}

/** @param {Interval} ratio */
export function ratioText({ median, low, high }) {
  return `${median.toFixed(3)} (${low.toFixed(3)}…${high.toFixed(3)})`;
}
