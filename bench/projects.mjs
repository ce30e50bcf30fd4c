/**
 * Generated Jest projects, the same files on every machine, each with a config for the stock runner, one for ours and one
 * for ours without its fast path.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { installBuilt } from '../scripts/install-built.cjs';
import { seeded } from './measure.mjs';
import { flags } from './report.mjs';

const repository = fileURLToPath(new URL('..', import.meta.url));

/**
 * @typedef {import('./measure.mjs').Command} Command
 *
 * @typedef {'stock' | 'ours' | 'unfast'} Side Unfast: ours with the option `fast: false`.
 *
 * @typedef {object} Project
 * @property {string} directory
 * @property {(side: Side, args: readonly string[], options?: { fresh?: boolean | 'cold', node?: readonly string[] }) => Command} jest
 *   Fresh: before each run everything that earlier runs taught (Jest's times, our history) is removed. Cold: everything
 *   else that was cached is removed too. Transformed files stay.
 */

/** Where a script's projects live; removed when the script ends, unless `--keep`. @returns {string} */
export function workspace() {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'jest-runner-hardware-bench-'));
  installBuilt(root);
  if (flags.keep) console.error(root);
  else process.on('exit', () => rmSync(root, { recursive: true, force: true }));
  return root;
}

/**
 * @param {string} root
 * @param {string} name
 * @param {Record<string, string | Uint8Array>} files By path within the project.
 * @param {{ config?: object, options?: object }} [settings] Jest's, for both sides, and ours.
 * @returns {Project}
 */
export function project(root, name, files, { config = {}, options = {} } = {}) {
  const directory = join(root, name);
  const cacheOf = (/** @type {Side} */ side) => join(root, `${name}-cache-${side}`);
  const text = (/** @type {Side} */ side) =>
    JSON.stringify({ reporters: ['default'], cacheDirectory: cacheOf(side), ...config });
  const withOptions = (/** @type {Side} */ side, /** @type {object} */ values) =>
    `import { withHardware } from 'jest-runner-hardware';\n` +
    `export default withHardware(${text(side)}, ${JSON.stringify(values)});\n`;
  const all = {
    ...files,
    'package.json': '{}',
    'stock.config.mjs': `export default ${text('stock')};\n`,
    'ours.config.mjs': withOptions('ours', options),
    'unfast.config.mjs': withOptions('unfast', { ...options, fast: false }),
  };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), content);
  }
  return {
    directory,
    jest: (side, args, { fresh = false, node = [] } = {}) => ({
      cwd: directory,
      argv: [
        process.execPath,
        ...node,
        join(repository, 'node_modules/jest/bin/jest.js'),
        '--config',
        `${side}.config.mjs`,
        ...args,
      ],
      before: fresh
        ? () => forget(directory, cacheOf(side), fresh === 'cold' ? '' : 'perf-cache')
        : undefined,
    }),
  };
}

/** @param {string} directory @param {string} cache @param {string} prefix Of what is removed from the cache. */
function forget(directory, cache, prefix) {
  rmSync(join(directory, '.jest-hardware'), { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache)) {
    const isTransforms = name.startsWith('jest-transform-cache');
    if (name.startsWith(prefix) && !isTransforms) rmSync(join(cache, name), { recursive: true });
  }
}

/**
 * 200 suites as unit tests are: a module, a few cases, no waiting.
 * @param {string} root
 * @param {number} [count]
 * @param {{ name?: string, config?: object, files?: Record<string, string> }} [settings]
 */
export function smallSuites(root, count = 200, { name = 'small', config, files: more } = {}) {
  const files = /** @type {Record<string, string>} */ ({
    'src/sum.js': 'exports.sum = (values) => values.reduce((total, value) => total + value, 0);\n',
    'src/words.js': `exports.words = (text) => text.split(/\\s+/).filter(Boolean);\n`,
  });
  for (let index = 0; index < count; index++) {
    files[`test/small-${index}.test.js`] = `const { sum } = require('../src/sum');
const { words } = require('../src/words');
describe('small ${index}', () => {
  test('adds', () => expect(sum([${index}, 1])).toBe(${index + 1}));
  test('splits', () => expect(words(' a b  c ')).toEqual(['a', 'b', 'c']));
  test.each([1, 2, 3])('keeps %i', (value) => expect({ value, of: ${index} }).toMatchObject({ value }));
});
`;
  }
  return project(root, name, { ...files, ...more }, { config });
}

/**
 * 60 suites with log-normal durations (median 60 ms, σ 1.2), 1 in 60 longer than a second, as timing files of real
 * repositories look. Half of each is a fixed amount of CPU work, half waiting, because suites do both: with work alone two
 * workers on two cores would mostly measure the contention with Jest itself, with waiting alone its cost would hide.
 * A suite's file is larger the longer it takes, roughly: without history that is all Jest's order rests on.
 * @param {string} root
 */
