import { runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';
import { logOf } from './harness/suite-log.js';

afterAll(leaveProjects);

test('workers get their work in spite of a preloaded module that listens to the same channel', async () => {
  const project = await useProject('workers', {
    runner: 'hardware',
    files: { 'listen.cjs': "process.on('message', () => {});" },
  });
  const run = await runJest(project, ['-w', '2', 'pair'], {
    env: { NODE_OPTIONS: `--require ${project.directory}/listen.cjs` },
  });
  expect(run.exitCode).toBe(0);
  expect(new Set(logOf(project).map(({ pid }) => pid)).size).toBe(2);
});
