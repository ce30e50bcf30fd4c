import type { Scenario } from '../scenario.js';

const source = `exports.sign = (n) => (n > 0 ? 1 : -1);\n`;

/** What runs write: snapshots and coverage. */
export const files: readonly Scenario[] = [
  {
    name: 'snapshots: new, changed, obsolete and inline',
    fixture: 'snapshots',
    sample: true,
    steps: [
      { args: ['-w', '2', '--ci'], reaches: { exitCode: 1 } },
      {
        args: ['-w', '2'],
        reaches: { exitCode: 1, files: ['__snapshots__/new.test.js.snap', 'new.test.js'] },
      },
      { args: ['-i', '-u'], reaches: { exitCode: 0, files: ['inline.test.js'] } },
      { args: ['-w', '2', '--ci'], reaches: { exitCode: 0 } },
    ],
  },
  {
    name: 'snapshots in band, and of a test name alone',
    fixture: 'snapshots',
    steps: [{ args: ['-i'] }, { args: ['-i', '-u', '-t', 'matches'] }, { args: ['-w', '2', '-u', '--ci'] }],
  },
  {
    name: 'snapshot files whose suites are gone',
    files: {
      'one.test.js': `test('one', () => expect(1).toMatchSnapshot());`,
      'two.test.js': `test('two', () => expect(2).toMatchSnapshot());`,
      'three.test.js': `test('three', () => expect({ id: Math.PI }).toMatchSnapshot({ id: expect.any(Number) }));
        test('throws', () => expect(() => { throw new Error('boom'); }).toThrowErrorMatchingSnapshot());`,
    },
    sample: true,
    steps: [
      { args: ['-w', '2'], reaches: { files: ['__snapshots__/two.test.js.snap'] } },
      {
        args: ['-w', '2'],
        write: { 'two.test.js': null, 'one.test.js': `test('other', () => expect(1).toMatchSnapshot());` },
        reaches: { stderr: 'obsolete' },
      },
      { args: ['-w', '2', '-u'], reaches: { files: ['__snapshots__/two.test.js.snap'] } },
    ],
  },
  {
    name: 'snapshots of several projects',
    fixture: 'projects',
    steps: [
      {
        args: ['-w', '2', '-u'],
        write: {
          'packages/a/more.test.js': `test('more', () => { expect({ a: ['b'] }).toMatchSnapshot(); });`,
          'shared/__snapshots__/gone.test.js.snap':
            '// Jest Snapshot v1, https://jestjs.io/docs/snapshot-testing\n',
        },
      },
      { args: ['-w', '2', '--ci'] },
    ],
  },
  {
    name: 'coverage: map, thresholds and report files by babel and V8',
    fixture: 'coverage',
    sample: true,
    steps: [
      {
        args: ['-w', '2', '--coverageProvider=babel'],
        reaches: { exitCode: 1, stderr: 'does not meet', files: ['coverage/coverage-summary.json'] },
      },
      {
        // In band: what V8 tells of a suite depends on the suites that ran in its process before.
        args: ['-i', '--coverageProvider=v8'],
        reaches: { exitCode: 1, stderr: 'does not meet', files: ['coverage/coverage-summary.json'] },
      },
      {
        args: ['-w', '2', '-o'],
        commit: true,
        write: { 'src/shared.js': `exports.twice = (n) => n + n; // changed\n` },
        reaches: { files: ['coverage/coverage-summary.json'] },
      },
    ],
  },
  {
    name: 'coverage in band, with other reporters, and of related tests',
    fixture: 'coverage',
    steps: [
      {
        args: [
          '-i',
          '--coverageReporters=lcovonly',
          '--coverageReporters=clover',
          '--coverageReporters=text',
        ],
      },
      { args: ['-i', '--coverageProvider=v8', '--coverageReporters=cobertura', '--coverageDirectory=out'] },
      { args: ['-w', '2', '--coverage=false', '--findRelatedTests', 'src/sign.js', 'src/typed.ts'] },
      { args: ['-w', '2', '--collectCoverageFrom=src/sign.js', '--coverageThreshold={}'] },
    ],
  },
  {
    name: 'coverage of native ES modules and of several projects',
    files: {
      'package.json': '{ "name": "covered", "private": true, "type": "module" }',
      'jest.config.cjs': 'module.exports = { transform: {}, coverageReporters: ["json", "text"] };',
      'sign.js': `export const sign = (n) => (n > 0 ? 1 : -1);\nexport const unused = () => 0;\n`,
      'one.test.js': `import { sign } from './sign.js'; test('one', () => expect(sign(1)).toBe(1));`,
      'two.test.js': `import { sign } from './sign.js'; test('two', () => expect(sign(-1)).toBe(-1));`,
    },
    steps: [
      { args: ['-w', '2', '--coverage', '--coverageProvider=v8'], reaches: { exitCode: 0 } },
      { args: ['-i', '--coverage'] },
    ],
  },
  {
    name: 'coverage of a file that does not parse, and one that is never loaded',
    files: {
      'src/good.js': source,
      'src/bad.js': `exports.bad = ;`,
      'src/unused.js': `exports.unused = () => (Math.random() > 2 ? 1 : 2);`,
      'one.test.js': `test('one', () => expect(require('./src/good').sign(1)).toBe(1));`,
      'two.test.js': `test('two', () => {});`,
    },
    config: {
      collectCoverageFrom: ['src/**'],
      coverageReporters: ['json', 'text-summary'],
      coverageThreshold: { global: { lines: 100 } },
    },
    steps: [
      { args: ['-w', '2', '--coverage'] },
      { args: ['-w', '2', '--coverage', '--coverageProvider=v8'] },
      { args: ['-i', '--coverage'] },
    ],
  },
];
