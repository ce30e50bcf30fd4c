import type { Scenario } from '../scenario.js';

const three = {
  'a.js': `module.exports = 1;`,
  'b.js': `module.exports = require('./a') + 1;`,
  'a.test.js': `test('a', () => expect(require('./a')).toBe(1));`,
  'b.test.js': `test('b', () => expect(require('./b')).toBe(2));`,
  'c.test.js': `test('c', () => {});`,
};

/** Which suites and tests run. */
export const selection: readonly Scenario[] = [
  {
    name: 'tests related to files',
    files: three,
    sample: true,
    steps: [
      { args: ['-w', '2', '--findRelatedTests', 'a.js'], reaches: { results: { numTotalTestSuites: 2 } } },
      {
        args: ['-i', '--findRelatedTests', 'b.js', 'c.test.js'],
        reaches: { results: { numTotalTestSuites: 2 } },
      },
    ],
  },
  {
    name: 'tests of what changed',
    files: three,
    sample: true,
    steps: [
      {
        args: ['-w', '2', '-o'],
        commit: true,
        write: { 'b.js': `module.exports = require('./a') + 2;` },
        reaches: { results: { numTotalTestSuites: 1, numFailedTests: 1 } },
      },
      {
        args: ['-w', '2', '--changedSince=HEAD~1'],
        commit: true,
        write: { 'a.js': `module.exports = 1; // same` },
        reaches: { results: { numTotalTestSuites: 2 } },
      },
    ],
  },
  {
    name: 'tests of the last commit, and of no change',
    files: three,
    steps: [
      { args: ['-w', '2', '-o'], commit: true },
      { args: ['-w', '2', '--lastCommit'], commit: true, write: { 'b.js': `module.exports = 3;` } },
      { args: ['-w', '2', '--changedFilesWithAncestor'], commit: true },
    ],
  },
  {
    name: 'only what failed in the run before',
    fixture: 'plain',
    sample: true,
    steps: [
      { args: ['-w', '2', 'passing', 'failing', 'retries', 'skipped'] },
      {
        args: ['-w', '2', '--onlyFailures'],
        reaches: { results: { numTotalTestSuites: 1 } },
      },
    ],
  },
  {
    name: 'nothing matches',
    fixture: 'plain',
    sample: true,
    steps: [
      { args: ['matches-nothing'], reaches: { exitCode: 1 } },
      { args: ['matches-nothing', '--passWithNoTests'], reaches: { exitCode: 0 } },
    ],
  },
  {
    name: 'no test of that name',
    fixture: 'plain',
    steps: [
      { args: ['-w', '2', '-t', 'no test is called so'] },
      { args: ['-i', 'passing', '-t', 'no test is called so', '--passWithNoTests'] },
    ],
  },
  {
    name: 'lists instead of runs',
    fixture: 'plain',
    steps: [
      { args: ['--listTests'], json: false },
      { args: ['--listTests', '--findRelatedTests', 'passing.test.js'], json: false },
      { args: ['--version'], json: false },
    ],
  },
  {
    name: 'tests are collected, not run',
    fixture: 'workers',
    sample: true,
    steps: [{ args: ['-w', '2', '--collectTests'], reaches: { exitCode: 0, results: { numTotalTests: 6 } } }],
  },
  {
    name: 'patterns, paths and files that are ignored',
    fixture: 'plain',
    steps: [
      { args: ['-w', '2', '--testPathPatterns', 'pass|skip', '--testPathIgnorePatterns', 'skipped'] },
      { args: ['-w', '2', '--testMatch', '**/passing*'] },
      { args: ['-i', '--runTestsByPath', './passing.test.js', 'not-there.test.js'] },
      { args: ['-w', '2', '--testRegex', 'retries'] },
      { args: ['-w', '2', '--filter=./filter.cjs'], write: { 'filter.cjs': filter() } },
    ],
  },
  {
    name: 'the run ends at the first failure, after the global teardown',
    fixture: 'bail',
    sample: true,
    config: { testFailureExitCode: 7 },
    steps: [
      {
        args: ['-i', '--bail'],
        reaches: {
          exitCode: 7,
          results: { numFailedTests: 1, numPassedTests: 0 },
          stderr: 'global teardown ran',
        },
      },
      { args: ['-w', '2', '--bail=2'], reaches: { results: { numFailedTests: 1, numPassedTests: 4 } } },
    ],
    far: {
      why: 'each machine tears down what it has set up',
      paths: ['stderr: nothing <> "global teardown ran'],
    },
  },
  {
    name: 'the run ends at so many failures',
    files: Object.fromEntries(
      [1, 2, 3, 4].map((n) => [
        `fails-${n}.test.js`,
        `${'//'.repeat(4000 - n * 500)}\ntest('fails', () => { throw new Error('${n}'); }); test('too', () => expect(1).toBe(2));`,
      ]),
    ),
    steps: [{ args: ['-i', '--bail=3'], ordered: true }, { args: ['-i', '--bail=3', '--ci'] }],
  },
  {
    name: 'exit codes and results of failing runs',
    fixture: 'plain',
    steps: [
      { args: ['-w', '2', 'passing', '--testFailureExitCode=3'] },
      { args: ['-w', '2', 'failing', 'passing', '--testFailureExitCode=3'] },
      { args: ['-w', '2', 'failing', 'passing', '--no-such-flag'] },
      { args: ['-w', '2', 'passing', 'only', '--errorOnDeprecated', '--useStderr', '--noStackTrace'] },
    ],
  },
];

function filter(): string {
  return `module.exports = (paths) => ({ filtered: paths.filter((path) => /(passing|only)/.test(path)).map((test) => ({ test })) });`;
}
