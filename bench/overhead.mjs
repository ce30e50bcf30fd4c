/** Wall time of a whole run against stock Jest: two workers and in band, without history and when both have one. */
import { compare } from './measure.mjs';
import { skewedSuites, smallSuites, workspace } from './projects.mjs';
import { flags, heading, reportComparison } from './report.mjs';

heading('Overhead against stock Jest');
const root = workspace();
const projects = { '200 small suites': smallSuites(root), '60 skewed suites': skewedSuites(root) };

for (const [name, { jest }] of Object.entries(projects)) {
  for (const mode of ['-w 2', '-i']) {
    for (const fresh of [true, false]) {
      const title = `${name}, ${mode}, ${fresh ? 'without history' : 'both with history'}`;
      if (!title.includes(flags.only)) continue;
      const side = (/** @type {'stock' | 'ours'} */ which) => jest(which, mode.split(' '), { fresh });
      const comparison = compare({ pairs: flags.pairs, stock: side('stock'), ours: side('ours') });
      reportComparison(title, comparison, { ratio: fresh ? 1.02 : 1, high: 1.05 });
    }
  }
}
