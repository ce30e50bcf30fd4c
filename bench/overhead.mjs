/**
 * Wall time and CPU time of a whole run against stock Jest: two workers and in band; cold, without history, and when both
 * have one; with our fast path and without it.
 */
import { inTurns } from './measure.mjs';
import { skewedSuites, smallSuites, workspace } from './projects.mjs';
import { flags, heading, reportComparison } from './report.mjs';

heading('Overhead against stock Jest');
const root = workspace();
const small = smallSuites(root);
const skewed = skewedSuites(root);
const one = smallSuites(root, 1, { name: 'one' });

const cold = { fresh: /** @type {const} */ ('cold') };
const cases = [
  {
    name: '200 small suites, -w 2, cold',
    of: small,
    args: ['-w', '2'],
    options: cold,
    target: { ratio: 0.45, cpu: 0.42 },
  },
  {
    name: '200 small suites, -w 2, both with history',
    of: small,
    args: ['-w', '2'],
    target: { ratio: 0.45, cpu: 0.42 },
  },
  { name: '200 small suites, -i, cold', of: small, args: ['-i'], options: cold, target: { cpu: 0.42 } },
  {
    name: '60 skewed suites, -w 2, without history',
    of: skewed,
    args: ['-w', '2'],
    options: { fresh: true },
    target: { ratio: 1.02 },
  },
  {
    name: '60 skewed suites, -w 2, both with history',
    of: skewed,
    args: ['-w', '2'],
    target: { ratio: 0.85 },
  },
  { name: '60 skewed suites, -i, both with history', of: skewed, args: ['-i'], target: { ratio: 1 } },
  { name: 'one small suite, warm', of: one, args: [], target: { ratio: 1 } },
];

for (const { name, of, args, options, target } of cases) {
  if (!name.includes(flags.only)) continue;
  const { runs, referenceMs } = inTurns({
    pairs: flags.pairs,
    sides: {
      stock: of.jest('stock', args, options),
      ours: of.jest('ours', args, options),
      unfast: of.jest('unfast', args, options),
    },
  });
  reportComparison(name, { stock: runs.stock, ours: runs.ours, referenceMs }, target);
  reportComparison(`${name}, fast: false`, { stock: runs.stock, ours: runs.unfast, referenceMs });
}
