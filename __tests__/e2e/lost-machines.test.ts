import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bridgeFolders,
  type FarMachine,
  farJest,
  farWorker,
  parentOf,
  startFarMachine,
  useFarProject,
} from './harness/far-machine.js';
import { type JestRun, startJest } from './harness/jest.js';
import { leaveProjects } from './harness/project.js';
import { endsOf } from './harness/record.js';
import { testWithSsh } from './harness/ssh-server.js';

let machines: readonly FarMachine[] = [];

async function twoMachines(): Promise<readonly FarMachine[]> {
  if (machines.length === 0) machines = [await startFarMachine('one'), await startFarMachine('two')];
  for (const { host, link } of machines) {
    link.heal();
    for (const file of ['hold', 'running', 'let-go']) rmSync(join(host.home, file), { force: true });
  }
  return machines;
}

afterAll(async () => {
  for (const machine of machines) machine.dispose();
  await leaveProjects();
});

/** Runs as long as there is a file in the home of its machine; says there which process it is. It leaves a process behind. */
const held = `/** @hardware gpu */
const { existsSync, writeFileSync } = require('node:fs');
test('held', async () => {
  const { HOME } = process.env;
  require('node:child_process').spawn('sleep', ['300'], { stdio: 'ignore' });
  writeFileSync(HOME + '/running', String(process.pid));
  while (existsSync(HOME + '/hold')) await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync(HOME + '/let-go', '');
}, 60_000);
`;
const local = `/** @hardware cpu */
test('local', () => {});
`;

/** Two suites for a GPU, of which the machines have one each, held there; and what becomes of a run in which one fails. */
async function runWith(
  fault: (lost: FarMachine, suitePid: number) => Promise<void> | void,
  {
    files = {},
    after = () => {},
  }: {
    files?: Record<string, string>;
    after?: (run: Awaited<ReturnType<typeof startJest>>, lost: FarMachine) => Promise<void> | void;
  } = {},
) {
  const all = await twoMachines();
  const project = await useFarProject({
    machines: all,
    files: { 'gpu.test.js': held, 'local.test.js': local, ...files },
  });
  const temporary = mkdtempSync(join(tmpdir(), 'jrh-lost-'));
  for (const { host } of all) writeFileSync(join(host.home, 'hold'), '');
  const jest = await startJest(project, [], { env: { TMPDIR: temporary } });
  const running = () => all.find(({ host }) => existsSync(join(host.home, 'running')));
  await jest.until(() => running() !== undefined);
  const lost = running() as FarMachine;
  for (const { host } of all) if (host !== lost.host) rmSync(join(host.home, 'hold'));
  await fault(lost, Number(readFileSync(join(lost.host.home, 'running'), 'utf8')));
  await jest.waitFor(/was lost: /);
  await after(jest, lost);
  await jest.until(() => all.every(({ host }) => existsSync(join(host.home, 'running'))));
  const run = await jest.ended;
  return { run, lost, temporary };
}

