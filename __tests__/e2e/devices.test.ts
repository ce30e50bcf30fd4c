import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Json, runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';
import { eventsOf, fates } from './harness/record.js';
import { failureOf, statuses } from './harness/results.js';
import { type LogLine, logOf, overlaps } from './harness/suite-log.js';

afterAll(leaveProjects);

const gpuSuites = [1, 2, 3, 4].map((n) => `needs-gpu-${n}.test.js`);

const onTwo = `/**
 * @hardware gpu:2
 */
const { placement } = require('jest-runner-hardware/placement');
test('has two', () => {
  expect(placement.devices.map(({ id }) => id)).toEqual(['gpu0', 'gpu1']);
  expect(process.env.CUDA_VISIBLE_DEVICES).toBe('0,1');
});
`;

describe('a suite that takes two devices at once', () => {
  const files = { 'pair.test.js': onTwo };

  test('sees both, and nobody else is on them meanwhile', async () => {
    const run = await runJest(await useProject('gpu', { options: { machine: './two-gpus.json' }, files }), [
      '-w',
      '2',
    ]);
    expect(statuses(run)['pair.test.js']).toBe('passed');
    const started = eventsOf(run.record, 'suite-started').map(({ placement }) => placement);
    const pair = started.find(({ suiteId }) => suiteId === 'pair.test.js');
    expect(pair?.claim.deviceIds).toEqual(['gpu0', 'gpu1']);
    const events = run.record.filter(({ type }) => type === 'suite-started' || type === 'suite-ended');
    const [begin, end] = events.flatMap((event, index) =>
      JSON.stringify(event).includes('pair.test.js') ? index : [],
    );
    const beside = events.slice((begin ?? 0) + 1, end).filter(({ type }) => type === 'suite-started');
    expect(JSON.stringify(beside)).not.toMatch(/"gpu[01]"/);
  });

  test('fails where there is one', async () => {
    const machine = { version: 1, machine: {}, devices: [{ id: 'gpu0', class: 'gpu' }] };
    const run = await runJest(await useProject('gpu', { options: { machine }, files }), ['-w', '2', 'pair']);
    expect(failureOf(run, 'pair.test.js')).toMatch(/needs 2 gpu at once: local has 1 that will do/);
  });
});

test('a suite that hangs on one device is tried on a better one, and has one result', async () => {
  const slow = `/**
 * @hardware gpu, cpu
 */
const { placement } = require('jest-runner-hardware/placement');
test('ends', async () => {
  if (process.env.HANGS && placement.attempt === 1) await new Promise((resolve) => setTimeout(resolve, 600_000));
}, 900_000);
`;
  const machine = { version: 1, machine: {}, devices: [{ id: 'gpu0', class: 'gpu', model: 'Example GPU' }] };
  const project = await useProject('gpu', { options: { machine }, files: { 'slow.test.js': slow } });
  // On both devices once, so that both are measured.
  for (const only of ['cpu', 'gpu']) {
    const docblock = slow.replace('gpu, cpu', only);
    writeFileSync(join(project.directory, 'slow.test.js'), docblock);
    expect((await runJest(project, ['-w', '2'])).json).toMatchObject({ numFailedTests: 0 });
  }
  writeFileSync(join(project.directory, 'slow.test.js'), slow);
  const run = await runJest(project, ['-w', '2', 'slow'], { env: { HANGS: '1' } });
  expect(run.exitCode).toBe(0);
  expect(run.json).toMatchObject({ numTotalTests: 1, numPassedTests: 1 });
  expect(eventsOf(run.record, 'suite-ended').map(({ attempt, status }) => [attempt, status])).toEqual([
    [2, 'passed'],
    [1, 'cancelled'],
  ]);
});

