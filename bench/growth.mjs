/**
 * How the cost of a suite grows with the suites before it: CPU time by hundreds, memory, heap, and whole runs of
 * 50 … 2,000 suites.
 */
import { marked, markModule } from './marks.mjs';
import { compare, inTurns, medianInterval } from './measure.mjs';
import { smallSuites, workspace } from './projects.mjs';
import { flags, heading, ratioText, reportComparison, reportDifference } from './report.mjs';

/** @typedef {import('./measure.mjs').Run} Run */

heading('Growth: what a suite costs after many others');
const root = workspace();
const hundred = 100;
const setup = { files: markModule, config: { setupFiles: ['<rootDir>/mark.cjs'] } };
const many = smallSuites(root, 600, { name: 'many', ...setup });

for (const { mode, cpu } of [
  { mode: '-w 2', cpu: 0.3 },
  { mode: '-i', cpu: 0.2 },
]) {
  const title = `600 small suites, ${mode}`;
  if (!title.includes(flags.only)) continue;
  const side = (/** @type {'stock' | 'ours'} */ which) =>
    marked(many.jest(which, mode.split(' '), { fresh: 'cold' }));
  const comparison = compare({ pairs: flags.pairs, stock: side('stock'), ours: side('ours') });
  reportComparison(title, comparison, { cpu });
  for (const which of /** @type {const} */ (['stock', 'ours'])) {
    const runs = comparison[which];
    const hundreds = [0, 1, 2, 3, 4, 5].map(
      (nth) => medianInterval(runs.map((run) => meanOf(run, nth * hundred))).median,
    );
    const lastToSecond = medianInterval(runs.map((run) => meanOf(run, 500) / meanOf(run, hundred)));
    row(`${title}, ${which}: CPU of a suite by hundreds`, {
      ms: hundreds.map((ms) => Number(ms.toFixed(1))),
      'last to second': ratioText(lastToSecond),
    });
  }
  if (process.platform === 'linux') {
    const peaks = comparison.stock.map(
      (stock, pair) => marksOf(comparison.ours[pair]).peakBytes / marksOf(stock).peakBytes,
    );
    row(
      `${title}: peak memory of ${mode === '-i' ? 'the process' : 'a worker'}, ours to stock (target 1.10)`,
      {
        ratio: ratioText(medianInterval(peaks)),
        MiB: `${mebibytes(comparison.stock)} → ${mebibytes(comparison.ours)}`,
      },
    );
  }
}

for (const mode of ['-i', '-w 2']) {
  const title = `heap after 600 suites, --logHeapUsage, ${mode}`;
  if (!title.includes(flags.only)) continue;
  const side = (/** @type {'stock' | 'ours'} */ which) =>
    many.jest(which, ['--logHeapUsage', ...mode.split(' ')], { node: ['--expose-gc'] });
  const comparison = compare({ pairs: flags.pairs, stock: side('stock'), ours: side('ours') });
  reportDifference(title, comparison, lastHeapMebibytes, 'MiB', 0);
}

for (const count of [50, 100, 200, 500, 1000, 2000]) {
  const title = `growth: ${count} suites, -w 2`;
  if (!title.includes(flags.only)) continue;
  const { jest } = smallSuites(root, count, { name: `growth-${count}` });
  const side = (/** @type {'stock' | 'ours'} */ which) => jest(which, ['-w', '2'], { fresh: 'cold' });
  const { runs } = inTurns({ pairs: flags.pairs, sides: { stock: side('stock'), ours: side('ours') } });
  const perSuite = (/** @type {Run[]} */ of) =>
    medianInterval(of.map(({ cpuMs }) => cpuMs / count)).median.toFixed(1);
  const ratio = medianInterval(runs.ours.map(({ cpuMs }, pair) => cpuMs / (runs.stock[pair]?.cpuMs ?? NaN)));
  row(title, {
    'CPU per suite, ms': `${perSuite(runs.stock)} → ${perSuite(runs.ours)}`,
    ratio: ratioText(ratio),
  });
}

/** @param {Run | undefined} run */
function marksOf(run) {
  return /** @type {import('./marks.mjs').Marks} */ (run?.notes);
}

/** @param {Run} run @param {number} from CPU of the hundred suites from there on, a suite. */
function meanOf(run, from) {
  const part = marksOf(run).cpuMs.slice(from, from + hundred);
  return part.reduce((total, ms) => total + ms, 0) / part.length;
}

/** @param {readonly Run[]} runs */
function mebibytes(runs) {
  return (medianInterval(runs.map((run) => marksOf(run).peakBytes)).median / 2 ** 20).toFixed(0);
}

/** The median of the last twenty suites, as Jest prints it. @param {Run} run */
function lastHeapMebibytes({ output }) {
  const sizes = [...output.matchAll(/\((\d+) MB heap size\)/g)].map(([, size]) => Number(size));
  return medianInterval(sizes.slice(-20)).median;
}

/** @param {string} name @param {Record<string, unknown>} values */
function row(name, values) {
  if (flags.json) console.log(JSON.stringify({ name, ...values }));
  else
    console.log(
      `${name}\n  ${Object.entries(values)
        .map(([key, value]) => `${key} ${Array.isArray(value) ? value.join(' ') : value}`)
        .join('   ')}\n`,
    );
}
