import type { Scenario } from '../scenario.js';

/** What a test file may hold, and how it ends. */
export const suites: readonly Scenario[] = [
  {
    name: 'plain suites in workers',
    fixture: 'plain',
    sample: true,
    steps: [
      {
        args: ['-w', '2', '--testLocationInResults', '--logHeapUsage'],
        reaches: { exitCode: 1, results: { numTotalTestSuites: 17, numRuntimeErrorTestSuites: 8 } },
      },
    ],
  },
  {
    name: 'plain suites in band, in random order of a seed',
    fixture: 'plain',
    sample: true,
    steps: [{ args: ['-i', '--verbose', '--randomize', '--seed=7', '--showSeed'], ordered: true }],
  },
  {
    name: 'tests of a name, verbose and in colours',
    fixture: 'plain',
    sample: true,
    steps: [
      {
        args: ['-w', '2', '--verbose', '-t', 'square|logs|differ'],
        env: { FORCE_COLOR: '1' },
        reaches: { results: { numPassedTests: 3, numFailedTests: 1 } },
      },
    ],
  },
  {
    name: 'plain suites in one worker, silent',
    fixture: 'plain',
    steps: [
      { args: ['-w', '1', '--silent', '--noStackTrace', '--expand'] },
      { args: ['-w', '50%', '--no-cache'] },
    ],
  },
  {
    name: 'values that JSON cannot hold',
    fixture: 'values',
    sample: true,
    steps: [
      {
        args: ['-w', '2'],
        json: false,
        reaches: { results: { numFailedTests: 5, numRuntimeErrorTestSuites: 1 } },
      },
      { args: ['-i'], json: false },
    ],
    far: {
      why: 'a getter that throws fails the whole suite, as in workers of stock Jest',
      paths: [
        String.raw`results\.(num\w+Tests|numRuntimeErrorTestSuites|suites\.0\.)`,
        String.raw`events\.getter\.test\.js`,
        'stderr',
      ],
    },
  },
  {
    name: 'concurrent tests and their limit',
    files: {
      'concurrent.test.js': `let running = 0; let most = 0;
        const each = async () => { running += 1; most = Math.max(most, running);
          await new Promise((resolve) => setTimeout(resolve, 30)); running -= 1; };
        test.concurrent.each([[1], [2], [3], [4], [5], [6]])('number %i', each);
        test.concurrent('fails', async () => { await each(); throw new Error('concurrent'); });
        test.concurrent.skip('is skipped', each);
        afterAll(() => expect(most).toBe(2));`,
      'other.test.js': `test.concurrent.failing('fails as said', async () => { throw new Error('yes'); });`,
    },
    steps: [{ args: ['-w', '2', '--maxConcurrency=2'], reaches: { results: { numFailedTests: 1 } } }],
  },
  {
    name: 'tests that are tried again',
    files: {
      'again.test.js': `jest.retryTimes(3, { retryImmediately: true, waitBeforeRetry: 5 }); let n = 0;
        test('third time', () => { n += 1; if (n < 3) throw new Error('attempt ' + n); });
        test('never', () => { throw new Error('always'); });`,
      'last.test.js': `jest.retryTimes(1, { logErrorsBeforeRetry: true });
        describe('inside', () => { test('never', () => expect(1).toBe(2)); });`,
    },
    steps: [
      { args: ['-w', '2'], reaches: { results: { numFailedTests: 2, numPassedTests: 1 } } },
      { args: ['-i'] },
    ],
  },
  {
    name: 'modules that import each other in a circle',
    files: {
      'a.js': `exports.early = 1; const b = require('./b'); exports.late = () => b.sum;`,
      'b.js': `const a = require('./a'); exports.sum = a.early + (a.late === undefined ? 10 : 100);`,
      'circle.test.js': `test('half loaded modules', () => expect(require('./a').late()).toBe(11));`,
      'error.test.js': `test('an error in a circle of causes', () => {
          const first = new Error('first'); const second = new Error('second', { cause: first });
          first.cause = second; throw first; });`,
    },
    steps: [
      { args: ['-w', '2'], json: false },
      { args: ['-i'], json: false },
    ],
  },
  {
    name: 'a million nested, sparse and huge values',
    files: {
      'huge.test.js': `test('a big difference', () => {
          expect(Array.from({ length: 20000 }, (_, i) => i)).toEqual(Array.from({ length: 20000 }, (_, i) => i + 1)); });
        test('deep', () => { let deep = {}; for (let i = 0; i < 500; i += 1) deep = { deep };
          expect(deep).toEqual({ deep: 1 }); });
        test('sparse, negative zero, dates, sets', () => {
          expect([, 1, -0, new Date(0), new Set([1n])]).toEqual([undefined, 1, 0, new Date(1), new Set([2n])]); });
        test('lone surrogates and control characters', () => expect('\\ud800\\u0000\\u001b[31m').toBe('x'));`,
      'title.test.js': `test('title with \\u001b[31mescape\\u001b[39m, ünïcödé, 日本語 and 😀', () => {});
        test.each([[{ a: 1 }], [undefined], [Symbol('s')], [() => {}]])('of %p', () => {});
        test('', () => {}); describe('', () => { test(' ', () => {}); });`,
    },
    steps: [
      { args: ['-w', '2', '--verbose'], json: false },
      { args: ['-i'], json: false },
    ],
  },
  {
    name: 'megabytes of console',
    files: {
      'much.test.js': `test('writes', () => { const line = 'x'.repeat(1024 * 1024);
          for (let i = 0; i < 50; i += 1) console.log(i + line); });`,
      'lines.test.js': `test('writes many', () => { for (let i = 0; i < 5000; i += 1) console.log('line', i); });`,
      'streams.test.js': `test('straight to the stream', () => {
          for (let i = 0; i < 20; i += 1) process.stdout.write('y'.repeat(1024 * 1024) + i + '\\n'); });`,
    },
    steps: [{ args: ['-w', '2'], reaches: { exitCode: 0 } }],
  },
  {
    name: 'projects and files with odd names',
    folder: 'with space, ünïcödé [brackets] (1) + {x} $HOME',
    files: {
      'with space.test.js': `test('passes', () => expect(require('./módulo [1]')).toBe('module'));`,
      '[id].test.js': `test('has a snapshot', () => expect(1).toMatchSnapshot());`,
      'deep (er)/日本語/😀.test.js': `test('fails', () => expect(1).toBe(2));`,
      "quote'and#hash.test.js": `test('passes', () => {});`,
      'módulo [1].js': `module.exports = 'module';`,
    },
    sample: true,
    steps: [
      {
        args: ['-w', '2'],
        reaches: {
          results: { numPassedTests: 3, numFailedTests: 1 },
          files: ['__snapshots__/[id].test.js.snap'],
        },
      },
      { args: ['-i', '--runTestsByPath', '[id].test.js', "quote'and#hash.test.js"] },
    ],
    far: {
      why: 'Jest misreads stack lines of paths with brackets: as many `..` as the folder there is deep',
      paths: [
        String.raw`(json|results)\.suites\.1\.(message|failureMessage)`,
        String.raw`stderr: .*deep \(er\)[./]+日本語`,
      ],
    },
  },
];
