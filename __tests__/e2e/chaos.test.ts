import { basename } from 'node:path';
import type { FaultName, RunEvent } from '../../src/core/events.js';
import { fleetOfFile, useFleetProject } from './harness/fleet.js';
import { type JestRun, runJest } from './harness/jest.js';
import { leaveMachines, useMachine } from './harness/machine.js';
import { useProject } from './harness/project.js';
import { testWithRedis } from './harness/redis-server.js';
import { testWithSsh } from './harness/ssh-server.js';

const fleet = fleetOfFile();
afterAll(leaveMachines);

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const suites = (text: string) => Object.fromEntries(ids.map((id) => [`${id}.test.js`, text]));
const plain = suites("test('passes', () => {});\n");
const onGpu = suites("/** @hardware gpu */\ntest('passes', () => {});\n");
const gpus = {
  version: 1,
  devices: ['gpu0', 'gpu1'].map((id) => ({ id, class: 'gpu', model: 'Test GPU', backends: ['cuda'] })),
};
const chaos = (rate: number, ...faults: FaultName[]) => ({ seed: 1, rate, faults });

test('processes are killed, and the same ones again with the same seed', async () => {
  const project = await useProject('bare', { options: { chaos: chaos(0.4, 'kill') }, files: plain });
  const [first, second] = [await runJest(project, ['-w', '2']), await runJest(project, ['-w', '2'])];
  expect(struck(first).length).toBeGreaterThan(0);
  expect(struck(second)).toEqual(struck(first));
  for (const run of [first, second]) {
    expect(resultsOf(run)).toEqual(ids.map((id) => `${id}.test.js`));
    const killed = struck(run).map((each) => String(each).split(' ').slice(1).join(' '));
    expect(run.record.flatMap((event) => lostAttempt(event)).sort()).toEqual(killed);
    expect(run.stderr).toContain(`${killed.length} faults in 8 suites (seed 1): ${killed.length} killed`);
    expect(run.stderr).toContain('every suite has one result');
    expect(run.leftOver).toEqual([]);
  }
  const others = await runJest(project, ['-w', '2'], { env: { JEST_HARDWARE_CHAOS: 'seed:2' } });
  expect(struck(others)).not.toEqual(struck(first));
  const off = await runJest(project, ['-w', '2'], { env: { JEST_HARDWARE_CHAOS: 'off' } });
  expect(off.stderr).not.toContain('chaos');
  expect(off.exitCode).toBe(0);
});

test('a suite that faults alone have failed is marked', async () => {
  const files = {
    'a.test.js': "test('passes', () => {});\n",
    'b.test.js': "test('fails', () => expect(1).toBe(2));\n",
  };
  const killed = await useProject('bare', { options: { chaos: chaos(1, 'kill') }, files });
  const run = await runJest(killed, []);
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toContain('by the option chaos');
  expect(run.stderr).toMatch(/chaos +[ab]\.test\.js, [ab]\.test\.js: failed by injected faults alone/);
  const slowed = await useProject('bare', { options: { chaos: chaos(1, 'slow') }, files });
  const own = await runJest(slowed, []);
  expect(own.stderr).not.toContain('injected faults alone');
  expect(own.json.numPassedTestSuites).toBe(1);
});

test.each<readonly [FaultName, string]>([
  ['hang', '8 hung'],
  ['slow', '8 slowed down'],
])('%s', async (fault, said) => {
  const project = await useProject('bare', { options: { chaos: chaos(1, fault) }, files: plain });
  const run = await runJest(project, ['-w', '4']);
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toContain(`8 faults in 8 suites (seed 1): ${said}; every suite has one result`);
  expect(resultsOf(run)).toHaveLength(8);
});

