import type { Scenario } from '../scenario.js';

const suites = {
  'first.test.js': `test('passes', () => {});`,
  'second.test.js': `test('passes too', () => {});`,
};

/** Reporters, results processors and the like, of the project. */
export const reporters: readonly Scenario[] = [
  {
    name: 'reporters with options, the built-in ones, and a results processor',
    files: {
      ...suites,
      'third.test.js': `test('fails', () => expect(1).toBe(2));`,
      'mine.cjs': `module.exports = class { constructor(global, options, context) {
          this.options = [options, Object.keys(context).sort(), global.reporters.length > 0]; }
        onRunComplete(contexts, results) { process.stderr.write('mine: ' + JSON.stringify([this.options, contexts.size, results.numFailedTests]) + '\\n'); }
        getLastError() { return new Error('as mine says'); } };`,
      'processor.cjs': `module.exports = (results) => ({ ...results, mark: 'processed' });`,
    },
    config: {
      reporters: ['summary', 'github-actions', ['<rootDir>/mine.cjs', { option: 1 }]],
      testResultsProcessor: './processor.cjs',
    },
    sample: true,
    steps: [
      { args: ['-w', '2'], reaches: { exitCode: 1, stderr: 'mine: [[{"option":1}' } },
      { args: ['-i'] },
    ],
  },
  {
    name: 'a sequencer of the project',
    files: {
      ...suites,
      'sequencer.cjs': `const Sequencer = require('@jest/test-sequencer').default;
        module.exports = class extends Sequencer { sort(tests) { return [...tests].sort((a, b) => (a.path < b.path ? 1 : -1)); } };`,
    },
    config: { testSequencer: '<rootDir>/sequencer.cjs' },
    sample: true,
    steps: [
      { args: ['-i'], ordered: true },
      { args: ['-i', '--shard=1/2'], ordered: true },
    ],
  },
  {
    name: 'a reporter that throws when the run starts or is complete',
    files: {
      ...suites,
      'start.cjs': `module.exports = class { onRunStart() { throw new Error('start broke'); } };`,
      'complete.cjs': `module.exports = class { async onRunComplete() { throw new Error('complete broke'); } };`,
      'missing.cjs': `throw new Error('reporter does not load');`,
    },
    steps: [
      { args: ['-w', '2', '--reporters=default', '--reporters=./start.cjs'] },
      { args: ['-w', '2', '--reporters=default', '--reporters=./complete.cjs'] },
      { args: ['-i', '--reporters=default', '--reporters=./missing.cjs'] },
      { args: ['-i', '--reporters=default', '--reporters=./nowhere.cjs'] },
    ],
  },
  {
    name: 'a reporter that throws when it is told of a suite',
    files: {
      ...suites,
      'result.cjs': `module.exports = class { onTestResult(test) { if (test.path.includes('first')) throw new Error('result broke'); } };`,
    },
    steps: [{ args: ['-w', '2', '--reporters=default', '--reporters=./result.cjs'] }],
    intended: {
      why: 'stock exits with 0 without a word about the error, and by chance without suites that ended then',
      paths: ['exitCode', 'stderr', 'json'],
    },
  },
  {
    name: 'environments and configuration that are wrong',
    files: { ...suites, 'broken.cjs': 'throw new Error("config broke");' },
    steps: [
      { args: ['-w', '2', '--env=./nowhere'] },
      { args: ['-w', '2', '--config=./broken.cjs'] },
      { args: ['-w', '2', '--config={"rootDir":".","transform":{},"unknownKey":1}'] },
      { args: ['-w', '2', '--setupFilesAfterEnv=./nowhere.cjs'] },
      { args: ['-w', '0'] },
      { args: ['-w', 'many'] },
    ],
  },
];
