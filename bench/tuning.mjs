/**
 * How flat the scheduler is around its tuned constants: each entry of a `tuning` table at half and at double, on the cases of
 * bench/online.mjs (real timings on made-up fleets, a tenth of the suites unknown, σ 0.3). Shown are the total time over
 * that with the value as it is, as geometric mean and range over all cases, and the same for the CPU time of the simulations.
 * Usage: node bench/tuning.mjs FOLDER [--only ENTRY] [--seeds N] [--first SEED]
 */
import { fleetInstance, memoryInstance, sharedInstance, timingsIn } from './instances.mjs';
import { onlineScenario } from './online-cases.mjs';
import { sourceWith } from './source.mjs';

const argv = process.argv.slice(2);
const flag = (name, usual) => (argv.includes(name) ? argv[argv.indexOf(name) + 1] : usual);
const [folder] = argv;
if (folder === undefined || folder.startsWith('--')) throw new Error('usage: node bench/tuning.mjs FOLDER');
const only = flag('--only', '');
const first = Number(flag('--first', 9001));
const seeds = Array.from({ length: Number(flag('--seeds', 6)) }, (_, index) => first + index);

const allKinds = [fleetInstance, memoryInstance, sharedInstance];
/** Suites of several devices and much memory have to wait for others; a hundredth takes ten times as long as expected. */
const waiting = { kinds: [memoryInstance], strategies: ['adaptive', 'pull'] };
const stragglers = {
  kinds: [fleetInstance, sharedInstance],
  strategies: ['adaptive', 'pull'],
  slowShare: 0.01,
};
const planned = { kinds: allKinds, strategies: ['adaptive'] };

const entries = [
  ['core/strategies/plan-follower.ts', 'replannedShare', 0.2, planned],
  ['core/strategies/plan-follower.ts', 'replannedShareWhenIdle', 0.06, planned],
  ['core/strategies/plan-follower.ts', 'reviewFactor', 1.1, planned],
  ['core/strategies/plan-follower.ts', 'leastReviewMs', 1000, planned],
  ['core/strategies/preferred-durations.ts', 'unmeasuredSpread', 1, planned],
  ['core/strategies/preferred-durations.ts', 'mostReluctance', 2, planned],
  ['core/strategies/preferred-durations.ts', 'unsuitedFactor', 1.5, planned],
  [
    'core/strategies/performance-aware.ts',
    'consideredSuites',
    64,
    { kinds: allKinds, strategies: ['performance-aware'] },
  ],
  ['core/scheduler/reservation.ts', 'bypassesBeforeReservation', 32, waiting],
  ['core/scheduler/reservation.ts', 'candidatePatience', 2, waiting],
  ['core/scheduler/speculation.ts', 'overdueFactor', 3, stragglers],
  ['core/scheduler/speculation.ts', 'leastOverdueMs', 5000, stragglers],
  ['core/scheduler/speculation.ts', 'requiredSpeedup', 1.5, stragglers],
];

const timings = timingsIn(folder);
const asItIs = new Map();
console.log('entry                          value   total time: mean       range                 CPU');
for (const [file, entry, value, cases] of entries) {
  if (!entry.includes(only)) continue;
  if (!asItIs.has(cases)) asItIs.set(cases, await results(cases, []));
  for (const factor of [0.5, 2]) {
    const changed = await results(cases, [{ file, entry, value: value * factor }]);
    const base = asItIs.get(cases);
    const ratios = changed.makespansMs.map((ms, index) => ms / base.makespansMs[index]);
    const effort = changed.cpuMs / base.cpuMs;
    const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
    const range = `${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}`;
    console.log(
      `${entry.padEnd(27)}${String(value * factor).padStart(9)}   ${mean.toFixed(4).padStart(16)}   ${range}   ${effort.toFixed(2).padStart(15)}`,
    );
  }
}

async function results({ kinds, strategies, slowShare }, changes) {
  const { runCase, caseOf } = await sourceWith(changes, 'simulate/case.ts', 'simulate/scenario/case.ts');
  const startedAt = process.cpuUsage();
  const makespansMs = seeds.flatMap((seed) =>
    kinds.flatMap((make) => {
      const given = caseOf(onlineScenario(make, timings[seed % timings.length], seed, 0.3, slowShare));
      return strategies.map((strategy) => runCase(given, strategy).makespanMs);
    }),
  );
  const { user, system } = process.cpuUsage(startedAt);
  return { makespansMs, cpuMs: (user + system) / 1000 };
}
