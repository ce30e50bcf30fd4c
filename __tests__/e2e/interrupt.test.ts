import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type RunningJest, runJest, startJest } from './harness/jest.js';
import { leaveProjects, type Project, useProject } from './harness/project.js';
import { eventsOf, fates } from './harness/record.js';
import { logOf } from './harness/suite-log.js';

afterAll(leaveProjects);

describe('a stopped run leaves no process behind', () => {
  const ways: readonly (readonly [
    string,
    NodeJS.Signals,
    'jest' | 'process group',
    Record<string, string>,
  ])[] = [
    ['Ctrl-C at a terminal', 'SIGINT', 'process group', { E2E_GRANDCHILDREN: '1' }],
    ['SIGINT to Jest alone', 'SIGINT', 'jest', { E2E_GRANDCHILDREN: '1' }],
    ['SIGTERM, as CI services send it', 'SIGTERM', 'jest', { E2E_GRANDCHILDREN: '1' }],
    ['SIGHUP, when the terminal is closed', 'SIGHUP', 'jest', { E2E_GRANDCHILDREN: '1' }],
    ['SIGINT while suites never yield', 'SIGINT', 'jest', { E2E_BUSY: '1', E2E_GRANDCHILDREN: '1' }],
  ];
  test.each(ways)('%s', async (_, signal, to, env) => {
    const { jest, project } = await startInterruptible(env);
    jest.signal(signal, to);
    const run = await jest.ended;
    expect(run.signal ?? run.exitCode).toBe(signal);
    expect(run.leftOver).toEqual([]);
    // The two that ran were stopped, the two that did not are named.
    expect(logOf(project)).toHaveLength(2);
    expect(Object.values(fates(run.record)).sort()).toEqual([
      'cancelled',
      'cancelled',
      'suite-not-started',
      'suite-not-started',
    ]);
    expect(eventsOf(run.record, 'run-cancelled').map(({ cause }) => cause)).toEqual(['interrupt']);
    expect(run.record.at(-1)?.type).toBe('run-ended');
  });

  test('while a browser is probed: every suite is named all the same', async () => {
    const project = await useProject('interrupt', {
      files: {
        'browser.test.js': "/**\n * @hardware gpu\n * @backend webgpu\n */\ntest('computes', () => {});\n",
        'bin/chromium': '#!/bin/sh\ntouch "$(dirname "$0")/started"\nexec sleep 60\n',
      },
    });
    const bin = join(project.directory, 'bin');
    chmodSync(join(bin, 'chromium'), 0o755);
    const jest = await startJest(project, ['-w', '2'], { env: { PATH: `${bin}:${process.env.PATH}` } });
    while (!existsSync(join(bin, 'started'))) await setTimeout(20);
    jest.signal('SIGINT', 'jest');
    const run = await jest.ended;
    expect(run.leftOver).toEqual([]);
    expect(new Set(Object.values(fates(run.record)))).toEqual(new Set(['suite-not-started']));
    expect(Object.keys(fates(run.record))).toContain('browser.test.js');
  });

  test('Jest itself is killed: its workers end by themselves', async () => {
    const { jest } = await startInterruptible({});
    jest.signal('SIGKILL');
    const run = await jest.ended;
    expect(run.signal).toBe('SIGKILL');
    expect(run.leftOver).toEqual([]);
  });

  test('Jest is killed with its process group: also workers that never yield', async () => {
    const { jest } = await startInterruptible({ E2E_BUSY: '1', E2E_GRANDCHILDREN: '1' });
    jest.signal('SIGKILL', 'process group');
    const run = await jest.ended;
    expect(run.signal).toBe('SIGKILL');
    expect(run.leftOver).toEqual([]);
  });

  async function startInterruptible(
    env: Record<string, string>,
  ): Promise<{ jest: RunningJest; project: Project }> {
    const project = await useProject('interrupt');
    const jest = await startJest(project, ['-w', '2'], { env });
    await jest.until(() => logOf(project).length === 2);
    return { jest, project };
  }
});

// With inherited output it would keep the run open, and outlive it.
test('what suites started and forgot ends with their workers', async () => {
  const project = await useProject('config', {
    files: {
      'first.test.js': `const { spawn } = require('node:child_process');
        test('forgets a server', () => {
          spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'inherit' }).unref();
        });`,
      'jest.config.mjs': 'export default { transform: {} };',
    },
  });
  const run = await runJest(project, ['-w', '2']);
  expect(run.exitCode).toBe(0);
  expect(run.leftOver).toEqual([]);
});

test('--bail stops suites that are running and names those that never started', async () => {
  const project = await useProject('bail');
  const jest = await startJest(project, ['-w', '2', '--bail'], { env: { E2E_LONG: '1' } });
  const run = await jest.ended;
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toContain('global teardown ran');
  expect(run.leftOver).toEqual([]);
  const { 'fails.test.js': fails, 'long.test.js': long, ...later } = fates(run.record);
  expect({ fails, long }).toEqual({ fails: 'failed', long: 'cancelled' });
  expect(Object.values(later)).toEqual(Array(4).fill('suite-not-started'));
  expect(eventsOf(run.record, 'suite-not-started').map(({ cause }) => cause)).toEqual(Array(4).fill('bail'));
});

describe('watch mode', () => {
  test('runs again when a file changes, stops a running suite at a key, and ends cleanly', async () => {
    const project = await useProject('watch');
    const jest = await startJest(project, ['--watchAll', '-w', '2'], { keyboard: true });
    await jest.waitFor(/Tests: +2 passed, 2 total.*Ran all test suites/s);

    write(project, 'changing.test.js', `test('second', () => {}); test('third', () => {});`);
    await jest.waitFor(/Tests: +3 passed, 3 total.*Ran all test suites/s);

    write(
      project,
      'changing.test.js',
      `const { log } = require('./log.cjs');
       test('never ends', () => { log('changing', 'begin'); return new Promise(() => {}); }, 600_000);`,
    );
    await jest.until(() => logOf(project).length === 1);
    await jest.waitFor(/PASS .*steady/);
    jest.type('q');
    await jest.waitFor(/Test run was interrupted/);
    const [hanging] = logOf(project);
    await jest.until(() => jest.processes().every(({ pid }) => pid !== hanging?.pid));

    write(project, 'changing.test.js', `test('fourth', () => {});`);
    await jest.waitFor(/Tests: +2 passed, 2 total.*Ran all test suites/s);

    jest.type('\u0003');
    const run = await jest.ended;
    expect(run.exitCode).toBe(0);
    expect(run.leftOver).toEqual([]);
    expect(run.records.map((record) => fates(record))).toEqual([
      { 'changing.test.js': 'passed', 'steady.test.js': 'passed' },
      { 'changing.test.js': 'passed', 'steady.test.js': 'passed' },
      { 'changing.test.js': 'cancelled', 'steady.test.js': 'passed' },
      { 'changing.test.js': 'passed', 'steady.test.js': 'passed' },
    ]);
  });

  // Records and history are written below rootDir: that must not look like a change.
  test('does not start again by its own output', async () => {
    const project = await useProject('watch');
    const jest = await startJest(project, ['--watchAll', '-w', '2'], { keyboard: true });
    await jest.waitFor(/Ran all test suites/);
    // A change that is ours comes after any that the first run caused.
    write(project, 'changing.test.js', `test('second', () => {});`);
    await jest.waitFor(/Ran all test suites/);
    jest.type('\u0003');
    expect((await jest.ended).records).toHaveLength(2);
  });

  function write(project: Project, file: string, content: string): void {
    writeFileSync(join(project.directory, file), `${content}\n`);
  }
});
