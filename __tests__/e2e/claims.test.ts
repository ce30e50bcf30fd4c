import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runJest, startJest } from './harness/jest.js';
import { leaveProjects, type Project, useProject } from './harness/project.js';
import { eventsOf, fates, parseLines } from './harness/record.js';
import { type LogLine, overlaps } from './harness/suite-log.js';

let scratch: string;
let log: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'jrh-two-'));
  log = join(scratch, 'log');
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));
afterAll(leaveProjects);

const env = () => ({ JEST_HARDWARE_CLAIMS: join(scratch, 'claims'), E2E_LOG: log });
const lines = () => (existsSync(log) ? parseLines<LogLine>(readFileSync(log, 'utf8')) : []);
const gpu = { id: 'gpu0', class: 'gpu', vendor: 'nvidia', backends: ['cuda'] };

/** A suite that tells when it begins and ends; `until`: not before the file is there. */
function suite(name: string, pragmas: string, { until = '', holdMs = 60 } = {}): string {
  return `/** ${pragmas} */
const { appendFileSync, existsSync } = require('node:fs');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const log = (event) => appendFileSync(process.env.E2E_LOG, JSON.stringify({ suite: '${name}', event, pid: process.pid }) + '\\n');
test('holds', async () => {
  log('begin');
  await pause(${holdMs});
  while (${JSON.stringify(until)} && !existsSync(${JSON.stringify(until)})) await pause(10);
  log('end');
}, 60000);
`;
}

function project(
  files: Record<string, string>,
  devices: readonly object[] = [gpu],
  options: Readonly<Record<string, unknown>> = {},
): Promise<Project> {
  const machine = {
    replace: true,
    machine: { cpuBudget: 4, memoryBudgetBytes: 4 * 1024 ** 3 },
    devices: [{ id: 'cpu', class: 'cpu' }, ...devices],
  };
  return useProject('exclusion', {
    options: { ...options, machine },
    config: { testMatch: ['**/own-*.js'] },
    files,
  });
}

test('two runs never hold the one GPU together, take turns, and say for whom they waited', async () => {
  const of = (run: string) =>
    project({
      ...Object.fromEntries(
        [1, 2, 3].map((n) => [`own-${n}.js`, suite(`gpu ${run}${n}`, '@hardware gpu', { holdMs: 200 })]),
      ),
      'own-cpu.js': suite(`cpu ${run}`, '@priority 1'),
    });
  const [a, b] = [await of('a'), await of('b')];
  const runs = await Promise.all([
    runJest(a, ['-w', '2'], { env: env() }),
    runJest(b, ['-w', '2'], { env: env() }),
  ]);
  expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(overlaps(lines()).filter((pair) => !pair.includes('cpu'))).toEqual([]);
  const waited = runs.flatMap(({ record }) =>
    eventsOf(record, 'suite-started').filter((each) => each.waitedMs),
  );
  expect(waited.map(({ waitedFor }) => waitedFor)).toEqual(
    expect.arrayContaining([expect.stringMatching(/^gpu0 is held by pid \d+ in \.\.\/exclusion-/)]),
  );
});

test('while another run holds the GPU, CPU suites go on, and it is free as soon as its holder is killed', async () => {
  const never = join(scratch, 'never');
  const holder = await project({ 'own-1.js': suite('holder', '@hardware gpu', { until: never }) });
  const killed = await startJest(holder, ['-w', '2'], { env: env() });
  await killed.until(() => lines().some(({ suite: name }) => name === 'holder'));
  const waiter = await project({
    'own-gpu.js': suite('gpu', '@hardware gpu'),
    'own-cpu1.js': suite('cpu1', '@priority 1'),
    'own-cpu2.js': suite('cpu2', '@priority 1'),
  });
  const second = await startJest(waiter, ['-w', '2'], { env: env() });
  await second.waitFor(/waiting: gpu0 is held by pid \d+ in \.\.\/exclusion-\w+, 0:\d\d/);
  await second.until(() => lines().filter(({ event }) => event === 'end').length === 2);
  expect(
    lines()
      .filter(({ event }) => event === 'end')
      .map(({ suite: name }) => name)
      .sort(),
  ).toEqual(['cpu1', 'cpu2']);
  killed.signal('SIGKILL');
  await killed.ended;
  const run = await second.ended;
  expect(Object.values(fates(run.record))).toEqual(['passed', 'passed', 'passed']);
});

