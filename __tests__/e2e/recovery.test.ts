import { readFileSync, writeFileSync } from 'node:fs';
import type { RunEvent } from '../../src/core/events.js';
import { command } from './harness/command.js';
import { type JestRun, runJest } from './harness/jest.js';
import { leaveMachines, useMachine } from './harness/machine.js';
import { type Project, useProject } from './harness/project.js';
import { endsOf, eventsOf } from './harness/record.js';
import { failureOf, statuses } from './harness/results.js';
import { testWithSsh } from './harness/ssh-server.js';

afterAll(leaveMachines);

// As PyTorch and a browser's driver wrote them: https://github.com/lllyasviel/FramePack/issues/369,
// https://github.com/argos-ci/jest-puppeteer/issues/334.
const outOfMemory =
  'CUDA out of memory. Tried to allocate 30.29 GiB. GPU 0 has a total capacity of 10.74 GiB of which 3.69 GiB is free.';
const fellOff = 'NVRM: Xid (PCI:0000:02:00): 79, GPU has fallen off the bus.';

const gpus = (...gibibytes: readonly number[]) => ({
  version: 1,
  machine: {},
  devices: gibibytes.map((size, index) => ({
    id: `gpu${index}`,
    class: 'gpu',
    memoryBytes: size * 1024 ** 3,
  })),
});

/** A test file for a GPU. @param body Of an async test that sees `placement`. */
const onGpu = (body: string, pragmas = '') => `/**
 * @hardware gpu
${pragmas} */
const { placement } = require('jest-runner-hardware/placement');
test('computes', async () => { ${body} });
`;

const used = ({ record }: JestRun, suiteId: string) =>
  eventsOf(record, 'suite-started').flatMap(({ placement }) =>
    placement.suiteId === suiteId ? placement.claim.deviceIds : [],
  );
const causes = ({ record }: JestRun, type: 'suite-requeued' | 'suite-given-up') =>
  eventsOf(record as readonly RunEvent[], type).map(({ cause }) => cause);

describe('a device whose memory ran out', () => {
  let run: JestRun;
  beforeAll(async () => {
    const small = `if (placement.device.id === 'gpu0') throw new Error(${JSON.stringify(outOfMemory)});`;
    const files = {
      'larger.test.js': onGpu(small),
      // Only in the end, and with the words of a device in it: an assertion all the same.
      'asserts.test.js': `${onGpu('')}
test('has memory', () => expect(${JSON.stringify(outOfMemory)}).toBe(''));`,
      'asserts-too.test.js': `${onGpu(small)}
test('adds', () => expect(1 + 1).toBe(3));`,
      'on-node.test.js': `${onGpu('')}
test('has memory', () => require('node:assert').equal(${JSON.stringify(outOfMemory)}, ''));`,
      'on-cpu.test.js': `test('fails', () => { throw new Error(${JSON.stringify(outOfMemory)}); });`,
      'dies.test.js': onGpu(
        `if (placement.device.id === 'gpu0') { require('node:fs').writeSync(2, ${JSON.stringify(`what(): ${outOfMemory}\n`)}); process.abort(); }`,
      ),
    };
    const project = await useProject('bare', { options: { machine: gpus(6, 12) }, files });
    run = await runJest(project, ['-w', '2', 'larger', 'asserts', 'on-node', 'on-cpu', 'dies']);
  });

  test('the suite passes on a larger one, whether it threw or died', () => {
    for (const file of ['larger.test.js', 'dies.test.js']) {
      expect(statuses(run)[file]).toBe('passed');
      if (used(run, file)[0] === 'gpu1') continue;
      expect(used(run, file)).toEqual(['gpu0', 'gpu1']);
      const [first, last] = endsOf(run.record, file);
      expect(first).toMatchObject({ deviceFault: { kind: 'out-of-memory' } });
      expect(first?.deviceFault?.evidence).toContain(outOfMemory);
      expect(last).toMatchObject({ status: 'passed', attempt: 2 });
    }
    expect(causes(run, 'suite-requeued').length).toBeGreaterThan(0);
    for (const cause of causes(run, 'suite-requeued')) {
      expect(cause).toBe(
        `out of device memory on local/gpu0 (6 GiB): ${cause.includes('what()') ? 'what(): ' : 'Error: '}${outOfMemory}; tried again on a larger device`,
      );
    }
  });

  test('what an assertion says is the result, whatever it is about and whatever failed beside it', () => {
    for (const file of ['asserts.test.js', 'asserts-too.test.js', 'on-node.test.js', 'on-cpu.test.js']) {
      expect(statuses(run)[file]).toBe('failed');
      expect(endsOf(run.record, file).map(({ attempt }) => attempt)).toEqual([1]);
    }
  });

  test('Jest hears of each suite once, and the report of what was tried', () => {
    expect(run.events.filter(({ type }) => type === 'file-start')).toHaveLength(6);
    expect(run.events.filter(({ type }) => type === 'file-result')).toHaveLength(6);
    expect(run.stderr).toMatch(/flaky +(larger|dies)\.test\.js: out of device memory on local\/gpu0/);
  });
});