describe('without a GPU, suites that need one', () => {
  const machine = './no-gpu.json';

  test('fail with the clause that is not met; the others run', async () => {
    const run = await runJest(await useProject('gpu', { options: { machine } }), ['-w', '2']);
    expect(run.exitCode).toBe(1);
    expect(statuses(run)).toEqual({
      'anywhere.test.js': 'passed',
      'gpu-or-cpu.test.js': 'passed',
      'optional.test.js': 'skipped',
      ...Object.fromEntries(gpuSuites.map((file) => [file, 'failed'])),
    });
    for (const file of gpuSuites) {
      expect(failureOf(run, file)).toMatch(/needs gpu: this machine has cpu/);
      expect(fates(run.record)[file]).toBe('suite-unplaceable');
    }
    const ran = new Set(logOf(run.project).map(({ suite }) => suite));
    expect(ran).toEqual(new Set(['anywhere', 'gpu-or-cpu']));
  });

  // A list executes nothing: it must neither need the GPU nor count as a run on one.
  test('are collected like any other', async () => {
    const options = { machine, requireExecuted: ['gpu'] };
    const run = await runJest(await useProject('gpu', { options }), ['-w', '2', '--collectTests']);
    expect(run.exitCode).toBe(0);
    expect(run.json).toMatchObject({ numTotalTests: 7, numRuntimeErrorTestSuites: 0 });
    expect(run.records).toEqual([]);
  });

  test("fail in the end under 'wait'", async () => {
    const options = { machine, unsatisfiable: 'wait 1s' };
    const run = await runJest(await useProject('gpu', { options }), ['-w', '2', 'needs-gpu-1', 'anywhere']);
    expect(run.exitCode).toBe(1);
    expect(statuses(run)).toEqual({ 'anywhere.test.js': 'passed', 'needs-gpu-1.test.js': 'failed' });
    expect(failureOf(run, 'needs-gpu-1.test.js')).toMatch(/needs gpu/);
  });

  test("are skipped with the reason under 'skip'", async () => {
    const options = { machine, unsatisfiable: 'skip' };
    const run = await runJest(await useProject('gpu', { options }), ['-w', '2']);
    expect(run.exitCode).toBe(0);
    expect(run.json).toMatchObject({ numPendingTestSuites: 5, numPassedTestSuites: 2, success: true });
    for (const file of gpuSuites) expect(statuses(run)[file]).toBe('skipped');
    expect(run.stderr).toMatch(/needs gpu/);
  });

  test("run elsewhere under 'degrade', and are never plainly passed", async () => {
    const options = { machine, unsatisfiable: 'degrade' };
    const run = await runJest(await useProject('gpu', { options }), ['-w', '2']);
    expect(run.exitCode).toBe(0);
    const ends = eventsOf(run.record, 'suite-ended').filter(({ degraded }) => degraded);
    expect(ends.map(({ suiteId }) => suiteId).sort()).toEqual(gpuSuites);
    const placed = logOf(run.project).filter(
      ({ event, suite }) => event === 'begin' && suite.startsWith('needs'),
    );
    expect(placed.map(({ degraded, device }) => [degraded, (device as { id: string }).id])).toEqual(
      Array(4).fill([true, 'cpu']),
    );
    // Jest's own output says so beside the suite, and our section says it again.
    const notes: readonly Json[] = run.events.flatMap(({ result }) => result?.console ?? []);
    expect(notes.filter(({ message }) => /degraded/.test(message))).toHaveLength(4);
    expect(run.stderr.slice(run.stderr.indexOf('Ran all test suites'))).toMatch(/degraded/);
    // Any of a list is what was asked for.
    expect(logOf(run.project).find(({ suite }) => suite === 'gpu-or-cpu')?.degraded).toBe(false);
  });

  test('make the run fail where the class must have executed', async () => {
    const options = { machine, unsatisfiable: 'skip', requireExecuted: ['gpu'] };
    const run = await runJest(await useProject('gpu', { options }), ['-w', '2']);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toMatch(/requireExecuted.*gpu|gpu.*requireExecuted/s);
  });

  test('do not make a filtered run fail for that', async () => {
    const options = { machine, unsatisfiable: 'skip', requireExecuted: ['gpu'] };
    const run = await runJest(await useProject('gpu', { options }), ['-w', '2', 'anywhere']);
    expect(run.exitCode).toBe(0);
  });
});

