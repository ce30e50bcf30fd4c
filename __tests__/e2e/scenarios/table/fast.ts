import type { Scenario } from '../scenario.js';

const changing = `const { rmSync, writeFileSync } = require('node:fs');
  const { join } = require('node:path');
  const file = join(__dirname, 'written.js');
  test('a module that each suite writes anew', () => {
    writeFileSync(file, "exports.value = '" + __filename.at(-9) + "';\\n");
    expect(require('./written').value).toBe(__filename.at(-9));
  });
  afterAll(() => rmSync(file));`;

/** Three suites that load the same module. */
const signed = {
  'sign.js': `exports.sign = (n) => (n > 0 ? 'positive' : 'other'); exports.unused = () => (1 ? 2 : 3);`,
  ...Object.fromEntries(
    [1, 2, 3].map((n) => [
      `sign-${n}.test.js`,
      `const { sign } = require('./sign'); test('sign', () => expect(sign(${n})).toBe('positive'));`,
    ]),
  ),
};

/** Several suites of one process load the same modules: what one has read and compiled serves the next. */
export const fast: readonly Scenario[] = [
  {
    name: 'modules, storages and mistakes that several suites share',
    fixture: 'fast',
    sample: true,
    steps: [
      { args: ['-i'], reaches: { exitCode: 0, results: { numPassedTests: 30 } } },
      {
        args: ['-w', '2'],
        nodeArgs: ['--experimental-vm-modules', '--no-warnings'],
        reaches: { exitCode: 0 },
      },
    ],
  },
  {
    name: 'leaks of suites that share modules',
    files: signed,
    steps: [{ args: ['-i', '--detectLeaks'], reaches: { exitCode: 0 } }],
  },
  {
    name: 'coverage by V8 and by Babel of shared modules',
    files: signed,
    sample: true,
    steps: ['v8', 'babel'].map((provider) => ({
      args: ['-i', '--coverage', `--coverageProvider=${provider}`, '--coverageReporters=text'],
      reaches: { exitCode: 0, stdout: 'sign.js' },
    })),
  },
  {
    name: 'modules that change between suites',
    files: {
      'change-a.test.js': changing,
      'change-b.test.js': changing,
      'change-c.test.js': changing,
    },
    sample: true,
    steps: [{ args: ['-i'], reaches: { exitCode: 0, results: { numPassedTests: 3 } } }],
  },
  {
    name: 'a module that is edited between the runs of watch mode',
    files: {
      'value.js': 'exports.value = 1;',
      'one.test.js': "test('one', () => expect(require('./value').value).toBe(1));",
      'two.test.js': "test('two', () => expect(require('./value').value).toBe(1));",
    },
    steps: [
      {
        args: ['-i', '--watchAll'],
        terminal: [
          { shown: 'Tests: .*2 passed.*Watch Usage', write: { 'value.js': 'exports.value = 2;' } },
          { shown: 'Tests: .*2 failed.*Watch Usage', type: 'q' },
        ],
      },
    ],
  },
];
