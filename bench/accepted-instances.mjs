/**
 * Writes the small instances that the tests plan, each with the range of ratios (total time / bound) that is accepted.
 * Without the search's tabu list, its growing penalty, its swaps, the reduced cost in what it minimises, or the dives, at
 * least one ratio leaves its range. Usage: node bench/accepted-instances.mjs, then biome check --write.
 */
import { mkdirSync, writeFileSync } from 'node:fs';

const folder = new URL('../__tests__/core/planner/instances/', import.meta.url);

/** A little above what the planner reached when the table was written; far below it, the bound or the instance is wrong. */
const table = [
  { name: 'five-machines', seed: 1, machines: 5, slots: 1, suites: 60, acceptedRatio: [1.005, 1.02] },
  { name: 'eight-pairs', seed: 2, machines: 8, slots: 2, suites: 100, acceptedRatio: [1.005, 1.021] },
  { name: 'eight-pairs-again', seed: 3, machines: 8, slots: 2, suites: 100, acceptedRatio: [1.01, 1.035] },
  { name: 'sixteen-machines', seed: 4, machines: 16, slots: 1, suites: 120, acceptedRatio: [1.03, 1.0445] },
  { name: 'four-times-four', seed: 5, machines: 4, slots: 4, suites: 80, acceptedRatio: [1.005, 1.022] },
  {
    name: 'semi-consistent',
    seed: 11,
    machines: 16,
    slots: 1,
    suites: 240,
    isSemiConsistent: true,
    moves: 6_000_000,
    acceptedRatio: [1.01, 1.018],
  },
  {
    name: 'scarce-memory',
    seed: 6,
    machines: 3,
    slots: 3,
    suites: 60,
    memoryGib: 8,
    acceptedRatio: [1.1, 1.23],
  },
];

mkdirSync(folder, { recursive: true });
mkdirSync(new URL('../../estimate/', folder), { recursive: true });
for (const { name, acceptedRatio, moves = 300_000, ...shape } of table) {
  const text = JSON.stringify({ acceptedRatio, moves, instance: instanceOf(shape) }, undefined, 1);
  // A list of numbers on one line.
  writeFileSync(new URL(`${name}.json`, folder), `${text.replace(/\[\s+([\d.,\s]+?)\s+\]/g, flat)}\n`);
}

writeFileSync(
  new URL('../../estimate/predictions.json', folder),
  `${JSON.stringify({ acceptedError: { 'other-device': [0.15, 0.25], unseen: [0.3, 0.43] }, ...observed() })}\n`,
);

/** Suites of three workloads on two kinds of devices, quick and slow ones apart in directories; tests ask for some that were not seen there. */
function observed() {
  const random = randomFrom(7);
  const normal = () => Array.from({ length: 12 }, random).reduce((sum, each) => sum + each, -6);
  const faster = { general: 1.5, nlp: 12, audio: 3 };
  const directories = {
    unit: ['general', -1.5],
    api: ['general', 0.8],
    nlp: ['nlp', 1.8],
    audio: ['audio', 0],
  };
  const suites = Array.from({ length: 120 }, (_, index) => {
    const directory = Object.keys(directories)[((index * 7) % 9) % 4];
    const [workload, level] = directories[directory];
    const fileBytes = Math.round(4096 * Math.exp(0.8 * normal()));
    const cpuMs = 2000 * Math.exp(level + 0.9 * Math.log(fileBytes / 4096) + 0.3 * normal());
    return {
      id: `${directory}/s${index}.test.js`,
      workload,
      fileBytes,
      ms: { cpu: Math.round(cpuMs), gpu: Math.ceil((cpuMs / faster[workload]) * Math.exp(0.15 * normal())) },
    };
  });
  return { suites };
}

function flat(_whole, numbers) {
  return `[${numbers.replace(/\s+/g, ' ')}]`;
}

function instanceOf({ seed, machines, slots, suites, memoryGib, isSemiConsistent }) {
  const random = randomFrom(seed);
  const numbers = Array.from({ length: machines }, (_, index) => index);
  return {
    machines: numbers.map((index) => ({
      name: `m${index}`,
      workers: slots,
      cpuThreads: slots,
      memoryBytes: (memoryGib ?? 1024) * 1024 ** 3,
    })),
    pools: numbers.map((index) => ({ name: `t${index}`, machine: index, slots })),
    suites: Array.from({ length: suites }, (_, index) => ({
      id: `s${index}`,
      durationMs: isSemiConsistent
        ? semiConsistentRow(random, machines)
        : numbers.map(() => 1000 + Math.floor(random() * 9001)),
      ...(memoryGib && { hostMemoryBytes: Math.floor((0.5 + random() * 5) * 1024 ** 3) }),
    })),
  };
}

/** Every second machine keeps one order for all suites, so that the first is the best one for half of them. */
function semiConsistentRow(random, machines) {
  const base = 1 + random() * 99;
  const row = Array.from({ length: machines }, () => 1 + Math.round((base * (1 + random() * 999)) / 60));
  const ordered = row.filter((_, index) => index % 2 === 0).sort((a, b) => a - b);
  return row.map((ms, index) => (index % 2 === 0 ? ordered[index / 2] : ms));
}

/** Mulberry32. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
