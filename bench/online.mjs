/**
 * Deciding on line, against the bound of who knows all true durations beforehand: real timings on made-up unequal fleets,
 * a tenth of the suites unknown, true durations off by a log-normal factor of sigma. Seeds 1 to 140 were
 * used in development, 1001 to 1030 led to a change once, 2001 to 2030 and 3001 to 3030 were run after others; with
 * scarce memory and workers 4001 to 4030 and 6001 to 6030 once, 5001 to 5030 in search of causes; 7001 to 7030 once, on all
 * three. For the next change take new ones (--first).
 * Usage: node bench/online.mjs FOLDER [--only 1|2|3|4] [--seeds N] [--first SEED]
 */
import { fleetInstance, largeInstance, memoryInstance, sharedInstance, timingsIn } from './instances.mjs';
import { referenceKernelMs } from './measure.mjs';
import { onlineScenario, scenarioOf } from './online-cases.mjs';
import { source } from './source.mjs';

const { runCase, caseOf, strategyNames } = await source(
  'simulate/case.ts',
  'simulate/scenario/case.ts',
  'core/strategies/index.ts',
);
const argv = process.argv.slice(2);
const flag = (name, usual) => (argv.includes(name) ? Number(argv[argv.indexOf(name) + 1]) : usual);
const [folder] = argv;
if (folder === undefined || folder.startsWith('--')) throw new Error('usage: node bench/online.mjs FOLDER');
const only = flag('--only', 0);
const seeds = Array.from({ length: flag('--seeds', 30) }, (_, index) => flag('--first', 8001) + index);

console.log(`reference kernel ${referenceKernelMs().toFixed(0)} ms`);
const kinds = [
  ['slots alone', fleetInstance],
  ['memory and several devices', memoryInstance],
  ['shared workers', sharedInstance],
];
kinds.forEach(([what, make], index) => {
  if (only === 0 || only === index + 1) ratios(what, make);
});
if (only === 0 || only === 4) decisions();

function ratios(what, make) {
  const timings = timingsIn(folder);
  console.log(
    `\n${what}: makespan / clairvoyant bound, ${seeds.length} seeds; paired with pull: geometric mean and worst of strategy / pull`,
  );
  console.log('sigma  strategy             mean  median     p95     max   / pull   worst   ms per decision');
  for (const sigma of [0.1, 0.3, 0.6]) {
    const results = new Map(strategyNames.map((name) => [name, []]));
    for (const seed of seeds) {
      const given = caseOf(onlineScenario(make, timings[seed % timings.length], seed, sigma));
      for (const name of strategyNames) results.get(name).push(runCase(given, name));
    }
    const pull = results.get('pull').map(({ ratio }) => ratio);
    for (const [name, all] of results) {
      const own = all.map(({ ratio }) => ratio);
      const sorted = [...own].sort((a, b) => a - b);
      const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
      const paired = own.map((ratio, index) => ratio / pull[index]);
      const cells = [
        mean(own),
        sorted[sorted.length >> 1],
        sorted[Math.min(sorted.length - 1, Math.floor(0.95 * sorted.length))],
        sorted.at(-1),
        Math.exp(mean(paired.map(Math.log))),
        Math.max(...paired),
        mean(all.map(({ planCpuMs, decisions: count }) => planCpuMs / count)),
      ];
      console.log(
        `${sigma}    ${name.padEnd(17)}${cells.map((each) => each.toFixed(3).padStart(8)).join('')}`,
      );
    }
  }
}

function decisions() {
  console.log(
    '\ntime to decide, adaptive: pending suites, slots (12 pools), ms per decision, makespan / bound',
  );
  for (const [suites, slots] of [
    [1000, 10],
    [10_000, 10],
    [10_000, 100],
    [10_000, 1000],
    [100_000, 100],
    [100_000, 1000],
  ]) {
    const {
      planCpuMs,
      decisions: count,
      ratio,
    } = runCase(caseOf(scenarioOf(largeInstance(suites, Math.min(12, slots), slots, 94))), 'adaptive');
    const perDecision = (planCpuMs / count).toFixed(3);
    console.log(
      `${String(suites).padStart(7)} ${String(slots).padStart(5)} ${perDecision.padStart(8)} ${ratio.toFixed(4).padStart(8)}`,
    );
  }
}
