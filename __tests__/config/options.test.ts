import fc from 'fast-check';
import { type HardwareOptionsInput, parseOptions } from '../../src/config/options.js';
import { UsageError, type UsageProblem } from '../../src/core/vocabulary/usage-error.js';

const where = 'jest.config runner options';
const parse = (raw: unknown) => parseOptions(raw, where);

function problemsOf(raw: unknown): readonly UsageProblem[] {
  try {
    parse(raw);
  } catch (error) {
    if (error instanceof UsageError) return error.problems;
    throw error;
  }
  return [];
}

const defaults = {
  strategy: 'adaptive',
  unsatisfiable: { action: 'fail' },
  requireExecuted: [],
  failOn: [],
  failuresFromHistory: false,
  outputDirectory: '<rootDir>/.jest-hardware',
  reports: [],
  githubReport: true,
  showDevice: false,
  retryLost: true,
  secondOpinion: false,
  heat: true,
  speculate: true,
  fast: true,
  takenMemory: 'wait',
  machines: [],
  workloads: {},
  profiles: [],
};

test.each([undefined, null, {}, { strategy: undefined, workloads: undefined }])(
  '%j is the defaults',
  (raw) => {
    expect(parse(raw)).toEqual(defaults);
  },
);

test('everything given', () => {
  const given: HardwareOptionsInput = {
    strategy: 'round-robin',
    unsatisfiable: 'wait 2m',
    requireExecuted: ['gpu', 'npu'],
    failOn: ['flaky', 'skipped'],
    machine: { machine: { name: 'box' }, devices: [] },
    outputDirectory: 'out',
    reports: ['json', 'junit'],
    history: false,
    ignorePragmas: ['feature', 'timeout'],
    retryLost: false,
    secondOpinion: true,
    machines: ['ssh://gpu-box', { ssh: 'me@box', workers: 2, sync: { sizeCap: '1GB' } }],
    sync: { include: ['dist/**'], sizeCap: 1e6 },
    takenMemory: 'fail',
    testSequencer: '<rootDir>/sequencer.js',
    workloads: {
      asr: { hardware: 'gpu, cpu', minMemory: '2GiB', maxTime: '30s', exclusive: true, priority: 4 },
    },
    profiles: {
      '**/*.gpu.ts': { hardware: ['gpu:2', 'npu'], batchSizes: [1, 8], workload: 'asr', lock: ['db'] },
    },
  };
  expect(parse(given)).toEqual({
    ...defaults,
    strategy: 'round-robin',
    unsatisfiable: { action: 'wait', waitMs: 120_000 },
    requireExecuted: ['gpu', 'npu'],
    failOn: ['flaky', 'skipped'],
    machine: given.machine,
    outputDirectory: 'out',
    reports: ['json', 'junit'],
    history: false,
    ignorePragmas: ['feature', 'timeout'],
    retryLost: false,
    secondOpinion: true,
    machines: [{ ssh: 'ssh://gpu-box' }, { ssh: 'me@box', workers: 2, sync: { sizeCap: 1e9 } }],
    sync: { include: ['dist/**'], sizeCap: 1e6 },
    takenMemory: 'fail',
    testSequencer: '<rootDir>/sequencer.js',
    workloads: {
      asr: {
        part: {
          hardware: [
            { class: 'gpu', count: 1 },
            { class: 'cpu', count: 1 },
          ],
          minMemoryBytes: 2 * 1024 ** 3,
          maxTimeMs: 30_000,
          exclusive: true,
          priority: 4,
        },
        origins: expect.objectContaining({
          minMemoryBytes: { text: '`minMemory: 2GiB` (jest.config runner options: workloads["asr"])' },
        }),
      },
    },
    profiles: [
      {
        glob: '**/*.gpu.ts',
        layer: {
          part: {
            hardware: [
              { class: 'gpu', count: 2 },
              { class: 'npu', count: 1 },
            ],
            batchSizes: [1, 8],
            workload: 'asr',
            locks: ['db'],
          },
          origins: expect.any(Object),
        },
      },
    ],
  });
});

