import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inProject, type JestRun, runJest } from './harness/jest.js';
import { leaveProjects, type Project, useProject } from './harness/project.js';
import { eventsOf, fates } from './harness/record.js';

afterAll(leaveProjects);

describe('record and history', () => {
  const suites = ['large.test.js', 'middle.test.js', 'slow.test.js'];
  let first: JestRun;
  let second: JestRun;
  beforeAll(async () => {
    const project = await useProject('history');
    first = await runJest(project, ['-i']);
    second = await runJest(project, ['-i']);
  });

  test('each run has a record of its own, from start to end', () => {
    expect(second.records).toHaveLength(2);
    for (const record of second.records) {
      expect(record[0]).toMatchObject({ type: 'run-started', version: 1, filtered: false, coverage: false });
      expect(record.at(-1)?.type).toBe('run-ended');
      expect(fates(record)).toEqual(Object.fromEntries(suites.map((suite) => [suite, 'passed'])));
      const times = record.map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });

  test('it says what ran where, with how many tests', () => {
    const started = eventsOf(first.record, 'suite-started');
    expect(started.map(({ placement }) => placement.slotId)).toEqual(Array(3).fill('local/cpu#1'));
    for (const end of eventsOf(first.record, 'suite-ended')) {
      expect(end).toMatchObject({ attempt: 1, degraded: false, executedTests: 1 });
    }
  });

  test('it names neither the home directory nor the project’s place', () => {
    const directory = join(first.project.directory, '.jest-hardware');
    const text = JSON.stringify(first.records) + readFileSync(join(directory, 'history.jsonl'), 'utf8');
    expect(text).not.toContain(first.project.directory);
  });

  test('the first run goes by size, the second by what was measured: longest first', () => {
    expect(orderOf(first)[0]).toBe('large.test.js');
    const measured = eventsOf(first.record, 'suite-ended').toSorted((a, b) => b.durationMs - a.durationMs);
    expect(orderOf(second)).toEqual(measured.map(({ suiteId }) => suiteId));
    const bases = eventsOf(second.record, 'suite-started').map(({ placement }) => placement.estimate.basis);
    expect(bases).toEqual(Array(3).fill('own-device'));
  });
});

test('a filtered run is recorded as such and not learned from', async () => {
  const project = await useProject('history');
  await runJest(project, ['-i']);
  const before = learned(project);
  const run = await runJest(project, ['-i', '-t', 'moment']);
  expect(run.record[0]).toMatchObject({ type: 'run-started', filtered: true, narrowedBy: ['-t'] });
  expect(learned(project)).toEqual(before);

  /** All lines but the first, which names the runs that were looked at. */
  function learned({ directory }: Project): readonly string[] {
    return readFileSync(join(directory, '.jest-hardware/history.jsonl'), 'utf8').split('\n').slice(1);
  }
});

test('a run says its commit, whether files differ from it, that it was by path, and which tests were tried again', async () => {
  const project = await useProject('history');
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', project.directory, '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
      encoding: 'utf8',
    }).trim();
  git('init', '-q');
  git('add', '.');
  git('commit', '-qm', 'all');
  const clean = await runJest(project, ['-i', 'large']);
  expect(clean.record[0]).toMatchObject({ commit: git('rev-parse', 'HEAD'), narrowedBy: ['paths'] });
  expect(clean.record[0]).not.toHaveProperty('uncommitted');
  const shaky = "jest.retryTimes(1);\nlet tries = 0;\ntest('is shaky', () => expect(++tries).toBe(2));\n";
  writeFileSync(join(project.directory, 'new.test.js'), shaky);
  const changed = await runJest(project, ['-i', 'new']);
  expect(changed.record[0]).toMatchObject({ commit: git('rev-parse', 'HEAD'), uncommitted: true });
  const [ended] = eventsOf(changed.record, 'suite-ended');
  expect(ended).toMatchObject({ status: 'passed', retriedTests: ['is shaky'] });
});

test('record and history go where the options say', async () => {
  const project = await useProject('history', {
    options: { outputDirectory: 'out/hardware', history: 'kept/history.jsonl' },
  });
  await runJest(project, ['-i', 'large']);
  expect(existsSync(join(project.directory, 'out/hardware'))).toBe(true);
  expect(existsSync(join(project.directory, 'kept/history.jsonl'))).toBe(true);
  expect(existsSync(join(project.directory, '.jest-hardware'))).toBe(false);
});

function orderOf(run: JestRun): readonly string[] {
  return run.events
    .filter(({ type }) => type === 'file-start')
    .map(({ file }) => inProject(run.project, file ?? ''));
}