test('a GPU that a variable hides is named by refused suites, in the record and by requireExecuted', async () => {
  const machine = { devices: [{ id: 'gpu0', class: 'gpu', vendor: 'nvidia', backends: ['cuda'] }] };
  const options = { machine, requireExecuted: ['gpu'] };
  const env = { CUDA_VISIBLE_DEVICES: '-1' };
  const run = await runJest(await useProject('gpu', { options }), ['-w', '2'], { env });
  const clause = 'gpu0 is hidden by CUDA_VISIBLE_DEVICES=-1';
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toMatch(
    / needs gpu: gpu0 is hidden by CUDA_VISIBLE_DEVICES=-1\n +remedy: unset the variable/,
  );
  expect(run.stderr).not.toContain('needs gpu: this machine has cpu');
  const [refused] = eventsOf(run.record, 'suite-unplaceable');
  expect(refused?.rejections[0]).toMatchObject({ slotId: 'local/gpu0', filter: 'unusable' });
  expect(run.stderr).toMatch(
    /executed a test in this run\n.*\n *found: +gpu0 is hidden by CUDA_VISIBLE_DEVICES=-1/,
  );
  expect(run.stderr).toContain(`requireExecuted: no suite executed a test on a real gpu; ${clause}`);
});

describe('with two GPUs', () => {
  const machine = './two-gpus.json';

  test('each suite sees one of them, and each GPU has one suite at a time', async () => {
    const run = await runJest(await useProject('gpu', { options: { machine, requireExecuted: ['gpu'] } }), [
      '-w',
      '4',
    ]);
    expect(run.exitCode).toBe(0);
    const log = gpuLog(logOf(run.project));
    expect(log).toHaveLength(8);
    expect(new Set(log.map(({ cuda }) => cuda))).toEqual(new Set(['0', '1']));
    for (const gpu of ['0', '1']) expect(overlaps(log.filter(({ cuda }) => cuda === gpu))).toEqual([]);
    // Both devices are in use at once, however long a process takes to start.
    const isOurs = ({ suiteId }: { suiteId: string }) => gpuSuites.includes(suiteId);
    const startsAtMs = eventsOf(run.record, 'suite-started').flatMap(({ atMs, placement }) =>
      isOurs(placement) ? atMs : [],
    );
    const endsAtMs = eventsOf(run.record, 'suite-ended')
      .filter(isOurs)
      .map(({ atMs }) => atMs);
    expect(startsAtMs.filter((atMs) => atMs < Math.min(...endsAtMs))).toHaveLength(2);
    expect(sameWorkerAtOnce(logOf(run.project))).toEqual([]);
    for (const { workerId } of logOf(run.project)) expect(['1', '2', '3', '4']).toContain(workerId);
    for (const { device, cuda } of log.filter(({ event }) => event === 'begin')) {
      expect(device).toMatchObject({ id: `gpu${cuda}`, class: 'gpu', memoryBytes: 8589934592 });
    }
  });

  test('a mask that was set outside is kept', async () => {
    const project = await useProject('gpu', { options: { machine } });
    const run = await runJest(project, ['-w', '4'], { env: { CUDA_VISIBLE_DEVICES: '1' } });
    expect(run.exitCode).toBe(0);
    const log = gpuLog(logOf(project));
    expect(log).toHaveLength(8);
    expect(new Set(log.map(({ cuda }) => cuda))).toEqual(new Set(['1']));
    expect(overlaps(log)).toEqual([]);
  });

  test('JEST_HARDWARE_ONLY=gpu runs only theirs and names the rest', async () => {
    const project = await useProject('gpu', { options: { machine } });
    const run = await runJest(project, ['-w', '4'], { env: { JEST_HARDWARE_ONLY: 'gpu' } });
    expect(run.exitCode).toBe(0);
    const ran = [...gpuSuites, 'gpu-or-cpu.test.js'];
    expect(
      Object.keys(statuses(run))
        .filter((file) => statuses(run)[file] === 'passed')
        .sort(),
    ).toEqual(ran.sort());
    expect(
      eventsOf(run.record, 'suite-not-selected')
        .map(({ suiteId }) => suiteId)
        .sort(),
    ).toEqual(['anywhere.test.js', 'optional.test.js']);
    expect(run.stderr).toMatch(/not selected/);
    // With two free CPU slots, but the CPU is not what was asked for.
    const [either] = logOf(project).filter(({ suite }) => suite === 'gpu-or-cpu');
    expect(either).toMatchObject({ device: { class: 'gpu' }, degraded: false });
    // Reporters make dates of these: that of a suite that did not run is the run's, not 1970.
    const starts: number[] = run.json.testResults.map(({ startTime }: { startTime: number }) => startTime);
    expect(Math.min(...starts)).toBeGreaterThan(run.json.startTime - 1);
  });

  test('the variable JEST_HARDWARE_MACHINE names the machine file too', async () => {
    const project = await useProject('gpu');
    const run = await runJest(project, ['-w', '2', 'needs-gpu-1'], {
      env: { JEST_HARDWARE_MACHINE: machine },
    });
    expect(run.exitCode).toBe(0);
    expect(gpuLog(logOf(project))).toHaveLength(2);
  });

  test('in band, suites that need a GPU still get a process that is bound to it', async () => {
    const project = await useProject('gpu', { options: { machine } });
    const run = await runJest(project, ['-i']);
    expect(run.exitCode).toBe(0);
    expect(new Set(gpuLog(logOf(project)).map(({ cuda }) => cuda)).size).toBeGreaterThan(0);
    for (const { cuda, pid } of gpuLog(logOf(project))) {
      expect(cuda).toMatch(/^[01]$/);
      expect(pid).not.toBe(run.pid);
    }
    expect(logOf(project).find(({ suite }) => suite === 'anywhere')?.pid).toBe(run.pid);
  });
});

