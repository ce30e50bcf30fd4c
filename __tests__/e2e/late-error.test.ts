import { runJest } from './harness/jest.js';
import { type Runner, removeProjects, useProject } from './harness/project.js';

afterAll(removeProjects);

// In band the error ends Jest. What was known before must have been told by then, as stock Jest tells it.
const late = (delayMs: number) =>
  `test('leaves a timer behind', () => { setTimeout(() => { throw new Error('too late'); }, ${delayMs}); });`;

const oneFile = { 'first.test.js': late(0) };
const onlyThis = ['--testPathPatterns', 'first'];

test.each<Runner>(['stock', 'hardware'])(
  '%s: a late error in band comes after the report',
  async (runner) => {
    const project = await useProject('config', {
      runner,
      files: { ...oneFile, 'jest.config.mjs': 'export default { transform: {} };' },
    });
    const run = await runJest(project, ['-i', '--no-cache', ...onlyThis]);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('PASS ./first.test.js');
    expect(run.stderr).toContain('Tests:       1 passed, 1 total');
    expect(run.json).toMatchObject({ numPassedTestSuites: 1 });
    expect(run.events.map(({ type }) => type)).toContain('run-complete');
  },
);
