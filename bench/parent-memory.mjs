/** Peak memory of the Jest process itself on 200 suites with two workers. Linux only: the peak comes from /proc. */
import { fileURLToPath } from 'node:url';
import { compare } from './measure.mjs';
import { smallSuites, workspace } from './projects.mjs';
import { flags, heading, reportDifference } from './report.mjs';

heading('Peak memory of the Jest process');
const { jest } = smallSuites(workspace());
const node = ['--require', fileURLToPath(new URL('./peak-memory.cjs', import.meta.url))];
const comparison = compare({
  pairs: flags.pairs,
  stock: jest('stock', ['-w', '2'], { node }),
  ours: jest('ours', ['-w', '2'], { node }),
});
reportDifference('200 small suites, -w 2', comparison, peakMebibytes, 'MiB', 30);

/** @param {import('./measure.mjs').Run} run */
function peakMebibytes({ output }) {
  return Number(/^peak memory (\d+) KiB$/m.exec(output)?.[1]) / 1024;
}