test('locks and exclusive suites hold across runs, with several workers and in band', async () => {
  const of = (run: string) =>
    project({
      'own-1.js': suite(`lock ${run}1`, '@lock db'),
      'own-2.js': suite(`lock ${run}2`, '@lock db'),
      'own-3.js': suite(`alone ${run}`, '@exclusive'),
      'own-4.js': suite(`free ${run}1`, '@priority 3'),
      'own-5.js': suite(`free ${run}2`, '@priority 3'),
      'own-6.js': suite(`both ${run}`, '@hardware gpu\n * @lock db'),
    });
  const [a, b, c] = [await of('a'), await of('b'), await of('c')];
  const runs = await Promise.all([
    runJest(a, ['-w', '3'], { env: env() }),
    runJest(b, ['-w', '3'], { env: env() }),
    runJest(c, ['-i'], { env: env() }),
  ]);
  for (const { record, exitCode } of runs) {
    expect(exitCode).toBe(0);
    expect(Object.values(fates(record))).toEqual(Array(6).fill('passed'));
  }
  const together = overlaps(lines());
  expect(together.filter((pair) => pair.includes('alone'))).toEqual([]);
  expect(together.filter((pair) => /(lock|both) .* \+ (lock|both) /.test(pair))).toEqual([]);
});

test('shares are shared out among runs, and gpu:2 takes both or none', async () => {
  const devices = [
    { ...gpu, shares: 2 },
    { ...gpu, id: 'gpu1', shares: 2 },
  ];
  const of = (run: string) =>
    project(
      Object.fromEntries([
        ...[1, 2, 3, 4].map((n) => [`own-${n}.js`, suite(`one ${run}${n}`, '@hardware gpu')]),
        ['own-two.js', suite(`two ${run}`, '@hardware gpu:2')],
      ]),
      devices,
    );
  const [a, b] = [await of('a'), await of('b')];
  const runs = await Promise.all([
    runJest(a, ['-w', '4'], { env: env() }),
    runJest(b, ['-w', '4'], { env: env() }),
  ]);
  for (const { record } of runs) expect(Object.values(fates(record))).toEqual(Array(5).fill('passed'));
  // Of four shares `two` takes two: never more at once.
  let taken = 0;
  for (const { suite: name, event } of lines()) {
    taken += (event === 'begin' ? 1 : -1) * (name.startsWith('two') ? 2 : 1);
    expect(taken).toBeLessThanOrEqual(4);
  }
});

// A process that has computed on a GPU keeps some of its memory until it ends.
test('a worker of a run that gives its device to another ends before', async () => {
  const go = join(scratch, 'go');
  const giver = await project({
    'own-1.js': suite('giver 1', '@hardware gpu', { until: go }),
    'own-2.js': suite('giver 2', '@hardware gpu'),
  });
  const first = await startJest(giver, ['-w', '2'], { env: env() });
  await first.until(() => lines().length > 0);
  const taker = await project({
    'own-1.js': `/** @hardware gpu */
      const { readFileSync } = require('node:fs');
      test('is alone', () => {
        const { pid } = JSON.parse(readFileSync(process.env.E2E_LOG, 'utf8').split('\\n')[0]);
        expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
      });`,
  });
  const second = await startJest(taker, ['-w', '2'], { env: env() });
  await second.waitFor(/waiting: gpu0 is held/);
  writeFileSync(go, '');
  expect((await second.ended).exitCode).toBe(0);
  expect((await first.ended).exitCode).toBe(0);
});

