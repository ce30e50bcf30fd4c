import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { commandOf } from './harness/command.js';
import { editedFiles, expectFilesAsHere } from './harness/edited-files.js';
import { type Fleet, fleetOfFile, useFleetProject } from './harness/fleet.js';
import { runJest } from './harness/jest.js';
import { placesOf } from './harness/machine.js';
import { testWithRedis } from './harness/redis-server.js';

const fleet = fleetOfFile();

testWithRedis('suites run on a machine of the fleet, with the files as they are here', async () => {
  const project = await useFleetProject(fleet, { files: editedFiles });
  const machine = await fleet.join(project);
  await expectFilesAsHere(project);
  machine.process.kill('SIGTERM');
  expect(await machine.ended).toBe(0);
  expect(machine.log()).toContain('gpu-box has left the fleet');
});

testWithRedis('a machine that comes later runs what waits for it', async () => {
  const project = await useFleetProject(fleet, {
    files: { 'gpu.test.js': "/** @hardware gpu */\ntest('there', () => {});\n" },
  });
  const running = runJest(project, []);
  const machine = await fleet.join(project, { name: 'late' });
  const run = await running;
  expect(run.stderr).toContain('1 passed');
  expect(placesOf(run.record)['gpu.test.js']).toBe('late/gpu0');
  machine.process.kill();
  await machine.ended;
});

testWithRedis('nobody comes: the suite says so, after the time to wait', async () => {
  const project = await useFleetProject(fleet, {
    connect: { waitForHardware: '100ms' },
    files: { 'gpu.test.js': "/** @hardware gpu */\ntest('there', () => {});\n" },
  });
  const run = await runJest(project, []);
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toContain('No device of this run can run this suite');
  const nobody = `no machine of the fleet at ${fleet.redis.url} that this run can use`;
  expect(run.stderr).toContain(`${nobody} is there yet; one that comes takes part`);
  expect(run.stderr).toContain(`${nobody} has come within 100 ms`);
});

testWithRedis('a fleet that cannot be reached is named, and the run goes on without it', async () => {
  const project = await useFleetProject(fleet, {
    connect: { url: 'redis://127.0.0.1:1', waitForHardware: '1s' },
    files: {
      'cpu.test.js': "test('here', () => {});\n",
      'gpu.test.js': "/** @hardware gpu */\ntest('there', () => {});\n",
    },
  });
  const run = await runJest(project, []);
  expect(run.stderr).toContain('the fleet at redis://127.0.0.1:1 cannot be reached: nobody listens there');
  expect(run.stderr).toMatch(/remedy: +start the Redis/);
  expect(run.stderr).toContain('It is tried again for 1 s.');
  expect(run.stderr).toContain('1 failed, 1 passed');
});

testWithRedis('what nobody with the key of a machine has said is dropped, and told at the end', async () => {
  const project = await useFleetProject(fleet, {
    connect: { waitForHardware: '100ms' },
    files: { 'gpu.test.js': "/** @hardware gpu */\ntest('there', () => {});\n" },
  });
  const broker = new Redis(fleet.redis.url);
  const posting = JSON.stringify({ text: '{"worker":"liar.1","name":"liar"}', signature: 'none' });
  await broker.hset('{jest-hardware}:machines', 'liar.1', posting);
  await broker.zadd('{jest-hardware}:beats', Date.now() + 60_000, 'liar.1');
  const { stderr } = await runJest(project, []);
  await broker.zrem('{jest-hardware}:beats', 'liar.1');
  broker.disconnect();
  expect(stderr).toContain('dropped 1 message of the fleet that no machine with the right key had sent');
});

testWithRedis('the command says who is there', async () => {
  const project = await useFleetProject(fleet);
  const machine = await fleet.join(project, { name: 'seen' });
  const command = [commandOf(project), 'fleet', '--connect', fleet.redis.url];
  const text = execFileSync(process.execPath, command, { cwd: project.directory, encoding: 'utf8' });
  expect(text).toMatch(/^redis:\/\/127\.0\.0\.1:\d+, 1 machine\n/);
  expect(text).toMatch(/^seen +cpu /m);
  expect(text).toMatch(/^ +gpu0 +Test GPU +8 GiB +0 of 1$/m);
  const json = execFileSync(process.execPath, [...command, '--json'], {
    cwd: project.directory,
    encoding: 'utf8',
  });
  expect(JSON.parse(json).machines).toMatchObject([{ name: 'seen', load: { runs: 0, suites: {} } }]);
  machine.process.kill();
  await machine.ended;
});

testWithRedis('the command goes on looking, and says what has changed', async () => {
  const project = await useFleetProject(fleet);
  const command = [commandOf(project), 'fleet', '--watch', '--json', '--connect', fleet.redis.url];
  const watching = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => watching.once('close', (code, signal) => resolve([code, signal])));
  const names: string[][] = [];
  let machine: Awaited<ReturnType<Fleet['join']>> | undefined;
  for await (const line of createInterface(watching.stdout)) {
    names.push(JSON.parse(line).machines.map(({ name }: { name: string }) => name));
    if (names.length === 1) machine = await fleet.join(project, { name: 'seen' });
    else if (names.length === 2) machine?.process.kill();
    else watching.kill('SIGINT');
  }
  expect(names).toEqual([[], ['seen'], []]);
  expect(await ended).toEqual([null, 'SIGINT']);
  await machine?.ended;
});
