/**
 * How near plans come to the bound that no plan beats, and what they cost in CPU time of this process (best of several
 * plans of the same instance, without the generator). Seeds are fixed and were not used to tune the planner.
 * Usage: node bench/plan.mjs [FOLDER of timing files]
 */
import { plan } from '../dist/index.js';
import {
  etcInstance,
  etcKinds,
  fleetInstance,
  largeInstance,
  memoryInstance,
  timingsIn,
} from './instances.mjs';
import { referenceKernelMs } from './measure.mjs';

const [folder] = process.argv.slice(2).filter((word) => !word.startsWith('--'));

console.log(`reference kernel ${referenceKernelMs().toFixed(0)} ms`);
console.log(
  'instance                                moves     n   mean  median     p95     max   CPU ms  longest-first',
);
etc(512, 16, 2e6);
etc(512, 16, 45e6);
etc(1024, 32, 12e6);
etc(2048, 64, 15e6);
etc(512, 16);
etc(1024, 32);
etc(2048, 64);
if (folder !== undefined) {
  const timings = timingsIn(folder);
  const seeds = Array.from({ length: 45 }, (_, index) => 5001 + index);
  const withTimings = (make) => seeds.map((seed) => make(timings[seed % timings.length], seed));
  row('real timings, unequal fleets', withTimings(fleetInstance), 4e6);
  row('… with memory, several devices', withTimings(memoryInstance), 1e6);
}
row('10,000 x 64, 6 pools', [largeInstance(10_000, 6, 64, 91)], 3e5, 10);
row('10,000 x 64, 64 pools', [largeInstance(10_000, 64, 64, 92)], 1e6, 5);
row('100,000 x 1,000, 12 pools', [largeInstance(100_000, 12, 1000, 93)], 1e6, 3);
console.log(`peak memory of this process ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);

console.log('\ngrowth, 6 pools: suites x slots, ratio, CPU ms (default moves)');
for (const suites of [100, 1000, 10_000, 100_000]) {
  const cells = [4, 16, 64, 256, 1000].map((slots) => {
    const instance = largeInstance(suites, Math.min(6, slots), slots, 7);
    const { ratio, cpuMs } = measured(instance, undefined, suites > 10_000 ? 1 : 3);
    return `${slots}: ${ratio.toFixed(3)} ${cpuMs.toFixed(0)}`.padEnd(16);
  });
  console.log(`${String(suites).padStart(7)}   ${cells.join('')}`);
}

function etc(suites, machines, moves) {
  row(
    `ETC ${suites} x ${machines}, 12 kinds`,
    etcKinds.map((kind, index) => etcInstance(kind, suites, machines, 9000 + index)),
    moves,
  );
}

function row(name, instances, moves, repeats = 3) {
  const results = instances.map((instance) => measured(instance, moves, repeats));
  const ratios = results.map(({ ratio }) => ratio).sort((a, b) => a - b);
  const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  const at = (share) => ratios[Math.min(ratios.length - 1, Math.floor(share * ratios.length))] ?? Number.NaN;
  const naive = instances.map(longestFirst).filter((ratio) => ratio !== undefined);
  console.log(
    [
      name.padEnd(34),
      String(moves ?? 'default').padStart(9),
      String(instances.length).padStart(5),
      ...[mean(ratios), at(0.5), at(0.95), ratios.at(-1) ?? 0].map((each) => each.toFixed(4).padStart(7)),
      mean(results.map(({ cpuMs }) => cpuMs))
        .toFixed(0)
        .padStart(8),
      naive.length > 0 ? mean(naive).toFixed(3).padStart(10) : '',
    ].join(' '),
  );
}

function measured(instance, moves, repeats) {
  let cpuMs = Number.POSITIVE_INFINITY;
  let ratio = Number.NaN;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const before = process.cpuUsage();
    const { makespanMs, boundMs } = plan(instance, moves === undefined ? {} : { moves });
    const { user, system } = process.cpuUsage(before);
    cpuMs = Math.min(cpuMs, (user + system) / 1000);
    ratio = makespanMs / boundMs;
  }
  return { ratio, cpuMs };
}

/** What one would write by hand: longest first, each where it ends first. Not where memory or devices matter. */
function longestFirst(instance) {
  if (instance.suites.length > 20_000 || instance.suites.some(({ devices }) => devices !== undefined))
    return undefined;
  const ends = instance.pools.map(({ slots }) => Array.from({ length: slots }, () => 0));
  const least = ({ durationMs }) => Math.min(...durationMs);
  for (const { durationMs } of [...instance.suites].sort((a, b) => least(b) - least(a))) {
    let best = { endMs: Number.POSITIVE_INFINITY, pool: 0, slot: 0 };
    ends.forEach((slots, pool) => {
      slots.forEach((freeMs, slot) => {
        const endMs = freeMs + durationMs[pool];
        if (endMs < best.endMs) best = { endMs, pool, slot };
      });
    });
    ends[best.pool][best.slot] = best.endMs;
  }
  return Math.max(...ends.flat()) / plan(instance, { moves: 0 }).boundMs;
}
