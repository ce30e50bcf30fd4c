import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';

afterAll(leaveProjects);

/** A preloaded module: counts what a process compiles and reads for its suites, and looks what is left when it ends. */
const counting = `const fs = require('node:fs');
const vm = require('node:vm');
const counts = { compiled: {}, read: {} };
const count = (kind, path) => {
  const name = String(path).split(/[\\/]/).at(-1);
  counts[kind][name] = (counts[kind][name] ?? 0) + 1;
};
const compileOfNode = vm.compileFunction;
const { readFileSync } = fs;
// Suites compare its name and length with Node's.
const compile = function compileFunction(source, parameters, options = {}) {
  if (options.parsingContext !== undefined) count('compiled', options.filename);
  return compileOfNode(source, parameters, options);
};
vm.compileFunction = compile;
fs.readFileSync = (path, ...rest) => {
  // As jest-runtime reads modules; who looks for source maps names an encoding.
  if (rest.length === 0) count('read', path);
  return readFileSync(path, ...rest);
};
process.on('exit', () => {
  const isRestored = vm.compileFunction === compile;
  fs.writeFileSync(process.env.COUNTS, JSON.stringify({ ...counts, isRestored }));
});
`;

interface Counts {
  readonly compiled: Readonly<Record<string, number>>;
  readonly read: Readonly<Record<string, number>>;
  readonly isRestored: boolean;
}

/** Runs three suites in band that load module.js. */
async function runCounted(options: { readonly fast?: boolean }, ...args: readonly string[]) {
  const files = { 'counting.cjs': counting };
  const project = await useProject('fast', { runner: 'hardware', options, files });
  const file = join(project.directory, 'counts.txt');
  const run = await runJest(project, ['-i', '--verbose', String.raw`module-\d`, ...args], {
    // What an earlier run has kept compiled is not counted.
    env: { COUNTS: file, NODE_DISABLE_COMPILE_CACHE: '1' },
    nodeArgs: ['--require', join(project.directory, 'counting.cjs')],
  });
  expect(run.exitCode).toBe(0);
  return { stderr: run.stderr, counts: JSON.parse(readFileSync(file, 'utf8')) as Counts };
}

test('suites of a process read and compile a module once, and leave Node as it was', async () => {
  const { stderr, counts } = await runCounted({});
  expect(stderr).toContain('fast path   on: suites share what was read and compiled');
  expect(counts.isRestored).toBe(true);
  expect(counts.compiled['module.js']).toBe(1);
  expect(counts.compiled['jestAdapterInit.js']).toBe(1);
  expect(counts.read['jestAdapterInit.js']).toBe(1);
  // Jest's own, without a state: no suite has one.
  expect(counts.compiled['pure-rand.js']).toBeUndefined();
});

test('the option turns it off', async () => {
  const { stderr, counts } = await runCounted({ fast: false });
  expect(stderr).toContain('fast path   off');
  // Each suite loads it three times: once, isolated, and after resetModules.
  expect(counts.compiled['module.js']).toBe(9);
  expect(counts.compiled['jestAdapterInit.js']).toBe(3);
  expect(counts.read['jestAdapterInit.js']).toBe(3);
  expect(counts.compiled['pure-rand.js']).toBe(3);
});

test('tests have an instance of their own of a package that Jest shares with itself', async () => {
  const jestUtil = createRequire(import.meta.url).resolve('jest-util');
  const path = createRequire(jestUtil).resolve('picomatch');
  const suite = `const picomatch = require(${JSON.stringify(path)});
    test('marks it', () => {
      expect(Object.getPrototypeOf(picomatch)).toBe(Function.prototype);
      expect(picomatch.marked).toBeUndefined();
      picomatch.marked = true;
    });`;
  const files = { 'first.test.js': suite, 'second.test.js': suite };
  const project = await useProject('bare', { runner: 'hardware', files });
  expect((await runJest(project, ['-i'])).exitCode).toBe(0);
});

test('with coverage by V8, modules are compiled for each suite', async () => {
  const { stderr, counts } = await runCounted(
    {},
    '--coverage',
    '--coverageProvider=v8',
    '--coverageReporters=json',
  );
  expect(stderr).toContain('modules are compiled for each, as V8 counts coverage by position');
  expect(counts.compiled['jestAdapterInit.js']).toBe(3);
  expect(counts.read['jestAdapterInit.js']).toBe(1);
});

const [nodeMajor = 0] = process.versions.node.split('.').map(Number);
/** From Node 24 on, storages no longer hang on every promise. */
const testWithHooks = nodeMajor < 24 ? test : test.skip;

testWithHooks('storages of the framework end with their suite', async () => {
  const suite = `const { executionAsyncResource } = require('node:async_hooks');
    const { appendFileSync } = require('node:fs');
    test('counts what hangs on a promise', async () => {
      await null;
      const storages = Object.getOwnPropertySymbols(executionAsyncResource()).filter((key) => String(key).includes('kResourceStore'));
      appendFileSync(__dirname + '/storages.txt', storages.length + '\\n');
    });`;
  const files = Object.fromEntries([1, 2, 3, 4].map((index) => [`count-${index}.test.js`, suite]));
  const countsWith = async (fast: boolean) => {
    const project = await useProject('bare', { runner: 'hardware', options: { fast }, files });
    expect((await runJest(project, ['-i'])).exitCode).toBe(0);
    return readFileSync(join(project.directory, 'storages.txt'), 'utf8').trim().split('\n').map(Number);
  };
  const [first = 0, ...others] = await countsWith(true);
  expect(others).toEqual(others.map(() => first));
  expect(await countsWith(false)).toEqual([first, first + 1, first + 2, first + 3]);
});

test('contexts of suites that are over do not pile up, and tests see no collector', async () => {
  const suite = `const { appendFileSync } = require('node:fs');
    const { getHeapStatistics } = require('node:v8');
    // 16 MiB of the heap at least, alive as long as the suite's context.
    const values = new Array(2 ** 21).fill(0.5);
    globalThis.kept = () => values;
    test('counts contexts', () => {
      const { number_of_native_contexts: contexts } = getHeapStatistics();
      appendFileSync(__dirname + '/contexts.txt', [contexts, typeof gc].join() + '\\n');
    });`;
  const files = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`count-${n}.test.js`, suite]));
  const runWith = async (...nodeArgs: readonly string[]) => {
    const project = await useProject('bare', { runner: 'hardware', files });
    // V8 begins no major collection of its own.
    const run = await runJest(project, ['-i'], { nodeArgs: ['--initial-old-space-size=1024', ...nodeArgs] });
    expect(run.exitCode).toBe(0);
    const lines = readFileSync(join(project.directory, 'contexts.txt'), 'utf8').trim().split('\n');
    const rows = lines.map((line) => line.split(','));
    return {
      contexts: rows.map(([count]) => Number(count)),
      collectors: new Set(rows.map(([, type]) => type)),
    };
  };
  const fast = await runWith();
  // Where nothing is collected there are 18: those of 16 suites, Jest's and the collector's. The heap may double before it
  // is collected: with 160 MiB when the first suite begins, that are ten suites.
  expect(Math.max(...fast.contexts)).toBeLessThanOrEqual(12);
  expect(fast.collectors).toEqual(new Set(['undefined']));
  // Where the user asked for it, it stays.
  const exposed = await runWith('--expose-gc');
  expect(Math.max(...exposed.contexts)).toBeLessThanOrEqual(12);
  expect(exposed.collectors).toEqual(new Set(['function']));
});