test('on the only device the suite has the next smaller batch size, and bail takes no notice', async () => {
  const body = `if (placement.batchSize > 1) throw new Error(${JSON.stringify(outOfMemory)});`;
  const files = { 'batch.test.js': onGpu(body, ' * @batch-sizes 1, 8, 32\n') };
  const project = await useProject('bare', { options: { machine: gpus(6) }, files });
  const run = await runJest(project, ['-w', '2', '--bail', 'batch']);
  expect(run.exitCode).toBe(0);
  expect(run.json).toMatchObject({ numTotalTests: 1, numPassedTests: 1 });
  expect(eventsOf(run.record, 'suite-started').map(({ placement }) => placement.batchSize)).toEqual([
    undefined,
    8,
    1,
  ]);
});

test('where nothing is left to try, the failure comes with what was tried', async () => {
  const body = `throw new Error(${JSON.stringify(outOfMemory)});`;
  const files = { 'batch.test.js': onGpu(body, ' * @batch-sizes 1, 8\n') };
  const project = await useProject('bare', { options: { machine: gpus(6) }, files });
  const run = await runJest(project, ['-w', '2', 'batch']);
  expect(run.exitCode).toBe(1);
  expect(failureOf(run, 'batch.test.js')).toContain(outOfMemory);
  expect(causes(run, 'suite-given-up')).toEqual([expect.stringContaining('no smaller batch size')]);
  expect(run.stderr).toContain('tried again with batch size 1 instead of 8');
  expect(endsOf(run.record, 'batch.test.js').map(({ status }) => status)).toEqual(['failed', 'failed']);
});

describe('a device that fell off', () => {
  let project: Project;
  let run: JestRun;
  beforeAll(async () => {
    const body = `if (process.env.BROKEN && placement.device.id === 'gpu0') throw new Error(${JSON.stringify(fellOff)});`;
    const files = { 'one.test.js': onGpu(body), 'two.test.js': onGpu(body) };
    project = await useProject('bare', { options: { machine: gpus(6) }, files });
    run = await runJest(project, ['-w', '2', 'one', 'two'], { env: { BROKEN: '1' } });
  });

  test('is set aside, and the suites that only it can run are refused with the reason', () => {
    expect(run.exitCode).toBe(1);
    expect(eventsOf(run.record, 'set-aside')).toMatchObject([
      { machine: 'local', deviceId: 'gpu0', reason: `is gone: Error: ${fellOff}` },
    ]);
    for (const file of ['one.test.js', 'two.test.js']) {
      expect(failureOf(run, file)).toContain(`gpu0 is set aside, as it is gone: Error: ${fellOff}`);
      expect(failureOf(run, file)).toContain('npx jest-runner-hardware devices --clear local/gpu0');
    }
    expect(run.events.filter(({ type }) => type === 'file-start')).toHaveLength(2);
    expect(run.stderr).toMatch(/set aside +local\/gpu0: it is gone/);
  });

  test('stays so in later runs, until it is cleared', async () => {
    const later = await runJest(project, ['-w', '2', 'one', 'two']);
    expect(statuses(later)).toEqual({ 'one.test.js': 'failed', 'two.test.js': 'failed' });
    expect(eventsOf(later.record, 'suite-started')).toEqual([]);
    expect(eventsOf(later.record, 'set-aside')).toMatchObject([{ since: expect.any(String) }]);
    expect(later.stderr).toContain('local/gpu0 is set aside since');

    const { stdout } = await command(project, 'devices');
    expect(stdout).toMatch(/^local\/gpu0 is set aside since .*: it is gone: Error: NVRM: Xid/);
    expect((await command(project, 'devices', '--clear', 'local/gpu1')).stdout).toContain('no such device');
    expect((await command(project, 'devices', '--clear')).stdout).toBe('local/gpu0 is used again\n');
    expect((await command(project, 'devices', '--json')).stdout).toBe(
      `${JSON.stringify({ version: 1, cleared: false, devices: [] }, null, 2)}\n`,
    );
    expect((await runJest(project, ['-w', '2', 'one', 'two'])).exitCode).toBe(0);
  });
});

test('a browser that was lost costs a new process', async () => {
  const body = `require('node:fs').appendFileSync('pids', process.pid + '\\n');
    if (placement.attempt === 1) throw new Error('Page crashed!');`;
  const files = { 'page.test.js': onGpu(body) };
  const project = await useProject('bare', { options: { machine: gpus(6) }, files });
  const run = await runJest(project, ['-w', '2', 'page']);
  expect(statuses(run)['page.test.js']).toBe('passed');
  expect(causes(run, 'suite-requeued')).toEqual([
    'browser or adapter lost on local/gpu0: Error: Page crashed!; tried again in a new process',
  ]);
  const pids = readFileSync(`${project.directory}/pids`, 'utf8').trim().split('\n');
  expect(new Set(pids).size).toBe(2);
});