test('JEST_HARDWARE=off: everything is as with stock Jest', async () => {
  const project = await useProject('gpu', { options: { machine: './no-gpu.json' } });
  const run = await runJest(project, ['-w', '2', 'needs-gpu-1', 'anywhere'], {
    env: { JEST_HARDWARE: 'off' },
  });
  expect(run.exitCode).toBe(0);
  expect(logOf(project).every(({ device }) => device === undefined)).toBe(true);
  expect(existsSync(join(project.directory, '.jest-hardware'))).toBe(false);
});

/** Suites that ran at the same time under one `JEST_WORKER_ID`: what they derive from it (ports, databases) would clash. */
function sameWorkerAtOnce(log: readonly LogLine[]): readonly string[] {
  const ids = [...new Set(log.map(({ workerId }) => workerId))];
  return ids.flatMap((id) => overlaps(log.filter(({ workerId }) => workerId === id)));
}

function gpuLog(log: readonly LogLine[]): readonly LogLine[] {
  return log.filter(({ suite }) => suite.startsWith('needs-gpu'));
}

test('a GPU that is too hot gets no suite until it has cooled down', async () => {
  const gpuTest = (n: number) => `/**
 * @hardware gpu
 */
test('takes a while', (done) => { setTimeout(done, ${n === 1 ? 1100 : 300}); });
`;
  const files = Object.fromEntries([1, 2, 3].map((n) => [`warm-${n}.test.js`, gpuTest(n)]));
  const bindingEnv = { CUDA_VISIBLE_DEVICES: 'GPU-0' };
  const machine = {
    version: 1,
    machine: {},
    devices: [{ id: 'gpu0', class: 'gpu', vendor: 'nvidia', bindingEnv }],
  };
  const project = await useProject('gpu', { options: { machine }, files });
  // Hot when it is asked first, then cool: a stand-in for the tool.
  const bin = join(project.directory, 'bin');
  mkdirSync(bin);
  const asked = join(bin, 'asked');
  writeFileSync(
    join(bin, 'nvidia-smi'),
    // It does not know how to go on reading.
    `#!/bin/sh\ncase "$*" in *--loop-ms*) exit 2;; esac\nif [ -e '${asked}' ]; then echo 'GPU-0, 60, 70.5'; else touch '${asked}'; echo 'GPU-0, 95, 200.0'; fi\n`,
    { mode: 0o755 },
  );
  const run = await runJest(project, ['-w', '2', 'warm'], {
    env: { PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  expect(run.exitCode).toBe(0);
  const heat = eventsOf(run.record, 'device-heat');
  expect(heat).toMatchObject([
    { deviceId: 'gpu0', hot: true, celsius: 95, source: 'nvidia-smi' },
    { deviceId: 'gpu0', hot: false, celsius: 60 },
  ]);
  const [hotAtMs = 0, coolAtMs = 0] = heat.map(({ atMs }) => atMs);
  const startsAtMs = eventsOf(run.record, 'suite-started').map(({ atMs }) => atMs);
  expect(startsAtMs.filter((atMs) => atMs > hotAtMs && atMs < coolAtMs)).toEqual([]);
  expect(startsAtMs.some((atMs) => atMs >= coolAtMs)).toBe(true);
  expect(run.stderr).toMatch(/hot +local\/gpu0 \(95 °C, nvidia-smi\) for/);
  // One look at the start tells nothing of what suites took.
  expect(eventsOf(run.record, 'suite-ended').map(({ energyJoules }) => energyJoules)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(run.stderr).not.toMatch(/energy/);
});

test('what a GPU draws is measured while suites hold it, and learned', async () => {
  const suite = `/**
 * @hardware gpu
 */
test('takes a while', (done) => { setTimeout(done, 2500); });
`;
  const bindingEnv = { CUDA_VISIBLE_DEVICES: 'GPU-0' };
  const machine = {
    version: 1,
    machine: {},
    devices: [{ id: 'gpu0', class: 'gpu', vendor: 'nvidia', bindingEnv }],
  };
  const project = await useProject('gpu', { options: { machine }, files: { 'warm-1.test.js': suite } });
  const bin = join(project.directory, 'bin');
  mkdirSync(bin);
  const ended = join(bin, 'ended');
  writeFileSync(
    join(bin, 'nvidia-smi'),
    // Idle when it is asked once, as at the start.
    `#!/bin/sh\ncase "$*" in *--loop-ms*) ;; *) echo 'GPU-0, 40, 20.0'; exit;; esac\nwhile echo 'GPU-0, 60, 200.0'; do /bin/sleep 0.1; done\ntouch '${ended}'\n`,
    { mode: 0o755 },
  );
  const env = { PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` };
  const run = await runJest(project, ['-w', '2', 'warm'], { env });
  expect(run.exitCode).toBe(0);
  const [{ durationMs = 0, energyJoules } = {}] = eventsOf(run.record, 'suite-ended');
  // The suite held the GPU a little longer than it ran.
  expect(energyJoules?.['gpu0']).toBeGreaterThan((durationMs * 200) / 1000 - 1);
  expect(run.stderr).toMatch(/^ {2}gpu0 .* \d+ J/m);
  const history = readFileSync(join(project.directory, '.jest-hardware/history.jsonl'), 'utf8');
  const { watts } = JSON.parse(history.split('\n')[0] ?? '') as { watts: { gpu: number } };
  expect(Math.abs(watts.gpu - 200)).toBeLessThan(20);
  const again = await runJest(project, ['-w', '2', 'anywhere'], { env });
  const [known] = eventsOf(again.record, 'machine-known');
  expect(known?.machine.devices.map(({ measuredWatts }) => measuredWatts)).toEqual([undefined, watts.gpu]);
});