test('suites that find the disk full are tried again, and marked where faults alone have failed them', async () => {
  const writes = `const fs = require('node:fs');
const path = require('node:path').join(require('node:os').tmpdir(), 'jrh-' + process.pid);
afterEach(() => fs.rmSync(path, { recursive: true, force: true }));
`;
  const files = {
    'sync.test.js': `${writes}test('writes', () => fs.writeFileSync(path, 'a'));\n`,
    'callback.test.js': `${writes}test('writes', (done) => fs.mkdir(path, done));\n`,
    'promise.test.js': `${writes}test('writes', () => fs.promises.appendFile(path, 'a'));\n`,
    'stream.test.js': `${writes}test('writes', (done) => fs.createWriteStream(path).on('error', done).on('finish', () => done()).end('a'));\n`,
    'reads.test.js': `${writes}test('reads', () => fs.writeFileSync('/dev/null', fs.readFileSync(__filename)));\n`,
  };
  // Jest's cache has room meanwhile, as a first run has filled it.
  const faults = chaos(1, 'full-disk');
  const project = await useProject('bare', { options: { chaos: faults }, files });
  await runJest(project, [], { env: { JEST_HARDWARE_CHAOS: 'off' } });
  const run = await runJest(project, []);
  const needy = ['callback', 'promise', 'stream', 'sync'].map((name) => `${name}.test.js`);
  expect(run.stderr).toContain('without disk space; every suite has one result');
  expect(
    run.record.flatMap((event) => (event.type === 'suite-given-up' ? [event.suiteId] : [])).sort(),
  ).toEqual(needy);
  expect(run.stderr).toMatch(/chaos +(\w+\.test\.js(, | and )){3}1 more: failed by injected faults alone/);
  expect(run.json.numPassedTestSuites).toBe(1);
  const some = await runJest(project, [], { env: { JEST_HARDWARE_CHAOS: 'rate:0.5' } });
  expect(struck(some).length).toBeGreaterThan(0);
  expect(resultsOf(some)).toHaveLength(5);
});

test('in band nothing is killed', async () => {
  const project = await useProject('bare', { options: { chaos: chaos(1, 'kill', 'hang') }, files: plain });
  const run = await runJest(project, ['-i']);
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toContain('no faults in 8 suites');
});

test('a device is revoked for this run alone, and its suites run on the other one', async () => {
  const options = { machine: gpus, chaos: chaos(1, 'revoke-device') };
  const project = await useProject('bare', { options, files: onGpu });
  for (const run of [await runJest(project, []), await runJest(project, [])]) {
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain(
      '1 fault in 8 suites (seed 1): 1 revoked device; every suite has one result',
    );
    const revoked = run.record.find((event) => event.type === 'fault-injected');
    expect(run.record).toContainEqual(
      expect.objectContaining({ type: 'set-aside', deviceId: revoked?.deviceId, injected: true }),
    );
  }
});

testWithSsh('the connection of a machine is cut, and its suites are marked', async () => {
  const options = { chaos: chaos(1, 'lose-machine') };
  const project = await useMachine({ options, files: onGpu });
  const run = await runJest(project, []);
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toContain('gpu-box was lost: its connection was cut by the option chaos');
  expect(run.stderr).toContain('1 lost machine; every suite has one result');
  expect(run.stderr).toMatch(/: failed by injected faults alone/);
  expect(resultsOf(run)).toHaveLength(8);
  expect(run.leftOver).toEqual([]);
});

testWithRedis('messages of a fleet are lost, doubled and late, and processes there are killed', async () => {
  // Of this seed each of them strikes early, and few messages are lost, as each costs seconds.
  const faults = { ...chaos(0.15, 'drop', 'double', 'delay', 'kill'), seed: 768 };
  const files = Object.fromEntries(Object.entries(onGpu).slice(0, 3));
  const project = await useFleetProject(fleet, { options: { chaos: faults }, files });
  const machine = await fleet.join(project);
  const run = await runJest(project, []);
  machine.process.kill();
  await machine.ended;
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toContain('every suite has one result');
  for (const word of ['killed', 'dropped', 'doubled', 'delayed'])
    expect(run.stderr).toMatch(RegExp(`\\d+ ${word}`));
  expect(resultsOf(run)).toHaveLength(3);
});

/** `kill a.test.js 1` */
function struck({ record }: JestRun): readonly string[] {
  return record
    .flatMap((event) =>
      event.type === 'fault-injected' ? [`${event.fault} ${event.suiteId} ${event.attempt}`] : [],
    )
    .sort();
}

function lostAttempt(event: RunEvent): readonly string[] {
  return event.type === 'suite-ended' && event.status === 'lost' ? [`${event.suiteId} ${event.attempt}`] : [];
}

function resultsOf({ events }: JestRun): readonly string[] {
  return events.flatMap(({ type, file = '' }) => (type === 'file-result' ? [basename(file)] : [])).sort();
}
