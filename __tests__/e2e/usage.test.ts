import { runJest } from './harness/jest.js';
import { leaveProjects, type ProjectOptions, useProject } from './harness/project.js';

afterAll(leaveProjects);

interface Mistake {
  readonly use: ProjectOptions;
  readonly env?: Readonly<Record<string, string>>;
  /** What the message must name. */
  readonly words: readonly (string | RegExp)[];
}

const hardware = (
  options: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>> = {},
): ProjectOptions => ({
  runner: 'as-is',
  files: {
    'jest.config.cjs': `const { withHardware } = require('jest-runner-hardware');
      module.exports = withHardware({ transform: {} }, ${JSON.stringify(options)});`,
    ...files,
  },
});

const mistakes: Readonly<Record<string, Mistake>> = {
  'an unknown option': {
    use: hardware({ unsatisfiabel: 'skip' }),
    words: ['unsatisfiabel', 'write `unsatisfiable`'],
  },
  'a wrong value': {
    use: hardware({ unsatisfiable: 'ignore' }),
    words: ['unsatisfiable', 'ignore', 'degrade'],
  },
  'an unknown strategy': { use: hardware({ strategy: 'pul' }), words: ['strategy', 'pul', 'round-robin'] },
  'a mistake in a profile of the options': {
    use: hardware({ profiles: { '**/first.test.js': { hardware: 'gppu' } } }),
    words: ['first.test.js', 'gppu', 'gpu'],
  },
  'a machine file that is not there': {
    use: hardware({ machine: './nowhere.json' }),
    words: ['nowhere.json'],
  },
  'a machine file that is not JSON': {
    use: hardware(
      { machine: './machine.json' },
      { 'machine.json': '{\n  "devices": [\n    { "id": "gpu0", }\n  ]\n}\n' },
    ),
    words: [/machine\.json:3/],
  },
  'a machine file with an unknown word': {
    use: hardware(
      { machine: './machine.json' },
      { 'machine.json': '{\n  "devices": [\n    { "id": "gpu0", "class": "gppu" }\n  ]\n}\n' },
    ),
    words: [/machine\.json:3/, 'gppu', 'gpu'],
  },
  'an output directory that cannot be made': {
    use: hardware({ outputDirectory: './a-file/records' }, { 'a-file': 'not a directory' }),
    words: ['a-file'],
  },
  'an unknown word in JEST_HARDWARE_ONLY': {
    use: hardware({}),
    env: { JEST_HARDWARE_ONLY: 'gppu' },
    words: ['JEST_HARDWARE_ONLY', 'gppu', 'gpu'],
  },
  'an unknown word in JEST_HARDWARE': {
    use: hardware({}),
    env: { JEST_HARDWARE: 'no' },
    words: ['JEST_HARDWARE', 'off'],
  },
  "our runner with Jest's own sequencer": {
    use: {
      runner: 'as-is',
      files: { 'jest.config.cjs': `module.exports = { transform: {}, runner: 'jest-runner-hardware' };` },
    },
    words: ["testSequencer: 'jest-runner-hardware/sequencer'"],
  },
  'another runner in a config given to withHardware': {
    use: {
      runner: 'as-is',
      files: {
        'jest.config.cjs': `const { withHardware } = require('jest-runner-hardware');
          module.exports = withHardware({ transform: {}, runner: 'jest-runner-eslint' });`,
      },
    },
    words: ['jest-runner-eslint'],
  },
};

describe('a mistake ends the run with one clear error, and runs no suite', () => {
  test.each(Object.keys(mistakes))('%s', async (name) => {
    const { use, env = {}, words } = mistakes[name] as Mistake;
    const run = await runJest(await useProject('config', use), ['-w', '2'], { env });
    expect(run.exitCode).not.toBe(0);
    for (const word of words) expect(run.stderr).toMatch(word);
    expect(run.stderr).toMatch(/expected:|remedy:/);
    expect(run.stderr).not.toMatch(/bug in jest-runner-hardware|Tests: .* passed/);
    // One error: what is wrong is said once.
    expect(run.stderr.match(/remedy:|expected:/g)?.length).toBeLessThanOrEqual(2);
  });
});