test('memory that others have taken is looked at when a suite is to start', async () => {
  const uuid = 'GPU-01234567-89ab-cdef-0123-456789abcdef';
  const card = (n: number) => ({ ...gpu, id: `gpu${n}`, uuid: `${uuid}${n}`, memoryBytes: 12 * 1024 ** 3 });
  const files = {
    'own-big.js': suite('big', '@hardware gpu\n * @min-memory 8GiB'),
    'own-small.js': suite('small', '@hardware gpu\n * @min-memory 1GiB'),
  };
  const one = await project(files, [card(0)]);
  const bin = join(scratch, 'bin');
  mkdirSync(bin);
  const free = (mib: readonly number[]) => {
    for (const [n, each] of mib.entries()) writeFileSync(join(bin, `free${n}`), String(each));
  };
  writeFileSync(
    join(bin, 'nvidia-smi'),
    `#!/bin/sh
case "$1" in
  *memory.free*) for n in 0 1; do echo "${uuid}$n, $(cat ${bin}/free$n)"; done;;
  *compute-apps*) echo "${uuid}0, 4711, 10240, /usr/bin/python";;
  *) exit 9;;
esac
`,
    { mode: 0o755 },
  );
  free([2048, 12288]);
  const withTool = { ...env(), PATH: `${bin}:${process.env.PATH}` };
  const waiting = await startJest(one, ['-w', '2'], { env: withTool });
  await waiting.waitFor(
    /needs 8 GiB does not fit on gpu0 now: 2 GiB of 12 GiB are free, pid 4711 \(python\) holds 10 GiB/,
  );
  await waiting.until(() => lines().some(({ suite: name, event }) => name === 'small' && event === 'end'));
  expect(lines().map(({ suite: name }) => name)).not.toContain('big');
  free([12288, 12288]);
  const run = await waiting.ended;
  expect(Object.values(fates(run.record))).toEqual(['passed', 'passed']);

  // Another device has enough.
  free([2048, 12288]);
  const two = await project(files, [card(0), card(1)]);
  const elsewhere = await runJest(two, ['-w', '2'], { env: withTool });
  const started = eventsOf(elsewhere.record, 'suite-started').find(
    ({ placement }) => placement.suiteId === 'own-big.js',
  );
  expect(started?.placement.slotId).toBe('local/gpu1#1');

  const failing = await project(files, [card(0)], { takenMemory: 'fail' });
  const failed = await runJest(failing, ['-w', '2'], { env: withTool });
  expect(failed.exitCode).toBe(1);
  expect(fates(failed.record)).toEqual({ 'own-big.js': 'suite-unplaceable', 'own-small.js': 'passed' });
  expect(failed.stderr).toContain(
    'needs 8 GiB on gpu0: 2 GiB of 12 GiB are free, pid 4711 (python) holds 10 GiB',
  );
});

test('a run that is interrupted while it waits ends at once, and claims: false takes no notice of others', async () => {
  const never = join(scratch, 'never');
  const holder = await project({ 'own-1.js': suite('holder', '@hardware gpu', { until: never }) });
  const first = await startJest(holder, ['-w', '2'], { env: env() });
  await first.until(() => lines().length > 0);
  const waiter = await project({ 'own-1.js': suite('waiter', '@hardware gpu') });
  const second = await startJest(waiter, ['-w', '2'], { env: env() });
  await second.waitFor(/waiting: gpu0 is held/);
  second.signal('SIGINT');
  const run = await second.ended;
  expect(fates(run.record)).toEqual({ 'own-1.js': 'suite-not-started' });
  const careless = await runJest(waiter, ['-w', '2'], { env: { ...env(), JEST_HARDWARE_CLAIMS: 'off' } });
  expect(careless.exitCode).toBe(0);
  expect(overlaps(lines())).toEqual(['holder + waiter']);
  writeFileSync(never, '');
  expect((await first.ended).exitCode).toBe(0);
});

test('Jest that a suite starts does not wait for the suite that waits for it', async () => {
  const inner = await project({ 'own-1.js': suite('inner', '@lock db') });
  const outer = await project({
    'own-1.js': `/** @exclusive
 * @lock db */
const { spawnSync } = require('node:child_process');
test('runs Jest', () => {
  const { status, stderr } = spawnSync(process.execPath, [require.resolve('jest/bin/jest'), '-w', '2'], {
    cwd: ${JSON.stringify(inner.directory)},
    encoding: 'utf8',
    timeout: 40000,
  });
  if (status !== 0) throw new Error(String(stderr));
}, 60000);
`,
  });
  const run = await runJest(outer, ['-w', '2'], { env: env() });
  expect(Object.values(fates(run.record))).toEqual(['passed']);
  expect(lines().map(({ event }) => event)).toEqual(['begin', 'end']);
});