test('a suite that takes down two workers fails with the evidence of both', async () => {
  const files = {
    // With a limit, so that it has a process of its own.
    'poison.test.js': `/** @max-time 1m */
const { placement } = require('jest-runner-hardware/placement');
test('dies', () => { require('node:fs').writeSync(2, 'last of ' + placement.attempt + '\\n'); process.kill(process.pid, 'SIGSEGV'); for (;;); });`,
  };
  const run = await runJest(await useProject('bare', { files }), ['-w', '2', 'poison']);
  const [cause = ''] = causes(run, 'suite-given-up');
  expect(cause).toMatch(
    /^took down 2 workers: on local\/cpu: its process was killed by SIGSEGV.* \(last output: "last of 1"\); on local\/cpu: .*SIGSEGV.* \(last output: "last of 2"\)$/,
  );
  expect(failureOf(run, 'poison.test.js')).toContain(`It is not tried again: ${cause}.`);
  expect(endsOf(run.record, 'poison.test.js').map(({ lastOutput }) => lastOutput)).toEqual([
    'last of 1',
    'last of 2',
  ]);
  expect(run.stderr).toMatch(/lost +poison\.test\.js: took down 2 workers/);
});

testWithSsh('devices of another machine alike: a larger one, then one that is set aside here', async () => {
  const fails = (text: string) =>
    `if (placement.device.id === 'gpu0') throw new Error(${JSON.stringify(text)});`;
  const files = { 'larger.test.js': onGpu(fails(outOfMemory)) };
  const project = await useMachine({ machine: { machine: gpus(6, 12), workers: 1 }, files });
  const run = await runJest(project, ['larger']);
  expect(run.exitCode).toBe(0);
  expect(used(run, 'larger.test.js')).toEqual(['gpu0', 'gpu1']);
  writeFileSync(`${project.directory}/larger.test.js`, onGpu(fails(fellOff)));
  const broken = await runJest(project, ['larger']);
  expect(broken.exitCode).toBe(0);
  expect(eventsOf(broken.record, 'set-aside')).toMatchObject([{ machine: 'gpu-box', deviceId: 'gpu0' }]);
  const later = await runJest(project, ['larger']);
  expect(used(later, 'larger.test.js')).toEqual(['gpu1']);
});

test('a second opinion says who is to blame; the first result counts, and Jest hears of no other', async () => {
  const on = (hardware: string, body: string) =>
    onGpu(body).replace('@hardware gpu', `@hardware ${hardware}`);
  const onDevice = "placement.device.id === 'gpu0'";
  const bodies = {
    code: "expect('a').toBe('b');",
    device: `expect(${onDevice} ? 'a' : 'b').toBe('b');`,
    precision: `expect(${onDevice} ? 0.4998 : 0.5).toBeCloseTo(0.5, 5);`,
    flake: 'expect(placement.attempt).toBe(2);',
    repeatable: "expect('a').toBe('b');",
  };
  const project = await useProject('bare', {
    options: { machine: gpus(6), secondOpinion: true },
  });
  const write = (hardware: (name: string) => string, bodyOf: (name: string, body: string) => string) => {
    for (const [name, body] of Object.entries(bodies))
      writeFileSync(`${project.directory}/${name}.test.js`, on(hardware(name), bodyOf(name, body)));
  };
  // Both measured, so that they start on the GPU, which is faster.
  for (const [hardware, ms] of [
    ['cpu', 500],
    ['gpu', 0],
  ] as const) {
    write(
      () => hardware,
      () => `await new Promise((resolve) => setTimeout(resolve, ${ms}));`,
    );
    expect((await runJest(project, ['-w', '1'])).exitCode).toBe(0);
  }
  write(
    (name) => (name === 'repeatable' ? 'gpu' : 'gpu, cpu'),
    (_, body) => body,
  );
  for (const verdict of Object.keys(bodies)) {
    const file = `${verdict}.test.js`;
    // At once on the GPU, without a ticket for it.
    const run = await runJest(project, ['-w', '1', file], { env: { JEST_HARDWARE_CLAIMS: 'off' } });
    expect(run.json).toMatchObject({ numTotalTests: 1, numFailedTests: 1 });
    expect(run.events.filter(({ type }) => type === 'file-result')).toHaveLength(1);
    expect(run.events.filter(({ type }) => type === 'case-result')).toHaveLength(1);
    expect(used(run, file)).toEqual(['gpu0']);
    expect(endsOf(run.record, file)).toMatchObject([{ status: 'failed', secondOpinion: { verdict } }]);
    expect(run.stderr).toContain(`${file}: failed on local/gpu0, by `);
  }
});
