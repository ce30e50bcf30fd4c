/**
 * Instances for the planner and the scheduler, all from seeded generators: range-based ETC matrices as in the literature on
 * heterogeneous scheduling (Braun et al. 2001), and unequal fleets for real test-timing files.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {import('../dist/index.js').PlanInstance} PlanInstance
 * @typedef {{ name: string, ids: readonly string[], durationsMs: readonly number[] }} Timings
 */

/** @param {number} seed */
export function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    /** @param {number} count */
    below: (count) => Math.floor(next() * count),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}

export const etcKinds = ['consistent', 'semi-consistent', 'inconsistent'].flatMap((consistency) =>
  [3000, 100].flatMap((taskHeterogeneity) =>
    [1000, 10].map((machineHeterogeneity) => ({ consistency, taskHeterogeneity, machineHeterogeneity })),
  ),
);

/**
 * @param {typeof etcKinds[number]} kind
 * @returns {PlanInstance} `machines` slots, each of a pool of its own.
 */
export function etcInstance(kind, suites, machines, seed) {
  const { consistency, taskHeterogeneity, machineHeterogeneity } = kind;
  const random = randomFrom(seed);
  const rows = Array.from({ length: suites }, () => {
    const base = 1 + random.next() * (taskHeterogeneity - 1);
    const row = Array.from({ length: machines }, () =>
      Math.round(10 * base * (1 + random.next() * (machineHeterogeneity - 1))),
    );
    if (consistency === 'consistent') row.sort((a, b) => a - b);
    if (consistency === 'semi-consistent') {
      const even = row.filter((_, index) => index % 2 === 0).sort((a, b) => a - b);
      even.forEach((ms, index) => {
        row[2 * index] = ms;
      });
    }
    return row;
  });
  return instanceOf(
    Array.from({ length: machines }, () => 1),
    rows,
  );
}

/**
 * Real timings of a project on a made-up fleet: 2 to 6 pools of 10 to 64 slots together, each with a speed of its own
 * (up to 3.3 times faster or slower) and a factor for every suite (log-normal, σ 0.35); 15 % of the suites run on one
 * pool alone, a quarter on some of them.
 * @param {Timings} timings
 */
export function fleetInstance({ durationsMs }, seed) {
  const random = randomFrom(seed);
  const poolCount = 2 + random.below(5);
  const slotCount = 10 + random.below(55);
  const counts = Array.from({ length: poolCount }, () => 1);
  const speeds = counts.map(() => Math.exp((random.next() - 0.5) * 2.4));
  for (let slot = poolCount; slot < slotCount; slot++) counts[random.below(poolCount)]++;
  const rows = durationsMs.map((ms) => {
    const row = speeds.map((speed) =>
      Math.max(1, Math.round((ms / speed) * Math.exp(0.35 * random.normal()))),
    );
    const picky = random.next();
    const only = random.below(poolCount);
    return row.map((each, pool) => {
      const out = picky < 0.15 ? pool !== only : picky < 0.4 && pool !== only && random.next() < 0.4;
      return out ? Number.POSITIVE_INFINITY : each;
    });
  });
  return instanceOf(counts, rows);
}

/**
 * The same with scarce memory (machines of 4 to 16 GiB per slot, suites of up to 24 GiB) and suites that take 2 or 4
 * devices at once.
 * @param {Timings} timings
 */
export function memoryInstance(timings, seed) {
  const random = randomFrom(seed + 1_000_000);
  const { machines, pools, suites } = fleetInstance(timings, seed);
  const GiB = 2 ** 30;
  return {
    machines: machines.map((machine) => ({
      ...machine,
      memoryBytes: machine.workers * GiB * (4 + random.below(13)) + 24 * GiB,
    })),
    pools,
    suites: suites.map((suite) => {
      const hungry = random.next();
      const wide = random.next();
      const widest = Math.max(
        ...pools.map(({ slots }, pool) => (suite.durationMs[pool] < Infinity ? slots : 0)),
      );
      const devices = wide < 0.03 && widest >= 4 ? 4 : wide < 0.1 && widest >= 2 ? 2 : 1;
      return {
        ...suite,
        hostMemoryBytes: Math.round((hungry < 0.2 ? 24 * random.next() : 2) * GiB),
        devices,
      };
    }),
  };
}

