/**
 * Suites whose native library keeps threads of its own, two workers. Three ways to write them: with as many threads as
 * the machine has cores and not a word about it; the same, tagged `@cpu`; and with as many as the placement says.
 */
import { availableParallelism } from 'node:os';
import { compare } from './measure.mjs';
import { nativeSuites, workspace } from './projects.mjs';
import { flags, heading, reportComparison } from './report.mjs';

heading('Native libraries with a thread for every core');
const root = workspace();
const cores = availableParallelism();
const variants = {
  untagged: nativeSuites(root, 'untagged', { threads: 'cores' }),
  [`tagged @cpu ${cores}`]: nativeSuites(root, 'tagged', { threads: 'cores', pragmas: ` * @cpu ${cores}\n` }),
  'threads from the placement': nativeSuites(root, 'placed', { threads: 'placement.cpuThreads ?? cores' }),
};
for (const [name, { jest }] of Object.entries(variants)) {
  if (!name.includes(flags.only)) continue;
  const comparison = compare({
    pairs: flags.pairs,
    stock: jest('stock', ['-w', '2']),
    ours: jest('ours', ['-w', '2']),
  });
  reportComparison(`8 suites with ${cores} threads each, ${name}`, comparison, { ratio: 1, high: 1.05 });
}
