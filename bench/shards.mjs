/**
 * The slowest shard's time over the bound, on real timing files, with equal and unequal shards; planned by the durations
 * that are measured, and planned from earlier runs and measured on the next. Also the time that planning takes.
 * Usage: node bench/shards.mjs FOLDER (files `{ runs: [{ durationMs: { path: ms } }] }`, newest run last)
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lowerBoundMs } from '../dist/index.js';
import { projectsIn, randomFrom } from './instances.mjs';
import { referenceKernelMs } from './measure.mjs';
import { source } from './source.mjs';

const { planRun, emptyHistory, defaultProfile, profileOf } = await source(
  'shard/plan/plan.ts',
  'record/history.ts',
  'core/workload/profile.ts',
  'config/docblock/profile.ts',
);
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node bench/shards.mjs FOLDER');
const projects = projectsIn(folder);

/** Workers and speed of each shard's machine. */
const fleets = {
  '4 equal': [1, 1, 1, 1].map(() => ({ workers: 2, speed: 1 })),
  '8 equal': Array.from({ length: 8 }, () => ({ workers: 2, speed: 1 })),
  '4 unequal': [
    { workers: 4, speed: 2 },
    { workers: 2, speed: 1 },
    { workers: 2, speed: 1 },
    { workers: 1, speed: 0.7 },
  ],
};

console.log(`reference kernel ${referenceKernelMs().toFixed(0)} ms`);
console.log(
  'slowest shard / bound   suites   by the same durations: ours  longest-first   from the runs before: ours  longest-first   stock  round-robin',
);
for (const { name, runs } of projects) {
  for (const [fleetName, fleet] of Object.entries(fleets)) {
    const pairs = runs.slice(1).map(({ durationMs: now }, index) => {
      const before = runs[index].durationMs;
      const ids = Object.keys(now);
      const sorted = new Map([...ids].sort().map((id, place) => [id, place]));
      const bound = boundMs(ids, now, fleet);
      const slowest = (shardOf) => makespan(ids, now, fleet, shardOf) / bound;
      return [
        slowest(ours(now, fleet)),
        slowest(longestFirst(ids, now, fleet)),
        slowest(ours(before, fleet)),
        slowest(longestFirst(ids, before, fleet)),
        slowest(stock(ids, fleet.length)),
        slowest((id) => sorted.get(id) % fleet.length),
      ];
    });
    const ids = Object.keys(runs.at(-1).durationMs);
    const cells = pairs[0].map((_, column) =>
      (pairs.reduce((sum, pair) => sum + pair[column], 0) / pairs.length).toFixed(4),
    );
    console.log(
      `${name.padEnd(8)} ${fleetName.padEnd(14)} ${String(ids.length).padStart(6)} ${cells[0].padStart(28)} ${cells[1].padStart(14)} ${cells[2].padStart(28)} ${cells[3].padStart(14)} ${cells[4].padStart(7)} ${cells[5].padStart(12)}`,
    );
  }
}

