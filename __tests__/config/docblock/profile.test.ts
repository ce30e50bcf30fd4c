import { profileOf } from '../../../src/config/docblock/profile.js';
import { parseOptions } from '../../../src/config/options.js';
import { formatProblem } from '../../../src/core/vocabulary/usage-error.js';
import { defaultProfile } from '../../../src/core/workload/profile.js';

const gib = 1024 ** 3;

function profile(source: string, options: object = {}, suitePath = 'tests/vision/a.gpu.test.ts') {
  return profileOf({ source, file: suitePath, suitePath, options: parseOptions(options, 'options') });
}

test('an untagged file gets the defaults', () => {
  expect(profile("test('x', () => {});")).toEqual({ profile: defaultProfile });
});

test('a docblock of each kind of pragma', () => {
  const source = `/**
 * @hardware gpu:2, npu
 * @backend onnx
 * @feature tensor-cores
 * @precision fp16, int8
 * @operation matmul
 * @min-memory 2GiB
 * @preferred-memory 4GiB
 * @host-memory 1GiB
 * @cpu 2
 * @batch-sizes 1, 8
 * @optimal-batch-size 8
 * @priority 5
 * @max-time 30s
 * @sensitive power
 * @exclusive
 * @lock db
 * @lock port
 * @unsatisfiable wait 2m
 */`;
  expect(profile(source)).toEqual({
    profile: {
      workload: 'general',
      hardware: [
        { class: 'gpu', count: 2 },
        { class: 'npu', count: 1 },
      ],
      backends: ['onnx'],
      features: ['tensor-cores'],
      precisions: ['fp16', 'int8'],
      operations: ['matmul'],
      minMemoryBytes: 2 * gib,
      preferredMemoryBytes: 4 * gib,
      hostMemoryBytes: gib,
      cpuThreads: 2,
      batchSizes: [1, 8],
      optimalBatchSize: 8,
      priority: 5,
      maxTimeMs: 30_000,
      sensitivity: 'power',
      exclusive: true,
      locks: ['db', 'port'],
      unsatisfiable: { action: 'wait', waitMs: 120_000 },
    },
  });
});

describe('precedence', () => {
  const options = {
    workloads: { asr: { cpu: 1, priority: 1, lock: 'named', hostMemory: '1GiB' } },
    profiles: {
      '**/*.test.ts': { cpu: 2, exclusive: true },
      '**/*.gpu.test.ts': { cpu: 3, priority: 2, workload: 'asr' },
    },
  };

  test('docblock, then one glob, then named workload, then default', () => {
    expect(profile('/** @cpu 4 */', options).profile).toEqual({
      ...defaultProfile,
      workload: 'asr',
      cpuThreads: 4,
      priority: 2,
      locks: ['named'],
      hostMemoryBytes: gib,
    });
  });

  test("the docblock's workload counts before the glob's", () => {
    expect(profile('/** @workload audio */', options).profile).toMatchObject({
      workload: 'audio',
      cpuThreads: 3,
      locks: [],
      sensitivity: 'latency',
    });
  });

  test('a docblock can undo what a glob says', () => {
    const exclusive = { profiles: { '**': { exclusive: true } } };
    expect(profile('', exclusive).profile?.exclusive).toBe(true);
    expect(profile('/** @exclusive false */', exclusive).profile?.exclusive).toBe(false);
  });

  test('an option may redefine a built-in workload', () => {
    const given = { workloads: { vision: { cpu: 7 }, general: { priority: 1 } } };
    expect(profile('/** @workload vision */', given).profile).toEqual({
      ...defaultProfile,
      workload: 'vision',
      cpuThreads: 7,
    });
    expect(profile('', given).profile?.priority).toBe(1);
  });

  test.each([
    [['**', '**/*.test.ts', '**/*.ts'], 2],
    [['tests/vision/**', 'tests/**'], 1],
    [['**/a.*', 'tests/**/a.gpu.test.{ts,js}', '**/*.gpu.test.ts'], 2],
    [['**/*.gpu.test.ts', '**/*.gpu.test.t?', '**/a*gpu.test.ts'], 3],
    [['**/*.ts', '**/*.js', '*.gpu.test.ts'], 1],
    [['**/*.+(gpu|cuda).test.ts', '**/[ab].*.ts'], 1],
  ])('of %j the most literal one that matches counts', (globs, winner) => {
    const profiles = Object.fromEntries(globs.map((glob, index) => [glob, { cpu: index + 1 }]));
    expect(profile('', { profiles }).profile?.cpuThreads).toBe(winner);
  });
});

describe('problems', () => {
  test('an unknown workload', () => {
    const { problems } = profile('/**\n * @cpu 1\n * @workload visoin\n */', { workloads: { asr: {} } });
    expect(problems).toEqual([
      expect.objectContaining({
        file: 'tests/vision/a.gpu.test.ts',
        line: 3,
        found: 'visoin',
        expected: 'one of nlp, vision, audio, edge-vision, large-batch-nlp, general, asr',
        remedy: expect.stringContaining('write `vision`'),
      }),
    ]);
  });

  test.each(['constructor', '__proto__x', 'toString'])('a workload called %s is unknown', (name) => {
    expect(profile(`/** @workload ${name} */`).problems ?? profile(`/** @workload ${name} */`)).toHaveLength(
      1,
    );
  });

  test('all of a file, by line', () => {
    const source = `/**
 * @hardware gpu
 * Runs a model.
 * @cpu none
 * @workload visoin
 * @min-mem 2GiB
 */
/** @max-time 30s */`;
    expect(profile(source).problems?.map(({ line }) => line)).toEqual([2, 4, 5, 6, 8]);
  });

  test('a contradiction between docblock and glob', () => {
    const { problems } = profile('/** @hardware cpu */', { profiles: { '**/*.gpu.*': { backend: 'cuda' } } });
    expect(problems?.map(formatProblem)).toEqual([
      'tests/vision/a.gpu.test.ts:1: `@hardware cpu` (line 1) and `backend: cuda` (options: profiles["**/*.gpu.*"]) exclude each other: cuda needs gpu\n' +
        '  remedy:   write `gpu` as the hardware, or drop the backend',
    ]);
  });
});
