import type { Scenario } from '../scenario.js';

/** Languages, module systems, environments, and what stands around suites. */
export const kinds: readonly Scenario[] = [
  {
    name: 'TypeScript with ts-jest',
    fixture: 'typescript',
    sample: true,
    // In band: each worker would check all types again. The rows of coverage have ts-jest in workers.
    steps: [{ args: ['-i'], reaches: { results: { numFailedTestSuites: 2, numPassedTests: 3 } } }],
  },
  {
    name: 'native ES modules',
    fixture: 'esm',
    sample: true,
    steps: [
      { args: ['-w', '2'], reaches: { results: { numFailedTestSuites: 2, numPassedTests: 5 } } },
      { args: ['-i'], reaches: { results: { numFailedTestSuites: 2, numPassedTests: 5 } } },
    ],
    far: {
      why: 'each machine tears down what it has set up',
      paths: ['stderr: nothing <> "global teardown ran'],
    },
  },
  {
    name: 'native ES modules in threads',
    fixture: 'esm',
    steps: [{ args: ['-w', '2', '--workerThreads'] }],
    far: {
      why: 'each machine tears down what it has set up',
      paths: ['stderr: nothing <> "global teardown ran'],
    },
  },
  {
    name: 'jsdom, and node by docblock',
    fixture: 'jsdom',
    sample: true,
    steps: [{ args: ['-w', '2'], reaches: { results: { numFailedTests: 1, numPassedTests: 4 } } }],
  },
  {
    name: 'several projects',
    fixture: 'projects',
    sample: true,
    steps: [
      { args: ['-w', '2'], reaches: { results: { numTotalTestSuites: 7, numFailedTests: 1 } } },
      { args: ['-i', '--selectProjects', 'browser'], reaches: { results: { numTotalTestSuites: 2 } } },
    ],
  },
  {
    name: 'several projects, one of them left out',
    fixture: 'projects',
    steps: [
      { args: ['-w', '2', '--ignoreProjects', 'node', 'package-a'] },
      { args: ['-w', '2', '--selectProjects', 'nowhere'] },
      { args: ['-w', '2', '--projects', 'packages/a'] },
      { args: ['-i', '-t', 'runs in'] },
    ],
  },
  {
    name: 'setup, resolver, transform, haste, and what is global',
    fixture: 'around',
    sample: true,
    steps: [
      {
        args: ['-w', '2'],
        reaches: { results: { numPassedTests: 5 }, stderr: 'global teardown ran, sees true' },
      },
      { args: ['-i'], reaches: { results: { numPassedTests: 5 }, stderr: 'global teardown ran, sees true' } },
    ],
    far: {
      why: 'each machine tears down what it has set up',
      paths: ['stderr: nothing <> "global teardown ran'],
    },
  },
  {
    name: 'a transform that is asynchronous, of ES modules',
    files: {
      'package.json': '{ "name": "async-transform", "private": true, "type": "module" }',
      'transform.mjs': `export default {
          process: (source) => ({ code: source.replaceAll('__VALUE__', '"synchronous"') }),
          processAsync: async (source) => {
            await new Promise((resolve) => setTimeout(resolve, 5));
            return { code: source.replaceAll('__VALUE__', '"transformed"') };
          } };`,
      'value.js': `export const value = __VALUE__;`,
      'one.test.js': `import { value } from './value.js'; test('is transformed', () => { console.log(value); expect(value).not.toBe('raw'); });`,
      'two.test.js': `import { value } from './value.js'; test('fails', () => expect(value).toBe('raw'));`,
      'jest.config.cjs': `module.exports = { transform: { '\\\\.js$': './transform.mjs' } };`,
    },
    steps: [
      { args: ['-w', '2'], reaches: { results: { numPassedTests: 1, numFailedTests: 1 } } },
      { args: ['-i'] },
    ],
  },
  {
    name: 'a transform that throws',
    files: {
      'transform.cjs': `module.exports = { process: (source, file) => {
          if (file.endsWith('one.test.js')) throw new SyntaxError('cannot transform'); return { code: source }; } };`,
      'one.test.js': `test('never runs', () => {});`,
      'two.test.js': `test('passes', () => {});`,
    },
    config: { transform: { '\\.js$': './transform.cjs' } },
    steps: [{ args: ['-w', '2'] }, { args: ['-i'] }],
  },
  {
    name: 'an environment that throws in each of its phases',
    files: Object.fromEntries(
      ['constructor', 'setup', 'teardown', 'handleTestEvent'].flatMap((phase) => [
        [
          `${phase}.cjs`,
          phase === 'constructor'
            ? `const { TestEnvironment } = require('jest-environment-node');
               module.exports = class extends TestEnvironment { constructor(...args) { super(...args); throw new Error('constructor'); } };`
            : `const { TestEnvironment } = require('jest-environment-node');
               module.exports = class extends TestEnvironment { async ${phase}() { throw new Error('${phase}'); } };`,
        ],
        [`${phase}.test.js`, `/** @jest-environment ./${phase}.cjs */\ntest('passes', () => {});`],
      ]),
    ),
    // In workers, stock Jest does not end when an environment fails to handle an event.
    steps: [{ args: ['-w', '2', 'constructor', 'setup', 'teardown'] }, { args: ['-i'] }],
  },
  {
    name: 'setup files that throw',
    files: {
      'setup.cjs': `if (process.env.SETUP_THROWS === 'first') throw new Error('setup broke');`,
      'after-env.cjs': `if (process.env.SETUP_THROWS === 'second') throw new Error('setup after env broke');`,
      'one.test.js': `test('passes', () => {});`,
      'two.test.js': `test('passes', () => {});`,
    },
    config: { setupFiles: ['./setup.cjs'], setupFilesAfterEnv: ['./after-env.cjs'] },
    sample: true,
    steps: [
      {
        args: ['-w', '2'],
        env: { SETUP_THROWS: 'first' },
        reaches: { exitCode: 1, results: { numRuntimeErrorTestSuites: 2 }, stderr: 'setup broke' },
      },
      { args: ['-i'], env: { SETUP_THROWS: 'second' }, reaches: { stderr: 'setup after env broke' } },
    ],
  },
  {
    name: 'global setup that fails',
    files: {
      'setup.cjs': `module.exports = async () => { throw new Error('global setup broke'); };`,
      'teardown.cjs': `module.exports = async () => process.stderr.write('teardown ran\\n');`,
      'one.test.js': `test('passes', () => {});`,
      'two.test.js': `test('passes', () => {});`,
    },
    config: { globalSetup: './setup.cjs', globalTeardown: './teardown.cjs' },
    sample: true,
    steps: [{ args: ['-w', '2'], reaches: { exitCode: 1, stderr: 'global setup broke' } }],
  },
  {
    name: 'global teardown that fails',
    files: {
      'teardown.cjs': `module.exports = async () => { throw new Error('global teardown broke'); };`,
      'one.test.js': `test('passes', () => {});`,
      'two.test.js': `test('passes', () => {});`,
    },
    config: { globalTeardown: './teardown.cjs' },
    sample: true,
    steps: [
      { args: ['-w', '2'], reaches: { exitCode: 1, stderr: 'global teardown broke' } },
      { args: ['-i'] },
    ],
    far: {
      why: 'it fails on each machine',
      paths: [
        'stderr: nothing <> "Error: Jest: Got error running globalTeardown - <project>/teardown.cjs',
        String.raw`stderr: nothing <> " +at module.exports \(<project>/teardown.cjs`,
      ],
    },
  },
  {
    name: 'presets, another test runner, and fake timers',
    files: {
      'preset/jest-preset.json':
        '{ "testEnvironmentOptions": { "x": 1 }, "setupFiles": ["./preset/setup.cjs"] }',
      'preset/setup.cjs': 'globalThis.fromPreset = true;',
      'one.test.js': `test('from the preset', () => expect(globalThis.fromPreset).toBe(true));
        test('modern timers', () => { jest.useFakeTimers({ now: 42 }); expect(Date.now()).toBe(42); });`,
      'legacy.test.js': `test('mocks are reset', () => expect(jest.fn(() => 1)()).toBe(1));`,
    },
    config: { preset: './preset', resetMocks: true, restoreMocks: true, injectGlobals: true },
    steps: [
      { args: ['-w', '2'] },
      { args: ['-i', '--injectGlobals=false'] },
      { args: ['-i', '--testTimeout=1'] },
    ],
  },
  {
    name: 'module registries, manual mocks and node modules of the project',
    files: {
      'node_modules/left/index.js': `module.exports = 'left';`,
      'node_modules/left/package.json': '{ "name": "left", "main": "index.js" }',
      '__mocks__/left.js': `module.exports = 'mocked left';`,
      'roots/lib/deep.js': `module.exports = 'deep';`,
      'one.test.js': `test('mock', () => expect(require('left')).toBe('mocked left'));
        test('actual', () => expect(jest.requireActual('left')).toBe('left'));
        test('directory', () => expect(require('lib/deep')).toBe('deep'));
        test('virtual', () => { jest.doMock('nowhere', () => 1, { virtual: true }); expect(require('nowhere')).toBe(1); });
        test('missing', () => require('no-such-module'));`,
      'two.test.js': `test('mapped to nothing', () => require('mapped/x'));`,
    },
    config: { modulePaths: ['<rootDir>/roots'], moduleNameMapper: { '^mapped/(.*)$': '<rootDir>/none/$1' } },
    steps: [{ args: ['-w', '2'] }, { args: ['-i'] }],
    far: {
      why: 'the setup there is named',
      paths: ['stderr: nothing <> "jest-runner-hardware: box runs `cp -R'],
    },
  },
];
