import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';
import { endsOf, eventsOf, fates } from './harness/record.js';
import { logOf, overlaps } from './harness/suite-log.js';

afterAll(leaveProjects);

// Without -w, as users start Jest. These fail on machines of one or two cores, where Jest's default is one worker.
const plain = { 'jest.config.mjs': 'export default { transform: {} };' };

test('two GPUs work at once however few cores there are', async () => {
  // Each waits until both have started: with one worker they would wait in vain.
  const suite = (own: string, other: string) => `/** @hardware gpu */
    const { existsSync, writeFileSync } = require('node:fs');
    test('meets the other', async () => {
      writeFileSync('${own}', '');
      while (!existsSync('${other}')) await new Promise((resolve) => setTimeout(resolve, 10));
    }, 20_000);`;
  const gpu = (id: string) => ({ id, class: 'gpu', vendor: 'nvidia', model: 'Test GPU' });
  const project = await useProject('config', {
    options: { machine: { devices: [gpu('gpu0'), gpu('gpu1')] }, claims: false },
    files: { ...plain, 'first.test.js': suite('one', 'two'), 'second.test.js': suite('two', 'one') },
  });
  const run = await runJest(project, []);
  expect(run.exitCode).toBe(0);
  const started = eventsOf(run.record, 'suite-started').map(({ placement }) => placement.slotId);
  expect(started.sort()).toEqual(['local/gpu0#1', 'local/gpu1#1']);
});

test('a suite whose process dies does not end a run of several suites', async () => {
  const project = await useProject('config', {
    files: { ...plain, 'first.test.js': `test('dies', () => process.kill(process.pid, 'SIGKILL'));` },
  });
  const run = await runJest(project, []);
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toContain('Test Suites: 1 failed, 1 passed, 2 total');
  expect(fates(run.record)).toEqual({ 'first.test.js': 'lost', 'second.test.js': 'passed' });
  expect(endsOf(run.record, 'first.test.js')).toHaveLength(2);
});

test('quick suites that run in the process of Jest run one at a time', async () => {
  const suite = (name: string) => `const { log, pause } = require('./log.cjs');
    test('takes a moment', async () => { log('${name}', 'begin'); await pause(50); log('${name}', 'end'); });`;
  const names = ['short-1', 'short-2', 'short-3'];
  const files = Object.fromEntries(names.map((name) => [`${name}.test.js`, suite(name)]));
  const project = await useProject('workers', { files });
  // Jest runs them in its process once it knows that they are quick.
  await runJest(project, ['-w', '4', 'short-[123]']);
  rmSync(join(project.directory, 'suites.log'));
  const run = await runJest(project, ['-w', '4', 'short-[123]']);
  expect(run.exitCode).toBe(0);
  const log = logOf(project);
  expect(new Set(log.map(({ pid }) => pid))).toEqual(new Set([run.pid]));
  expect(overlaps(log)).toEqual([]);
});