export function skewedSuites(root, count = 60) {
  const random = seeded(2);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const files = /** @type {Record<string, string>} */ ({ 'src/work.js': workModule });
  for (let index = 0; index < count; index++) {
    const durationMs = Math.round(60 * Math.exp(1.2 * normal()));
    const padding = 'x'.repeat(Math.round(20 * durationMs * Math.exp(0.5 * normal())));
    files[`test/skewed-${index}.test.js`] = `const { work, wait } = require('../src/work');
test('works', () => expect(work(${durationMs / 2})).not.toBe(0));
test('waits', () => wait(${durationMs / 2}));
// ${padding}
`;
  }
  return project(root, 'skewed', files);
}

const workModule = `// Looked up once: a global inside Jest's sandbox is slow.
const { imul } = Math;
/** A fixed amount of work that takes about so many ms of one core. */
exports.work = (ms) => {
  let state = 1;
  for (let step = 0; step < ms * 800_000; step++) state = (imul(state, 1664525) + 1013904223) | 0;
  return state;
};
exports.wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
`;

/**
 * Suites with onnxruntime sessions that multiply matrices. A session takes as many threads as the suite says.
 * @param {string} root
 * @param {string} name
 * @param {{ pragmas?: string, threads: string, count?: number }} suites `threads`: a JavaScript expression that may
 *   use `cores` (the machine's) and `placement`.
 */
export function nativeSuites(root, name, { pragmas = '', threads, count = 8 }) {
  const files = /** @type {Record<string, string | Uint8Array>} */ ({ 'src/products.onnx': productsModel() });
  for (let index = 0; index < count; index++) {
    files[`test/native-${index}.test.js`] = `/**\n * suite ${index}\n${pragmas} */
const { join } = require('node:path');
const { InferenceSession, Tensor } = require('onnxruntime-node');
const { placement } = require('jest-runner-hardware/placement');
const cores = require('node:os').availableParallelism();
test('multiplies', async () => {
  const session = await InferenceSession.create(join(__dirname, '../src/products.onnx'), { intraOpNumThreads: ${threads} });
  for (let round = 0; round < 40; round++) {
    const x = new Tensor('float32', new Float32Array(${matrixSize} * ${matrixSize}).fill(round), [${matrixSize}, ${matrixSize}]);
    const { y } = await session.run({ x });
    expect(y.data[0]).toBe(round);
  }
  await session.release();
}, 120_000);
`;
  }
  // Without this environment onnxruntime fails in Jest on either side.
  return project(root, name, files, { config: { testEnvironment: 'jest-runner-hardware/environment' } });
}

const matrixSize = 384;

/** A chain of eight products with the identity matrix, as the bytes of an `.onnx` file. */
function productsModel() {
  const schema = readFileSync(join(repository, 'fixtures/projects/ml/src/onnx.proto'), 'utf8');
  const type = protobuf.parse(schema).root.lookupType('onnx.ModelProto');
  const identity = new Float32Array(matrixSize ** 2);
  for (let index = 0; index < matrixSize; index++) identity[index * (matrixSize + 1)] = 1;
  const dims = [matrixSize, matrixSize];
  const value = (/** @type {string} */ name) => ({
    name,
    type: { tensorType: { elemType: 1, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
  });
  const names = ['x', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'y'];
  const graph = {
    name: 'products',
    input: [value('x')],
    output: [value('y')],
    initializer: [{ name: 'identity', dims, dataType: 1, rawData: new Uint8Array(identity.buffer) }],
    node: names
      .slice(1)
      .map((name, index) => ({ name, opType: 'MatMul', input: [names[index], 'identity'], output: [name] })),
  };
  return type.encode({ irVersion: 8, opsetImport: [{ version: 17 }], graph }).finish();
}

/**
 * Suites that each fill a buffer of so many bytes and hold it for a while.
 * @param {string} root
 * @param {string} name
 * @param {{ bytesEach: number, declared: boolean, count?: number, options?: object }} settings
 */
export function hungrySuites(root, name, { bytesEach, declared, count = 8, options = {} }) {
  const files = /** @type {Record<string, string>} */ ({});
  const pragma = declared ? `/** @host-memory ${(bytesEach + workerBytes) / 2 ** 20}MiB */\n` : '';
  for (let index = 0; index < count; index++) {
    files[`test/hungry-${index}.test.js`] = `${pragma}test('holds its data', async () => {
  let held = Buffer.alloc(${bytesEach}, 1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(held[${index}]).toBe(1);
  held = undefined;
  globalThis.gc?.();
});
`;
  }
  return project(root, name, files, { options });
}

/** What Jest itself takes in a worker, roughly. */
const workerBytes = 120 * 2 ** 20;