async function expectNothingLeft(run: JestRun, temporary: string): Promise<void> {
  expect(run.leftOver).toEqual([]);
  const deadline = Date.now() + 2000;
  const alive = () => machines.flatMap((machine) => machine.pids());
  while (alive().length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(alive()).toEqual([]);
  expect(machines.flatMap((machine) => machine.leftFiles())).toEqual([]);
  expect(bridgeFolders(temporary)).toEqual([]);
  rmSync(temporary, { recursive: true });
}

function expectOneResultEach(run: JestRun): void {
  const names = run.json.testResults.map(({ name }: { name: string }) => name.split('/').at(-1));
  expect(names.sort()).toEqual([...new Set(names)].sort());
  const ended = run.record.flatMap((event) =>
    event.type === 'suite-ended' && event.status !== 'lost' && event.status !== 'cancelled'
      ? event.suiteId
      : [],
  );
  expect(ended.sort()).toEqual(names);
}

const kill = (pids: readonly number[], signal: NodeJS.Signals = 'SIGKILL') => {
  expect(pids).not.toEqual([]);
  for (const pid of pids) process.kill(pid, signal);
};

const faults: Record<string, readonly [RegExp, (lost: FarMachine) => void]> = {
  'its worker is killed': [/the connection was closed|closed by/, (lost) => kill(lost.pids(farWorker))],
  'its Jest is killed': [/Jest there was killed by SIGKILL/, (lost) => kill(lost.pids(farJest))],
  'its ssh session is killed': [/connection/i, (lost) => kill(lost.pids(farWorker).map(parentOf))],
  'the link is cut': [/connection/i, (lost) => lost.link.cut()],
  'the link swallows everything': [/nothing was heard of it for 4 s/, (lost) => lost.link.swallow()],
  'its worker is stopped': [
    /nothing was heard of it for 4 s/,
    (lost) => kill(lost.pids(farWorker), 'SIGSTOP'),
  ],
};

describe('a machine is lost, and its suite runs on another one, when', () => {
  for (const [name, [reason, fault]] of Object.entries(faults)) {
    testWithSsh(name, async () => {
      const { run, lost, temporary } = await runWith(fault);
      expect(run.stderr).toContain('2 passed');
      expect(run.exitCode).toBe(0);
      expectOneResultEach(run);
      const gone = run.record.flatMap((event) => (event.type === 'machine-lost' ? event : []));
      expect(gone).toMatchObject([{ machine: lost.name, reason: expect.stringMatching(reason) }]);
      expect(run.stderr).toContain(`${lost.name} was lost: `);
      lost.link.cut();
      if (name.endsWith('stopped')) kill(lost.pids(farWorker), 'SIGCONT');
      await expectNothingLeft(run, temporary);
    });
  }
});

testWithSsh('a machine that is told to end finishes what runs there, and gets nothing more', async () => {
  const all = await twoMachines();
  const files = { 'gpu.test.js': held, 'later.test.js': held, 'last.test.js': held, 'local.test.js': local };
  const project = await useFarProject({ machines: all, files, machine: { workers: 1 } });
  const temporary = mkdtempSync(join(tmpdir(), 'jrh-lost-'));
  for (const { host } of all) writeFileSync(join(host.home, 'hold'), '');
  const jest = await startJest(project, [], { env: { TMPDIR: temporary } });
  await jest.until(() => all.every(({ host }) => existsSync(join(host.home, 'running'))));
  const [leaving] = all as [FarMachine];
  kill([...leaving.pids(farWorker), ...leaving.pids(farJest)], 'SIGTERM');
  await jest.waitFor(new RegExp(`${leaving.name} is set aside, for the rest of this run: it is told to end`));
  rmSync(join(leaving.host.home, 'hold'));
  await jest.waitFor(new RegExp(`${leaving.name} was lost: it was told to end`));
  for (const { host } of all) rmSync(join(host.home, 'hold'), { force: true });
  const run = await jest.ended;
  expect(run.exitCode).toBe(0);
  expectOneResultEach(run);
  // Nothing was lost, and the machine ended one suite alone.
  const ends = run.record.flatMap((event) => (event.type === 'suite-ended' ? event : []));
  expect(ends.map(({ status }) => status)).toEqual(['passed', 'passed', 'passed', 'passed']);
  expect(ends.filter(({ slotId }) => slotId.startsWith(`${leaving.name}/`))).toHaveLength(1);
  leaving.link.cut();
  await expectNothingLeft(run, temporary);
});

testWithSsh('a result of a machine that was stopped and goes on is told once, and dropped', async () => {
  const holds = (machine: FarMachine) => join(machine.host.home, 'hold');
  const { run, lost, temporary } = await runWith(
    (stopped) => {
      for (const { host } of machines) writeFileSync(join(host.home, 'hold'), '');
      kill(stopped.pids(farWorker), 'SIGSTOP');
    },
    {
      after: async (jest, stopped) => {
        const [other] = machines.filter((machine) => machine !== stopped) as [FarMachine];
        // It runs there again, and the first attempt ends meanwhile.
        await jest.until(() => existsSync(join(other.host.home, 'running')));
        rmSync(holds(stopped));
        await jest.until(() => existsSync(join(stopped.host.home, 'let-go')));
        kill(stopped.pids(farWorker), 'SIGCONT');
        await jest.waitFor(/a result of gpu\.test\.js came after \w+ was lost, and does not count/);
        rmSync(holds(other));
      },
    },
  );
  expect(run.stderr).toContain('2 passed, 2 total');
  expect(run.exitCode).toBe(0);
  expectOneResultEach(run);
  const late = run.record.filter(({ type }) => type === 'late-result');
  expect(late).toMatchObject([
    { suiteId: 'gpu.test.js', slotId: expect.stringMatching(`^${lost.name}/`), attempt: 1, status: 'passed' },
  ]);
  await expectNothingLeft(run, temporary);
});

testWithSsh('--bail ends a suite that runs on another machine', async () => {
  const [far] = (await twoMachines()) as readonly [FarMachine];
  const hold = join(far.host.home, 'hold');
  const running = join(far.host.home, 'running');
  writeFileSync(hold, '');
  const failing = `/** @hardware cpu */
test('fails when the other one runs', async () => {
  while (!require('node:fs').existsSync(${JSON.stringify(running)})) await new Promise((resolve) => setTimeout(resolve, 20));
  throw new Error('as meant');
}, 60_000);
`;
  const project = await useFarProject({
    machines: [far],
    files: { 'gpu.test.js': held, 'fails.test.js': failing },
  });
  const temporary = mkdtempSync(join(tmpdir(), 'jrh-lost-'));
  const run = await (await startJest(project, ['--bail', '-w', '2'], { env: { TMPDIR: temporary } })).ended;
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toContain('as meant');
  expect(endsOf(run.record, 'gpu.test.js')).toMatchObject([
    {
      status: 'cancelled',
      slotId: expect.stringMatching(/^one\/gpu0/),
      cause: expect.stringContaining('bail'),
    },
  ]);
  expect(existsSync(join(far.host.home, 'let-go'))).toBe(false);
  await expectNothingLeft(run, temporary);
});

describe('nothing is left on the machines when the run', () => {
  testWithSsh.each([
    ['is killed', 'SIGKILL'],
    ['is interrupted', 'SIGINT'],
  ] as const)('%s', async (_name, signal) => {
    const [machine] = (await twoMachines()) as readonly [FarMachine];
    const busy = `/** @hardware gpu */
test('busy', () => {
  require('node:child_process').spawn('sleep', ['300'], { stdio: 'ignore' });
  require('node:fs').writeFileSync(process.env.HOME + '/running', '');
  for (;;);
});
`;
    const project = await useFarProject({ machines: [machine], files: { 'gpu.test.js': busy } });
    const temporary = mkdtempSync(join(tmpdir(), 'jrh-lost-'));
    const jest = await startJest(project, [], { env: { TMPDIR: temporary } });
    await jest.until(() => existsSync(join(machine.host.home, 'running')));
    jest.signal(signal);
    await expectNothingLeft(await jest.ended, temporary);
  });
});

describe('a machine without use is named with the reason, and its suite refused with it, when', () => {
  testWithSsh.each([
    ['its setup fails', { setup: 'echo out of luck; exit 3' }, {}, /cannot take part: [\s\S]*out of luck/],
    [
      'its global setup fails',
      {},
      {
        'global.js':
          "module.exports = () => { if (process.cwd().includes('checkout-1')) throw new Error('out of luck'); };",
      },
      /was lost: Jest there exited with code 1: [\s\S]*out of luck/,
    ],
    [
      'it was not sent what git ignores',
      {},
      {
        'global.js': "require('./built/port'); module.exports = () => {};",
        'built/port.js': '',
        'built/.gitignore': '*',
      },
      /was lost: [\s\S]*; \S+project\S*\/built\/port\.js is here, but git ignores it: name it in the option sync/,
    ],
  ] as const)('%s', async (_name, machine, files, reason) => {
    const [far] = (await twoMachines()) as readonly [FarMachine];
    const project = await useFarProject({
      machines: [far],
      machine,
      ...('global.js' in files && { config: { globalSetup: './global.js' } }),
      files: { 'gpu.test.js': held, 'local.test.js': local, ...files },
    });
    const temporary = mkdtempSync(join(tmpdir(), 'jrh-lost-'));
    const run = await (await startJest(project, [], { env: { TMPDIR: temporary } })).ended;
    expect(run.stderr).toMatch(reason);
    expect(run.stderr).toMatch(/No device of this run can run this suite:\n +one /);
    expect(run.json.numFailedTestSuites).toBe(1);
    expect(run.record.filter((event) => event.type === 'suite-ended' && event.status === 'failed')).toEqual(
      [],
    );
    await expectNothingLeft(run, temporary);
  });
});
