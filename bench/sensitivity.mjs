/**
 * How flat the planner is around its tuned constants: each number of the `tuning` tables is halved and doubled (of a number
 * near 1, its distance from 1), and the same 68 instances are planned again. Shown is the change of the geometric mean
 * of the total times by family, for plans and, behind a slash, for the second of two quick assignments.
 * Usage: node bench/sensitivity.mjs DIR [FILE …] (DIR: timing files as in bench/plan.mjs; FILE: such as tabu-search)
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import {
  etcInstance,
  etcKinds,
  fleetInstance,
  largeInstance,
  memoryInstance,
  sharedInstance,
  timingsIn,
} from './instances.mjs';

const [folder, ...names] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node bench/sensitivity.mjs DIR [FILE …]');
const planner = fileURLToPath(new URL('../src/core/planner/', import.meta.url));
const cache = fileURLToPath(new URL('../node_modules/.cache/', import.meta.url));
mkdirSync(cache, { recursive: true });
const scratch = mkdtempSync(join(cache, 'sensitivity-'));
const timings = timingsIn(folder);
const onTimings = (make) =>
  Array.from({ length: 15 }, (_, index) => make(timings[(5001 + index) % timings.length], 5001 + index));
const etc = (suites, machines) =>
  etcKinds.map((kind, index) => etcInstance(kind, suites, machines, 9000 + index));
const families = [
  { name: 'ETC 512', instances: etc(512, 16), moves: 2e6 },
  { name: 'ETC 1024', instances: etc(1024, 32), moves: 3e6 },
  { name: 'fleet', instances: onTimings(fleetInstance), moves: 1e6 },
  { name: 'memory', instances: onTimings(memoryInstance), moves: 3e5 },
  { name: 'shared', instances: onTimings(sharedInstance), moves: 3e5 },
  {
    name: 'large',
    instances: [largeInstance(10_000, 6, 64, 91), largeInstance(10_000, 64, 64, 92)],
    moves: 3e5,
  },
];

let built = 0;
const usual = totals(await plannerWith());
console.log(['entry'.padEnd(60), ...families.map(({ name }) => name.padStart(15)), '  CPU ms'].join(''));
for (const file of readdirSync(planner).filter((name) => name.endsWith('.ts'))) {
  if (names.length > 0 && !names.includes(file.replace('.ts', ''))) continue;
  for (const entry of entriesOf(readFileSync(join(planner, file), 'utf8'))) {
    for (const factor of [0.5, 2]) {
      const now = `${entry.name}: ${entry.scaled(factor)},`;
      const { makespans, cpuMs } = totals(await plannerWith(file, entry.text, now));
      const cells = families.map((_, index) => {
        const [plans, quick] = ['plans', 'quick'].map((kind) =>
          change(makespans[index][kind], usual.makespans[index][kind]),
        );
        return `${plans}/${quick}`.padStart(15);
      });
      const label = `${file} ${entry.text.replace(/,$/, '')} -> ${entry.scaled(factor)}`;
      console.log([label.padEnd(60), ...cells, cpuMs.toFixed(0).padStart(8)].join(''));
    }
  }
}

/** The numbers, and lists of numbers, in the table. */
function entriesOf(source) {
  const [, table = ''] = source.match(/^const tuning = \{\n(.*?)^\} as const;/ms) ?? [];
  return [...table.matchAll(/^ {2}(\w+): (\[[^\]]*\]|[^,\n]+),$/gm)].map(([text, name, value]) => ({
    name,
    text: text.trim(),
    scaled: (factor) => {
      const scale = (number) => (Math.abs(number - 1) < 0.11 ? 1 + (number - 1) * factor : number * factor);
      const numbers = new Function(`return ${value}`)();
      return JSON.stringify(Array.isArray(numbers) ? numbers.map(scale) : scale(numbers));
    },
  }));
}

/** The planner, with one text of one of its files replaced. */
async function plannerWith(file, text, replacement) {
  const outfile = join(scratch, `${built++}.mjs`);
  await build({
    entryPoints: [join(planner, 'plan.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
    plugins: [
      {
        name: 'replace',
        setup: ({ onLoad }) => {
          onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const source = readFileSync(path, 'utf8');
            const isIt = file !== undefined && path === join(planner, file);
            return { loader: 'ts', contents: isIt ? source.replace(text, replacement) : source };
          });
        },
      },
    ],
  });
  return import(pathToFileURL(outfile).href);
}

function totals({ plan, assign }) {
  const before = process.cpuUsage();
  const makespans = families.map(({ instances, moves }) => ({
    plans: instances.map((instance) => plan(instance, { moves }).makespanMs),
    quick: instances.map((instance) => {
      const suites = instance.suites.filter((_, index) => index % 3 !== 0);
      return assign({ ...instance, suites }, assign(instance)).makespanMs;
    }),
  }));
  const { user, system } = process.cpuUsage(before);
  return { makespans, cpuMs: (user + system) / 1000 };
}

function change(makespans, usualMakespans) {
  const logs = makespans.map((ms, index) => Math.log(ms / usualMakespans[index]));
  const percent = 100 * (Math.exp(logs.reduce((sum, each) => sum + each, 0) / logs.length) - 1);
  return Math.abs(percent) < 0.005 ? '=' : `${percent > 0 ? '+' : ''}${percent.toFixed(2)}`;
}