test.each([
  [{ stratgy: 'pull' }, 'there is no option `stratgy`', 'write `strategy`'],
  [{ toString: 1 }, 'there is no option `toString`', 'remove it'],
  [{ strategy: 'pul' }, 'strategy cannot be "pul"', 'write `pull`'],
  [{ strategy: 3 }, 'strategy cannot be 3', undefined],
  [{ unsatisfiable: 'wait' }, 'unsatisfiable cannot be "wait"', 'write `wait 2m`'],
  [{ unsatisfiable: true }, 'unsatisfiable cannot be true', undefined],
  [{ requireExecuted: ['gpu', 'gpi'] }, 'requireExecuted.1 cannot be "gpi"', 'write `gpu`'],
  [{ failOn: ['flakey'] }, 'failOn.0 cannot be "flakey"', 'write `flaky`'],
  [{ failOn: 'flaky' }, 'failOn cannot be "flaky"', undefined],
  [{ requireExecuted: 'gpu' }, 'requireExecuted cannot be "gpu"', undefined],
  [{ machine: 1 }, 'machine cannot be 1', undefined],
  [{ machine: '' }, 'machine cannot be ""', undefined],
  [{ outputDirectory: '' }, 'outputDirectory cannot be ""', undefined],
  [{ reports: ['junitt'] }, 'reports.0 cannot be "junitt"', 'write `junit`'],
  [{ reports: 'junit' }, 'reports cannot be "junit"', undefined],
  [{ githubReport: 'no' }, 'githubReport cannot be "no"', undefined],
  [{ history: true }, 'history cannot be true', undefined],
  [{ history: '' }, 'history cannot be ""', undefined],
  [{ ignorePragmas: 'feature' }, 'ignorePragmas cannot be "feature"', undefined],
  [{ ignorePragmas: ['featur'] }, 'ignorePragmas.0 cannot be "featur"', 'write `feature`'],
  [{ ignorePragmas: ['lock', '@min-memory'] }, 'ignorePragmas.1 cannot be', 'write `min-memory`'],
  [{ ignorePragmas: ['epic'] }, 'ignorePragmas.0 cannot be "epic"', undefined],
  [{ retryLost: 'yes' }, 'retryLost cannot be "yes"', undefined],
  [{ takenMemory: 'skip' }, 'takenMemory cannot be "skip"', undefined],
  [{ testSequencer: [] }, 'testSequencer cannot be []', undefined],
  [{ workloads: [] }, 'workloads cannot be []', undefined],
  [{ profiles: 'x' }, 'profiles cannot be "x"', undefined],
  [[], 'the options cannot be []', undefined],
  ['gpu', 'the options cannot be "gpu"', undefined],
  [{ workloads: { asr: 1 } }, 'workloads["asr"] cannot be 1', undefined],
  [
    { workloads: { asr: { hardwares: 'gpu' } } },
    'workloads["asr"]: there is no `hardwares`',
    'write `hardware`',
  ],
  [
    { workloads: { asr: { 'min-memory': '1B' } } },
    'workloads["asr"]: there is no `min-memory`',
    'write `minMemory`',
  ],
  [{ workloads: { asr: { hardware: 'gpuu' } } }, 'workloads["asr"].hardware cannot be `gpuu`', 'write `gpu`'],
  [
    { workloads: { asr: { hardware: ['gpu', 'gpu'] } } },
    'hardware names the same thing twice',
    'keep one of the two',
  ],
  [{ workloads: { asr: { cpu: 0.5 } } }, 'workloads["asr"].cpu cannot be `0.5`', undefined],
  [{ workloads: { asr: { cpu: [1] } } }, 'workloads["asr"].cpu cannot be [1]', undefined],
  [{ workloads: { asr: { exclusive: 'true' } } }, 'workloads["asr"].exclusive cannot be "true"', undefined],
  [{ workloads: { asr: { workload: 'nlp' } } }, 'cannot start from another one', 'remove `workload` and'],
  [{ profiles: { '': {} } }, 'profiles[""]: an empty glob matches nothing', undefined],
  [
    { profiles: { '**': { workload: 'nlpp' } } },
    'profiles["**"].workload: there is no workload `nlpp`',
    'write `nlp`',
  ],
  [
    { profiles: { '**': { hardware: 'cpu', backend: 'cuda' } } },
    '`hardware: cpu` (jest.config',
    'write `gpu`',
  ],
])('%j: %s', (raw, message, remedy) => {
  const problems = problemsOf(raw);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.message).toMatch(where);
  expect(problems[0]?.message).toContain(message);
  if (remedy === undefined) expect(problems[0]?.expected).toBeTruthy();
  else expect(problems[0]?.remedy).toContain(remedy);
});

test('all problems come at once', () => {
  const raw = {
    stratgy: 'pull',
    strategy: 'pul',
    history: 1,
    profiles: { a: { cpu: 0, x: 1 }, b: { lock: 'a b' } },
  };
  expect(problemsOf(raw)).toHaveLength(6);
});

test.each([
  [{ strategy: () => 'pull' }, 'options.strategy: a function'],
  [{ profiles: { a: { cpu: Symbol('x') } } }, 'options.profiles.a.cpu: a symbol'],
  [{ machine: { devices: [{ id: 1n }] } }, 'options.machine.devices[0].id: a bigint'],
  [{ machine: new Date(0) }, 'options.machine: a Date'],
  [{ workloads: { a: { cpu: Number.NaN } } }, 'options.workloads.a.cpu: NaN'],
  [{ workloads: new Map() }, 'options.workloads: a Map'],
])('%p cannot travel', (raw, message) => {
  expect(problemsOf(raw)).toEqual([
    expect.objectContaining({ message: `jest.config runner ${message} cannot travel to worker processes` }),
  ]);
});

test('an object that contains itself cannot travel, one used twice can', () => {
  const profile = { cpu: 2 };
  expect(problemsOf({ workloads: { a: profile, b: profile } })).toEqual([]);
  const machine: Record<string, unknown> = {};
  machine.machine = machine;
  expect(problemsOf({ machine })).toHaveLength(1);
});

test('objects of another realm are plain objects', async () => {
  const { runInNewContext } = await import('node:vm');
  expect(problemsOf(runInNewContext('({ profiles: { a: { hardware: ["gpu"] } } })'))).toEqual([]);
});

test('any JSON is options or usage problems, and nothing else is thrown', () => {
  const keys = fc.constantFrom(
    'strategy',
    'profiles',
    'workloads',
    'machine',
    'hardware',
    'cpu',
    'lock',
    'x',
    '__proto__',
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      fc.jsonValue({ maxDepth: 1 }),
      fc.dictionary(keys, tie('tree')),
      fc.constantFrom('pull', 'gpu', '2GiB', ''),
    ),
  }));
  fc.assert(fc.property(tree, (raw) => expect(problemsOf(raw)).toEqual(expect.any(Array))));
});
