import { type JestRun, runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';
import { endsOf, eventsOf, fates } from './harness/record.js';
import { failureOf, statuses } from './harness/results.js';
import { logOf } from './harness/suite-log.js';

afterAll(leaveProjects);

const evidence = [
  ['exits.test.js', /exit(ed)?( with)?( code)? 3/i],
  ['exits-quietly.test.js', /exit(ed)?( with)?( code)? 0/i],
  ['killed.test.js', /SIGKILL/],
  ['segfault.test.js', /SIGSEGV/],
] as const;

describe('suites whose process dies', () => {
  let run: JestRun;
  beforeAll(async () => {
    run = await runJest(await useProject('crash'), ['-w', '2']);
  });

  test('fail, and the others are as they would be without them', () => {
    expect(run.exitCode).toBe(1);
    expect(statuses(run)).toEqual({
      'crashes-once.test.js': 'passed',
      'exits-quietly.test.js': 'failed',
      'exits.test.js': 'failed',
      'fine-1.test.js': 'passed',
      'fine-2.test.js': 'passed',
      'fine-3.test.js': 'passed',
      'killed.test.js': 'failed',
      'segfault.test.js': 'failed',
    });
  });

  test.each(evidence)('%s: the failure names what ended the process', (file, cause) => {
    expect(failureOf(run, file)).toMatch(cause);
    for (const end of endsOf(run.record, file)) expect(end.cause).toMatch(cause);
  });

  test('what a suite did to itself is not called a failure of the infrastructure', () => {
    for (const file of ['exits.test.js', 'exits-quietly.test.js', 'segfault.test.js']) {
      expect(failureOf(run, file)).toContain('ended its own process');
      expect(failureOf(run, file)).not.toContain('infrastructure');
    }
    expect(failureOf(run, 'exits.test.js')).toContain('process.exit called with "3"');
  });

  test('a kill is called one for want of memory only where the kernel counts one', () => {
    expect(failureOf(run, 'killed.test.js')).toContain('not for want of memory');
    expect(failureOf(run, 'killed.test.js')).toContain('something outside of the suite sent the signal');
  });

  test('the failure names the memory that the process had', () => {
    const [, mebibytes] = /(\d+(?:\.\d+)?) ?MiB/.exec(failureOf(run, 'killed.test.js')) ?? [];
    expect(Number(mebibytes)).toBeGreaterThan(200);
    for (const { peakMemoryBytes } of endsOf(run.record, 'killed.test.js')) {
      expect(peakMemoryBytes).toBeGreaterThan(200 * 1024 ** 2);
    }
  });

  test.each(evidence)('%s is lost twice, never failed', (file) => {
    expect(endsOf(run.record, file).map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 'lost'],
      [2, 'lost'],
    ]);
  });

  test('one that passes at the second attempt has passed, and the record tells of both', () => {
    const attempts = endsOf(run.record, 'crashes-once.test.js');
    expect(attempts.map(({ status }) => status)).toEqual(['lost', 'passed']);
    expect(logOf(run.project).filter(({ suite }) => suite === 'crashes-once')).toHaveLength(2);
  });

  test('the second attempt runs alone', () => {
    const running = new Map<string, number>();
    const together: string[] = [];
    for (const event of run.record) {
      if (event.type === 'suite-ended') running.delete(event.suiteId);
      if (event.type !== 'suite-started') continue;
      running.set(event.placement.suiteId, event.attempt);
      if (running.size > 1 && [...running.values()].includes(2))
        together.push([...running.keys()].join(' + '));
    }
    expect(together).toEqual([]);
    expect(eventsOf(run.record, 'suite-requeued')).toHaveLength(5);
  });

  test('every suite has one fate, and Jest hears of each once', () => {
    expect(Object.keys(fates(run.record))).toHaveLength(8);
    expect(run.events.filter(({ type }) => type === 'file-start')).toHaveLength(8);
    expect(run.events.filter(({ type }) => type === 'file-result')).toHaveLength(8);
  });

  test('nothing is left behind', () => {
    expect(run.leftOver).toEqual([]);
  });
});

test('without retries the first loss is the result', async () => {
  const run = await runJest(await useProject('crash', { options: { retryLost: false } }), ['-w', '2']);
  expect(run.exitCode).toBe(1);
  expect(statuses(run)['crashes-once.test.js']).toBe('failed');
  for (const file of [...evidence.map(([file]) => file), 'crashes-once.test.js']) {
    expect(endsOf(run.record, file).map(({ status }) => status)).toEqual(['lost']);
  }
});

test('a suite that needs more memory than there is is lost, its neighbour passes', async () => {
  const env = { NODE_OPTIONS: '--max-old-space-size=160' };
  const run = await runJest(await useProject('memory'), ['-w', '2'], { env });
  expect(run.exitCode).toBe(1);
  expect(statuses(run)).toEqual({ 'modest.test.js': 'passed', 'out-of-memory.test.js': 'failed' });
  expect(failureOf(run, 'out-of-memory.test.js')).toMatch(/memory/i);
  expect(endsOf(run.record, 'out-of-memory.test.js').map(({ status }) => status)).toEqual(['lost', 'lost']);
});

describe('suites over their time limit', () => {
  let run: JestRun;
  beforeAll(async () => {
    run = await runJest(await useProject('hang'), ['-w', '2']);
  });

  test.each([
    ['busy.test.js', /@max-time of (1 ?s|1000 ms)/],
    ['waiting.test.js', /@max-time of (1 ?s|1000 ms)/],
  ])('%s is stopped after its @max-time, whatever it does', (file, limit) => {
    expect(endsOf(run.record, file).map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 'timed-out'],
    ]);
    expect(failureOf(run, file)).toMatch(limit);
  });

  test('a suite within its limit passes', () => {
    expect(run.exitCode).toBe(1);
    expect(statuses(run)).toMatchObject({ 'busy.test.js': 'failed', 'in-time.test.js': 'passed' });
  });

  test('their processes are gone', () => {
    expect(run.leftOver).toEqual([]);
  });
});

test('a time limit holds for a single suite too, which stock Jest would run in its own process', async () => {
  const run = await runJest(await useProject('hang'), ['busy']);
  expect(run.exitCode).toBe(1);
  expect(endsOf(run.record, 'busy.test.js').map(({ status }) => status)).toEqual(['timed-out']);
});

test('failOn: a flaky suite fails the run, which ends as any other; without it, it is only told', async () => {
  const args = ['-w', '2', 'crashes-once', 'fine-1'];
  const accepted = await runJest(await useProject('crash'), args);
  expect(accepted.exitCode).toBe(0);
  expect(accepted.stderr).toMatch(/^ {2}flaky {9}crashes-once\.test\.js: .*; attempt 2 passed$/m);
  const refused = await runJest(await useProject('crash', { options: { failOn: ['flaky'] } }), args);
  expect(refused.exitCode).toBe(1);
  expect(refused.json).toMatchObject({ success: false, numPassedTestSuites: 2, numFailedTestSuites: 0 });
  expect(refused.stderr).toMatch(/the option failOn names flaky\n.*crashes-once\.test\.js: /);
  expect(refused.stderr).toContain('Tests:       2 passed, 2 total');
});
