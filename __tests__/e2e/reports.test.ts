import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';
import { eventsOf } from './harness/record.js';

afterAll(leaveProjects);

test('a run writes its reports, adds to the step’s summary and annotates; its record says what failed', async () => {
  const project = await useProject('history', {
    options: { reports: ['markdown', 'csv'], unsatisfiable: 'skip' },
    files: {
      'broken.test.js': "test('adds', () => expect(1 + 1).toBe(3));\n",
      'npu.test.js': "/** @hardware npu */\ntest('listens', () => {});\n",
    },
  });
  const summary = join(project.directory, 'summary.md');
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
  const run = await runJest(project, [], { env });

  expect(run.exitCode).toBe(1);
  const [failed] = eventsOf(run.record, 'suite-ended').filter(({ status }) => status === 'failed');
  expect(failed?.failures).toEqual([
    { test: 'adds', message: expect.stringMatching(/Expected: 3\nReceived: 2$/), at: 'broken.test.js:1' },
  ]);

  const output = join(project.directory, '.jest-hardware');
  expect(readdirSync(output)).toEqual(expect.arrayContaining(['report.md', 'suites.csv']));
  const markdown = readFileSync(join(output, 'report.md'), 'utf8');
  expect(markdown).toMatch(/^## Failed: 1 of 5 suites\n/);
  expect(markdown).toContain('    Received: 2');
  expect(readFileSync(summary, 'utf8').trim()).toBe(markdown.trim());
  expect(run.stderr).toMatch(/^::warning title=Skipped for want of a device,file=\S*npu\.test\.js::/m);
  expect(run.stderr).not.toMatch(/^::error/m);

  // The next run tells of this one too.
  expect(markdown).not.toContain('### Last runs');
  await runJest(project, []);
  expect(readFileSync(join(output, 'report.md'), 'utf8')).toMatch(/### Last runs\n\n2 whole runs, /);
});
