import { parseArgs } from 'node:util';
import { FaultyRuns } from './seeded-run.js';

/** Prints what each run with one fault did: `--runs N` of them, the first one by `--seed S`; by ssh, or `--fleet`. */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    fleet: { type: 'boolean', default: false },
  },
});
const runs = await FaultyRuns.open(values.fleet ? 'fleet' : 'ssh');
let failed = 0;
const happened = new Map<string, number>();
try {
  for (let seed = Number(values.seed); seed < Number(values.seed) + Number(values.runs); seed += 1) {
    const { fault, what, hasHappened, problems, tookMs, ...counted } = await runs.run(seed);
    if (problems.length > 0) failed += 1;
    happened.set(fault, (happened.get(fault) ?? 0) + Number(hasHappened));
    const counts = `machines lost ${counted.lostMachines}, not joined ${counted.refusedMachines}, late results ${counted.lateResults}, ${(tookMs / 1000).toFixed(1)} s`;
    const verdict = problems.length > 0 ? 'FAILED' : hasHappened ? 'passed' : 'passed (too late for it)';
    process.stdout.write(`seed ${seed}  ${verdict}  ${what}; ${counts}\n`);
    for (const problem of problems) process.stdout.write(`         ${problem}\n`);
  }
} finally {
  await runs.close();
}
for (const [fault, times] of happened) process.stdout.write(`${times} times: ${fault}\n`);
process.stdout.write(`${failed} of ${values.runs} runs failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
