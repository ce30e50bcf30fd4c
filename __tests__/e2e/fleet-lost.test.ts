import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { farJest, pidsAt } from './harness/far-machine.js';
import { type FleetMachine, fleetOfFile, useFleetProject } from './harness/fleet.js';
import { type RunningJest, runJest, startJest } from './harness/jest.js';
import { placesOf } from './harness/machine.js';
import { endsOf, eventsOf, readRecords } from './harness/record.js';
import { testWithRedis } from './harness/redis-server.js';
import { statuses } from './harness/results.js';

const fleet = fleetOfFile();
afterEach(async () => {
  await Promise.all(fleet.machines().map((machine) => machine.end()));
});

/** Its first attempt hangs, and says in a file of its machine that it has begun. */
const hangsOnce = `/** @hardware gpu */
const { existsSync, writeFileSync } = require('node:fs');
test('ends at the second try', async () => {
  const mark = '@mark@';
  if (existsSync(mark)) return;
  writeFileSync(mark, process.env.HOME);
  await new Promise(() => {});
}, 60_000);
`;
const quick = "/** @hardware gpu */\ntest('is quick', () => {});\n";

async function hangingProject(others: Readonly<Record<string, string>> = {}) {
  const directory = (await useFleetProject(fleet)).directory;
  const mark = `${directory}.begun`;
  rmSync(mark, { force: true });
  const files = Object.fromEntries(
    Object.entries({ 'hangs.test.js': hangsOnce, ...others }).map(([path, text]) => [
      path,
      text.replace('@mark@', mark),
    ]),
  );
  const project = await useFleetProject(fleet, { files, directory });
  const home = () => (existsSync(mark) ? readFileSync(mark, 'utf8') : '');
  return { project, begun: (jest: RunningJest) => jest.until(() => home() !== ''), home };
}

/** Ids of what a run has left there, once it has had the time to go. */
async function leftAt(machine: FleetMachine): Promise<readonly number[]> {
  const left = () => pidsAt(machine.home).filter((pid) => pid !== machine.process.pid);
  for (const deadline = Date.now() + 8000; left().length > 0 && Date.now() < deadline; )
    await new Promise((resolve) => setTimeout(resolve, 50));
  return left();
}

testWithRedis('a machine that is killed: its suites end on another one', async () => {
  const { project, begun, home } = await hangingProject({ 'quick.test.js': quick });
  const machines = [await fleet.join(project, { name: 'one' }), await fleet.join(project, { name: 'two' })];
  const jest = await startJest(project, []);
  await begun(jest);
  const [lost, other] = home() === machines[0]?.home ? machines : [...machines].reverse();
  lost?.process.kill('SIGKILL');
  const run = await jest.ended;
  expect(run.stderr).toContain(`${lost?.name} was lost: nothing was heard of it for 3.5 s`);
  expect(statuses(run)).toEqual({ 'hangs.test.js': 'passed', 'quick.test.js': 'passed' });
  expect(endsOf(run.record, 'hangs.test.js').map(({ status }) => status)).toEqual(['lost', 'passed']);
  expect(placesOf(run.record)['hangs.test.js']).toBe(`${other?.name}/gpu0`);
  expect(lost && (await leftAt(lost))).toEqual([]);
});

testWithRedis('a machine that comes back is used in the same run, under another name', async () => {
  const { project, begun } = await hangingProject({ 'quick.test.js': quick });
  const machine = await fleet.join(project);
  const jest = await startJest(project, []);
  await begun(jest);
  machine.process.kill('SIGKILL');
  await machine.ended;
  await fleet.join(project, { home: machine.home });
  const run = await jest.ended;
  expect(statuses(run)).toEqual({ 'hangs.test.js': 'passed', 'quick.test.js': 'passed' });
  expect(placesOf(run.record)['hangs.test.js']).toBe('gpu-box-2/gpu0');
  expect(eventsOf(run.record, 'machine-lost').map(({ machine: name }) => name)).toEqual(['gpu-box']);
});

testWithRedis('a machine that is told to end takes no further run, and hands its suites back', async () => {
  const { project, begun } = await hangingProject({ 'quick.test.js': quick });
  const machine = await fleet.join(project, { name: 'spot' });
  const jest = await startJest(project, ['hangs']);
  await begun(jest);
  machine.process.kill('SIGTERM');
  const second = await startJest(project, ['quick']);
  await second.waitFor(/spot .*is about to leave the fleet/);
  const other = await fleet.join(project, { name: 'other' });
  expect(await machine.ended).toBe(0);
  expect(await leftAt(machine)).toEqual([]);
  await Promise.all([jest.ended, second.ended]);
  const record = readRecords(join(project.directory, '.jest-hardware')).flat();
  expect(endsOf(record, 'hangs.test.js').map(({ status }) => status)).toEqual(['lost', 'passed']);
  const there = `${other.name}/gpu0`;
  expect(placesOf(record)).toEqual({ 'hangs.test.js': there, 'quick.test.js': there });
});

testWithRedis('Jest there that is killed starts again in the same run', async () => {
  const { project, begun } = await hangingProject({ 'quick.test.js': quick });
  const machine = await fleet.join(project);
  const jest = await startJest(project, []);
  await begun(jest);
  for (const pid of pidsAt(machine.home, farJest)) process.kill(pid, 'SIGKILL');
  const run = await jest.ended;
  expect(run.stderr).toContain('gpu-box was lost: Jest there was killed by SIGKILL');
  expect(statuses(run)).toEqual({ 'hangs.test.js': 'passed', 'quick.test.js': 'passed' });
  expect(placesOf(run.record)['hangs.test.js']).toBe('gpu-box-2/gpu0');
});

testWithRedis('a broker that is away when the run begins is waited for', async () => {
  const project = await useFleetProject(fleet, { files: { 'quick.test.js': quick } });
  await fleet.join(project);
  await fleet.redis.kill();
  const jest = await startJest(project, []);
  await jest.waitFor(/cannot be reached: nobody listens there[\s\S]*It is tried again for 15 s/);
  await fleet.redis.restart();
  expect(statuses(await jest.ended)).toEqual({ 'quick.test.js': 'passed' });
});

testWithRedis('Ctrl-C leaves nothing running on machines, and frees them', async () => {
  const { project, begun } = await hangingProject();
  const machine = await fleet.join(project);
  const jest = await startJest(project, []);
  await begun(jest);
  jest.signal('SIGINT', 'process group');
  const stopped = await jest.ended;
  expect(stopped.leftOver).toEqual([]);
  expect(await leftAt(machine)).toEqual([]);
  const next = await runJest(project, []);
  expect(statuses(next)).toEqual({ 'hangs.test.js': 'passed' });
});

testWithRedis('--bail ends what runs on machines', async () => {
  const { project, begun } = await hangingProject({
    'fails.test.js': `test('fails', async () => {
  while (!require('node:fs').existsSync('@mark@')) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(1).toBe(2);
}, 20_000);
`,
  });
  const machine = await fleet.join(project);
  const jest = await startJest(project, ['--bail']);
  await begun(jest);
  const run = await jest.ended;
  expect(run.exitCode).toBe(1);
  expect(run.leftOver).toEqual([]);
  expect(await leftAt(machine)).toEqual([]);
});
