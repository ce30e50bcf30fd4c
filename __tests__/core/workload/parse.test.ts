import fc from 'fast-check';
import { type Pragma, parseWorkload } from '../../../src/core/workload/parse.js';
import { optionKey, type PragmaName, pragmaNames, pragmas } from '../../../src/core/workload/pragmas.js';

const file = 'a.test.ts';

function parse(...written: readonly (readonly [name: string, value: string])[]) {
  const given: readonly Pragma[] = written.map(([name, value], index) => ({ name, value, line: index + 2 }));
  return parseWorkload(given, { kind: 'docblock', file });
}

/** Every pragma has at least one good and one bad value here; the type makes a new row ask for its own. */
const values = {
  workload: { good: [['asr', { workload: 'asr' }]], bad: ['', 'two words', '-x'] },
  hardware: {
    good: [
      ['gpu', { hardware: [{ class: 'gpu', count: 1 }] }],
      ['GPU', { hardware: [{ class: 'gpu', count: 1 }] }],
      [
        'gpu:2, npu',
        {
          hardware: [
            { class: 'gpu', count: 2 },
            { class: 'npu', count: 1 },
          ],
        },
      ],
      ['gpu : 2', { hardware: [{ class: 'gpu', count: 2 }] }],
    ],
    bad: [
      '',
      'gpuu',
      'gpu:0',
      'gpu:-1',
      'gpu:1.5',
      'gpu:',
      'gpu npu',
      'gpu,',
      ',gpu',
      'gpu, gpu',
      'gpu, gpu:2',
    ],
  },
  backend: {
    good: [
      ['cuda, onnx', { backends: ['cuda', 'onnx'] }],
      ['torch', { backends: ['pytorch'] }],
    ],
    bad: ['', 'cuba', 'torch, pytorch', 'cuda onnx'],
  },
  feature: {
    good: [['tensor-cores, AVX2', { features: ['tensor-cores', 'avx2'] }]],
    bad: ['', 'tensorcore2', 'Login page'],
  },
  precision: { good: [['fp64, half', { precisions: ['fp64', 'fp16'] }]], bad: ['', 'fp17', 'fp16,, int8'] },
  operation: { good: [['matmul, conv2d', { operations: ['matmul', 'conv2d'] }]], bad: ['', 'mat mul'] },
  'min-memory': {
    good: [
      ['2GiB', { minMemoryBytes: 2 * 1024 ** 3 }],
      ['2GB', { minMemoryBytes: 2e9 }],
    ],
    bad: ['', '0', '-1GB', '2 potatoes', '99999999TiB'],
  },
  'preferred-memory': { good: [['512MB', { preferredMemoryBytes: 512e6 }]], bad: ['', 'much'] },
  'host-memory': { good: [['1KiB', { hostMemoryBytes: 1024 }]], bad: ['', '50%'] },
  cpu: { good: [['4', { cpuThreads: 4 }]], bad: ['', '0', '-2', '1.5', 'all'] },
  'batch-sizes': { good: [['1, 8,32', { batchSizes: [1, 8, 32] }]], bad: ['', '0', '8, 8', '1;2'] },
  'optimal-batch-size': { good: [['8', { optimalBatchSize: 8 }]], bad: ['', '0', '8, 16'] },
  priority: {
    good: [
      ['1', { priority: 1 }],
      ['5', { priority: 5 }],
    ],
    bad: ['', '0', '6', '-1', 'high', '3.0'],
  },
  'max-time': { good: [['30s', { maxTimeMs: 30_000 }]], bad: ['', '30', '0s', '-1s', 'soon'] },
  sensitive: { good: [['latency', { sensitivity: 'latency' }]], bad: ['', 'latency, power', 'lag'] },
  exclusive: {
    good: [
      ['', { exclusive: true }],
      ['false', { exclusive: false }],
    ],
    bad: ['yes', 'gpu'],
  },
  'software-adapter': {
    good: [
      ['', { softwareAdapter: true }],
      ['false', { softwareAdapter: false }],
    ],
    bad: ['yes', 'gpu'],
  },
  lock: { good: [['port:8080, db', { locks: ['port:8080', 'db'] }]], bad: ['', 'a b', 'db, db'] },
  unsatisfiable: {
    good: [
      ['skip', { unsatisfiable: { action: 'skip' } }],
      ['wait 2m', { unsatisfiable: { action: 'wait', waitMs: 120_000 } }],
    ],
    bad: ['', 'wait', 'wait 2', 'wait 0s', 'ignore', 'fail 2m'],
  },
} satisfies Record<PragmaName, { good: readonly unknown[][]; bad: readonly string[] }>;

