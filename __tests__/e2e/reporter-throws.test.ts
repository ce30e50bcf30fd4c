import { runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';
import { fates } from './harness/record.js';

afterAll(leaveProjects);

const reporter = (method: string) =>
  `module.exports = class { ${method}(...args) { if (JSON.stringify(args[0]).includes('first')) throw new Error('reporter broke'); } };`;

async function runWith(method: string, args: readonly string[], config: object = {}) {
  const project = await useProject('config', {
    runner: 'as-is',
    files: {
      'broken.cjs': reporter(method),
      'teardown.cjs': `module.exports = async () => process.stderr.write('global teardown ran\\n');`,
      'jest.config.cjs': `const { withHardware } = require('jest-runner-hardware');
        module.exports = withHardware(${JSON.stringify({
          transform: {},
          globalTeardown: '<rootDir>/teardown.cjs',
          reporters: ['default', '<rootDir>/broken.cjs'],
          ...config,
        })});`,
    },
  });
  return runJest(project, args);
}

describe.each([['-i'], ['--maxWorkers=2']])('%s', (workers) => {
  test('a reporter that throws on a result fails the run, which goes on to its end', async () => {
    const run = await runWith('onTestResult', [workers]);
    expect(run.exitCode).toBe(1);
    expect(run.stderr.match(/Error: reporter broke/g)).toHaveLength(1);
    expect(run.stderr).toContain('Tests:       2 passed, 2 total');
    expect(run.stderr).toContain('global teardown ran');
    expect(run.json).toMatchObject({ success: false, numPassedTestSuites: 2, numTotalTestSuites: 2 });
    expect(fates(run.record)).toEqual({ 'first.test.js': 'passed', 'second.test.js': 'passed' });
  });

  test('a reporter that throws on a start fails that suite alone', async () => {
    const run = await runWith('onTestFileStart', [workers]);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('reporter broke');
    expect(run.stderr).toContain('global teardown ran');
    expect(run.json).toMatchObject({ numPassedTestSuites: 1, numRuntimeErrorTestSuites: 1 });
    expect(fates(run.record)).toEqual({ 'first.test.js': 'failed', 'second.test.js': 'passed' });
  });
});

test('the exit code tells it where our reporter is left out', async () => {
  const run = await runWith('onTestResult', ['--reporters=default', '--reporters=<rootDir>/broken.cjs']);
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toContain('Error: reporter broke');
  expect(run.stderr).toContain('Tests:       2 passed, 2 total');
});