/**
 * One machine whose CPU, GPUs and NPU share its workers: a tenth of the suites need the GPU, four tenths are up to five or
 * six times as fast on an accelerator.
 * @param {Timings} timings
 * @param {number} seed
 * @returns {PlanInstance}
 */
export function sharedInstance({ durationsMs }, seed) {
  const random = randomFrom(seed + 2_000_000);
  const workers = 2 + random.below(10);
  const machine = { name: 'm0', workers, cpuThreads: 2 * workers, memoryBytes: 2 ** 40 };
  const gpus = 1 + random.below(3);
  const none = Number.POSITIVE_INFINITY;
  const rows = durationsMs.slice(0, 200 + random.below(600)).map((ms) => {
    const kind = random.next();
    const faster = random.next();
    if (kind < 0.1) return [none, ms, none];
    if (kind < 0.4) return [ms, ms / (1 + 4 * faster), none];
    if (kind < 0.5) return [ms, ms / 2, ms / (1 + 5 * faster)];
    return [ms, none, none];
  });
  return {
    machines: [machine],
    pools: [
      { name: 'cpu', machine: 0, slots: workers },
      { name: 'gpu', machine: 0, slots: gpus },
      { name: 'npu', machine: 0, slots: 1 },
    ],
    suites: rows.map((durationMs, index) => ({ id: `s${String(index).padStart(6, '0')}`, durationMs })),
  };
}

/** @returns {PlanInstance} */
export function largeInstance(suites, poolCount, slotCount, seed) {
  const random = randomFrom(seed);
  const counts = Array.from({ length: poolCount }, () => 1);
  for (let slot = poolCount; slot < slotCount; slot++) counts[random.below(poolCount)]++;
  const speeds = counts.map(() => Math.exp((random.next() - 0.5) * 2));
  const rows = Array.from({ length: suites }, () => {
    // Skewed as real suites are, but without one that takes longer than all the rest.
    const ms = Math.min(60_000, 1000 * Math.exp(random.normal()));
    return speeds.map((speed) =>
      random.next() < 0.2
        ? Number.POSITIVE_INFINITY
        : Math.max(1, Math.round((ms / speed) * Math.exp(0.3 * random.normal()))),
    );
  });
  for (const row of rows) if (row.every((ms) => ms === Number.POSITIVE_INFINITY)) row[0] = 1000;
  return instanceOf(counts, rows);
}

/** @returns {PlanInstance} */
function instanceOf(counts, rows) {
  return {
    machines: counts.map((slots, index) => ({
      name: `m${index}`,
      workers: slots,
      cpuThreads: slots,
      memoryBytes: 2 ** 40,
    })),
    pools: counts.map((slots, index) => ({ name: `m${index}`, machine: index, slots })),
    suites: rows.map((durationMs, index) => ({ id: `s${String(index).padStart(6, '0')}`, durationMs })),
  };
}

/**
 * @param {string} folder Files of the form `{ runs: [{ takenAt, durationMs: { path: ms } }] }`, newest run last; sizes of
 * the test files may stand beside them as `fileBytes: { path: bytes }`.
 * @returns All runs of each file.
 */
export function projectsIn(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => {
      const { runs, fileBytes = {} } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      return { name: name.replace('.json', ''), runs, fileBytes };
    });
}

/** @returns {readonly Timings[]} The newest run of each file. */
export function timingsIn(folder) {
  return projectsIn(folder).map(({ name, runs }) => {
    const { durationMs } = runs.at(-1);
    return { name, ids: Object.keys(durationMs), durationsMs: Object.values(durationMs) };
  });
}