describe.each(Object.entries(values))('@%s', (name, { good, bad }) => {
  test.each(good as [string, object][])('%s', (value, part) => {
    expect(parse([name, value])).toMatchObject({ layer: { part }, problems: [] });
  });

  test.each(bad)('not `%s`', (value) => {
    const { layer, problems } = parse([name, value]);
    expect(layer.part).toEqual({});
    expect(problems).not.toEqual([]);
    for (const problem of problems) {
      expect(problem).toMatchObject({ file, line: 2, message: expect.stringContaining(`\`@${name}\``) });
      expect(problem.expected ?? problem.remedy).toBeTruthy();
    }
  });
});

test.each([
  ['hardware', 'gpuu', 'write `gpu`'],
  ['hardware', 'gpu npu', 'put a comma between them: `gpu, npu`'],
  ['hardware', 'gpu:two', 'write `gpu:2`'],
  ['backend', 'tensorflwo', 'write `tensorflow`'],
  ['max-time', '30', 'write `30s` or `30ms`'],
  ['unsatisfiable', 'skipp', 'write `skip`'],
  ['unsatisfiable', 'wait', 'write `wait 2m`'],
])('@%s %s is told: %s', (name, value, remedy) => {
  expect(parse([name, value]).problems).toEqual([expect.objectContaining({ remedy })]);
});

test('repetition adds to a list', () => {
  expect(parse(['lock', 'db'], ['lock', 'port']).layer.part).toEqual({ locks: ['db', 'port'] });
});

test.each([
  [['lock', 'db'], ['lock', 'port, db'], '`db` (line 2) and `db` (line 3)'],
  [['hardware', 'gpu'], ['hardware', 'gpu:2'], '`gpu` (line 2) and `gpu:2` (line 3)'],
  [['priority', '1'], ['priority', '2'], '`1` (line 2), `2` (line 3)'],
  [['exclusive', ''], ['exclusive', ''], '(line 2)'],
] as const)('%j and %j are one too many', (first, second, places) => {
  const { problems } = parse(first, second);
  expect(problems).toEqual([expect.objectContaining({ line: 3, message: expect.stringContaining(places) })]);
});

test('all problems of a file come at once, and what is right is still read', () => {
  const { layer, problems } = parse(
    ['hardware', 'gpuu, nppu'],
    ['cpu', '2'],
    ['max-time', 'soon'],
    ['min-mem', '2GiB'],
    ['jest-environment', 'jsdom'],
  );
  expect(problems.map(({ line }) => line).toSorted()).toEqual([2, 2, 4, 5]);
  expect(layer.part).toEqual({ cpuThreads: 2 });
});

test('the options spell the same pragmas in camelCase, without a file', () => {
  const { problems } = parseWorkload([{ name: 'min-memory', value: 'x' }], {
    kind: 'options',
    path: 'options: asr',
  });
  expect(problems).toEqual([
    { message: 'options: asr.minMemory cannot be `x`', expected: pragmas['min-memory'].expected, found: 'x' },
  ]);
  expect(pragmaNames.map(optionKey)).toEqual(expect.arrayContaining(['optimalBatchSize', 'cpu']));
});

test('no text makes the parser throw', () => {
  const anyName = fc.oneof(
    fc.constantFrom(...pragmaNames),
    fc.string(),
    fc.constantFrom('__proto__', 'toString'),
  );
  const anyValue = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[a-z0-9:, .-]{0,12}$/),
    fc.constantFrom('__proto__', 'constructor', 'gpu:__proto__', 'wait toString'),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(anyName, anyValue)), (written) => {
      const { problems } = parse(...written);
      for (const { message } of problems) expect(message).not.toBe('');
    }),
  );
});