const random = randomFrom(3);
const many = Object.fromEntries(
  Array.from({ length: 10_000 }, (_, n) => [
    `src/${n % 97}/test-${n}.test.js`,
    Math.round(1000 * Math.exp(random.normal())),
  ]),
);
for (const [what, fleet] of [
  ['64 equal shards, no fleet', undefined],
  [
    '64 shards of 4 kinds',
    Array.from({ length: 64 }, (_, n) => ({ workers: 2 + (n % 2), speed: 1 + (n % 4) })),
  ],
]) {
  const history = historyOf(many, fleet ?? []);
  const times = Array.from({ length: 10 }, () => {
    const before = process.cpuUsage();
    const plan = planRun({
      total: 64,
      history,
      ...(fleet && { fleet: fleet.map(machineOf) }),
    });
    for (const id of Object.keys(many)) plan.shardOf(suite(id));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  console.log(
    `planning 10,000 suites, ${what}: ${Math.min(...times).toFixed(0)} ms CPU, best of 10 (first ${times[0].toFixed(0)}), docblocks not read`,
  );
}

const directory = mkdtempSync(join(tmpdir(), 'bench-shards-'));
const paths = Object.keys(many).map((id, n) => {
  const path = join(directory, `${n}.test.js`);
  writeFileSync(
    path,
    n % 10 === 0
      ? `/**\n * @hardware gpu, cpu\n */\ntest('${id}', () => {});\n`
      : `test('${id}', () => {});\n`,
  );
  return path;
});
const reading = Array.from({ length: 10 }, () => {
  const before = process.cpuUsage();
  for (const path of paths) {
    const source = readFileSync(path, 'utf8');
    profileOf({ source, file: path, suitePath: path, options: { workloads: {}, profiles: [] } });
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
});
rmSync(directory, { recursive: true });
console.log(
  `reading 10,000 files and their docblocks: ${Math.min(...reading).toFixed(0)} ms CPU, best of 10`,
);

function suite(id) {
  return { id, fileBytes: 0, profile: defaultProfile };
}

function kindOf({ speed }) {
  return `speed ${speed}`;
}

function historyOf(durationMs, fleet) {
  const kinds = fleet.length === 0 ? [{ speed: 1 }] : fleet;
  return {
    ...emptyHistory,
    suites: new Map(
      Object.entries(durationMs).map(([id, ms]) => [
        id,
        {
          devices: new Map(
            kinds.map((kind) => {
              const each = Math.max(1, Math.round(ms / kind.speed));
              return [`cpu ${kindOf(kind)}`, { lastMs: each, meanMs: each, samples: 1 }];
            }),
          ),
          failedLast: false,
          missedRuns: 0,
        },
      ]),
    ),
  };
}

function machineOf({ workers, speed }, index) {
  const cpu = { id: 'cpu', class: 'cpu', model: kindOf({ speed }), usable: true, software: false };
  return {
    workers,
    machine: {
      version: 1,
      machine: {
        name: `m${index}`,
        platform: 'any',
        arch: 'any',
        cpuBudget: workers,
        memoryBudgetBytes: 2 ** 40,
      },
      devices: [{ ...cpu, memoryBytes: 2 ** 40, backends: [], precisions: [], features: [], evidence: {} }],
      problems: [],
    },
  };
}

function ours(durationMs, fleet) {
  const plan = planRun({
    total: fleet.length,
    history: historyOf(durationMs, fleet),
    fleet: fleet.map(machineOf),
  });
  return (id) => plan.shardOf(suite(id));
}

/** The longest suite goes to the shard with the least to do, by its workers and speed. */
function longestFirst(ids, durationMs, fleet) {
  const load = fleet.map(() => 0);
  const placed = new Map();
  const msOf = (id) => durationMs[id] ?? 0;
  for (const id of [...ids].sort((a, b) => msOf(b) - msOf(a) || (a < b ? -1 : 1))) {
    const after = fleet.map(({ workers, speed }, shard) => load[shard] + msOf(id) / (workers * speed));
    const shard = after.indexOf(Math.min(...after));
    load[shard] = after[shard];
    placed.set(id, shard);
  }
  return (id) => placed.get(id);
}

/** As Jest does: equal counts, in the order of a hash of the path. */
function stock(ids, total) {
  const sorted = [...ids].sort((a, b) => (sha1(a) < sha1(b) ? -1 : 1));
  const shardOf = new Map(
    sorted.map((id, index) => {
      let shard = 0;
      while (index >= Math.ceil((sorted.length / total) * (shard + 1))) shard++;
      return [id, shard];
    }),
  );
  return (id) => shardOf.get(id);
}

function sha1(text) {
  return createHash('sha1').update(text).digest('hex');
}

/** Each shard runs its own, the longest first. */
function makespan(ids, durationMs, fleet, shardOf) {
  return Math.max(
    ...fleet.map(({ workers, speed }, shard) => {
      const slots = Array.from({ length: workers }, () => 0);
      const own = ids.filter((id) => shardOf(id) === shard).map((id) => durationMs[id] / speed);
      for (const ms of own.sort((a, b) => b - a)) slots[slots.indexOf(Math.min(...slots))] += ms;
      return Math.max(...slots);
    }),
  );
}

function boundMs(ids, durationMs, fleet) {
  return lowerBoundMs({
    machines: fleet.map(({ workers }, n) => ({
      name: `m${n}`,
      workers,
      cpuThreads: workers,
      memoryBytes: 2 ** 40,
    })),
    pools: fleet.map(({ workers }, n) => ({ name: `m${n}`, machine: n, slots: workers })),
    suites: ids.map((id) => ({
      id,
      durationMs: fleet.map(({ speed }) => Math.max(1, durationMs[id] / speed)),
    })),
  });
}
