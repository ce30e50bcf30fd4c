/**
 * CPU time that the plug-in adds to the start of a run: of Jest as a whole on one trivial suite, and of its stages in
 * fresh processes that have loaded what Jest itself loads.
 */
import { fileURLToPath } from 'node:url';
import { compare, medianInterval, run } from './measure.mjs';
import { project, workspace } from './projects.mjs';
import { flags, heading, reportDifference } from './report.mjs';

heading('CPU time added at start-up');
const root = workspace();
const { directory, jest } = project(root, 'trivial', { 'trivial.test.js': "test('passes', () => {});\n" });

// Much shorter than the other benchmarks, so more of them.
const comparison = compare({ pairs: 2 * flags.pairs, stock: jest('stock', []), ours: jest('ours', []) });
reportDifference('CPU of a whole run of one trivial suite', comparison, ({ cpuMs }) => cpuMs, 'ms', 50);

const stagesModule = fileURLToPath(new URL('./startup-stages.mjs', import.meta.url));
const samples = Array.from({ length: flags.pairs }, () => {
  const { output } = run({ cwd: directory, argv: [process.execPath, stagesModule, root] });
  return /** @type {Record<string, number>} */ (JSON.parse(output));
});
for (const stage of Object.keys(samples[0] ?? {})) {
  const cpuMs = samples.map((sample) => sample[stage] ?? NaN);
  const { median } = medianInterval(cpuMs);
  const line = { stage, medianMs: median, bestMs: Math.min(...cpuMs) };
  if (flags.json) console.log(JSON.stringify(line));
  else console.log(`  ${stage.padEnd(40)} ${median.toFixed(1)} ms, best ${line.bestMs.toFixed(1)} ms`);
}
