import type { Scenario } from '../scenario.js';

/** Where suites run, and what they leave behind there. */
export const workers: readonly Scenario[] = [
  {
    // The twins wait for each other: one after the other they would time out.
    name: 'workers run at once, are used again, and are started anew over the idle memory limit',
    fixture: 'workers',
    sample: true,
    steps: [
      {
        args: ['-w', '2'],
        // The debugger of Jest is not theirs.
        nodeArgs: ['--inspect=127.0.0.1:0'],
        reaches: { exitCode: 0, workers: { processes: 2, ids: ['1', '2'], threads: false } },
      },
      {
        args: ['-w', '2', '--workerIdleMemoryLimit=1KB', '--detectLeaks'],
        write: { 'a.announced': null, 'b.announced': null },
        reaches: { exitCode: 0, workers: { processes: 6, ids: ['1', '2'] } },
      },
    ],
  },
  {
    name: 'workers are threads when asked for',
    fixture: 'workers',
    sample: true,
    steps: [{ args: ['-w', '2', '--workerThreads'], reaches: { workers: { threads: true, processes: 1 } } }],
  },
  {
    name: 'suites in band run in the process of Jest itself, which may be debugged',
    fixture: 'workers',
    sample: true,
    steps: [
      {
        args: ['-i', 'short'],
        nodeArgs: ['--inspect=127.0.0.1:0'],
        reaches: { stderr: 'Debugger listening', workers: { ids: ['1'], inJestItself: true } },
      },
    ],
  },
  {
    name: 'suites that leave something open',
    fixture: 'handles',
    sample: true,
    steps: [
      { args: ['-w', '2'], reaches: { stderr: 'A worker process has failed to exit gracefully' } },
      { args: ['--detectOpenHandles', '--forceExit'], reaches: { stderr: 'TCPSERVERWRAP', exitCode: 0 } },
    ],
    far: {
      why: 'open handles are those of the process of Jest itself',
      paths: [String.raw`json\.openHandles`, 'stderr'],
    },
  },
  {
    name: 'forced ends',
    fixture: 'handles',
    steps: [
      { args: ['-i', '--forceExit'], reaches: { stderr: 'Force exiting Jest' } },
      { args: ['-w', '2', '--forceExit'] },
      { args: ['-w', '2', '--workerThreads', '--forceExit'] },
    ],
  },
  {
    name: 'leaks are found',
    files: {
      'leaks.test.js': `test('keeps its world', () => { require('node:fs').kept = () => globalThis; });`,
      'clean.test.js': `test('keeps nothing', () => {});`,
    },
    steps: [
      { args: ['-w', '2', '--detectLeaks'], reaches: { exitCode: 1, stderr: 'leak' } },
      { args: ['-i', '--detectLeaks', '--logHeapUsage'] },
    ],
  },
  {
    name: 'late errors of timers, promises and streams',
    files: {
      'clean.test.js': `test('passes', async () => { await new Promise((resolve) => setTimeout(resolve, 300)); });`,
      'rejects.test.js': `test('leaves a rejection', () => { setTimeout(() => Promise.reject(new Error('rejected late')), 5); });`,
      'throws.test.js': `test('leaves a timer', () => { setTimeout(() => { throw new Error('thrown late'); }, 5); });`,
    },
    steps: [{ args: ['-w', '2', 'clean', 'rejects'] }, { args: ['-w', '2', 'clean', 'throws'] }],
    far: {
      why: 'no suite runs in the process of Jest itself',
      paths: ['exitCode', 'json', 'results', 'stderr'],
    },
  },
  {
    name: 'a late error in band comes after the report',
    files: {
      'late.test.js': `test('leaves a timer', () => { setTimeout(() => { throw new Error('too late'); }, 0); });`,
      // A repository: a run that asks git, a process, must not begin its suites in another phase of the event loop.
      '.git/HEAD': 'ref: refs/heads/main\n',
      '.git/objects/keep': '',
      '.git/refs/keep': '',
    },
    sample: true,
    steps: [
      {
        args: ['-i', '--no-cache'],
        reaches: { exitCode: 1, results: { numPassedTests: 1 }, stderr: 'PASS ./late.test.js' },
      },
    ],
    far: { why: 'no suite runs in the process of Jest itself', paths: ['exitCode', 'stderr'] },
  },
  {
    name: 'errors inside tests that nobody waits for',
    files: {
      'a.test.js': `test('a timer throws', (done) => { setTimeout(() => { throw new Error('in a timer'); }, 1); });
        test('an unhandled rejection', async () => { Promise.reject(new Error('unhandled'));
          await new Promise((resolve) => setTimeout(resolve, 20)); });
        test('an emitter', (done) => { setTimeout(() => new (require('node:events'))().emit('error', new Error('emitted')), 1); });
        test('done twice', (done) => { done(); done(); });
        test('done with a reason', (done) => done('a reason'));
        test('both', async (done) => {});`,
      'b.test.js': `test('after the end', () => { setTimeout(() => console.log('too late to log'), 0); });
        test('imports late', () => { setTimeout(() => { try { require('./c'); } catch {} }, 0); });`,
      'c.js': '',
      'd.test.js': `test('takes a while', async () => { await new Promise((resolve) => setTimeout(resolve, 200)); });`,
    },
    steps: [{ args: ['-w', '2', '--testTimeout=500'] }, { args: ['-i', '--testTimeout=500', 'a', 'd'] }],
  },
  {
    name: 'process.exit and process.abort in workers',
    files: {
      'exits.test.js': `test('exits', () => { process.exit(3); });`,
      'zero.test.js': `test('exits as if all were well', () => { process.exit(0); });`,
      'fine.test.js': `test('passes', () => {});`,
    },
    steps: [
      {
        args: ['-w', '2'],
        reaches: { exitCode: 1, results: { numRuntimeErrorTestSuites: 2, numPassedTests: 1 } },
      },
    ],
    intended: {
      why: 'a suite whose process died is tried once more, and its failure says what ended it',
      paths: [
        'stderr',
        String.raw`(results|json)\.suites\.\d+\.(message|failureMessage|testExecError)`,
        'events',
      ],
    },
  },
  {
    name: 'process.exit in band',
    files: {
      'exits.test.js': `test('exits', () => { process.exit(3); });`,
      'fine.test.js': `test('passes', () => {});`,
    },
    steps: [
      { args: ['-i', 'exits'], reaches: { exitCode: 3, stderr: 'process.exit called with "3"' } },
      { args: ['-w', '1', 'exits'], reaches: { exitCode: 3 } },
    ],
    far: {
      why: 'no suite runs in the process of Jest itself',
      paths: ['exitCode', 'json', 'results', 'events', 'stderr'],
    },
  },
  {
    name: 'what suites do to their process does not reach the next one',
    files: {
      'a.test.js': `test('changes', () => { process.chdir('/'); process.env.LEFT = 'over'; process.title = 'changed';
          process.exitCode = 9; Object.defineProperty(globalThis, 'x', { value: 1 }); });`,
      'b.test.js': `test('sees', () => { expect([process.env.LEFT, process.cwd() === '/', globalThis.x]).toMatchSnapshot(); });`,
    },
    steps: [{ args: ['-w', '1'] }, { args: ['-i', 'a'] }],
    far: {
      why: 'no suite runs in the process of Jest itself; with -w 1 two run at once there',
      paths: ['exitCode', 'json', 'results', 'events', 'stderr', 'files'],
    },
  },
];
