import { fleetOfFile, useFleetProject } from './harness/fleet.js';
import { startJest } from './harness/jest.js';
import { testWithRedis } from './harness/redis-server.js';

const fleet = fleetOfFile();

testWithRedis('who comes to a broker without room says so, and takes part when there is room', async () => {
  const files = { 'a.test.js': "/** @hardware gpu */\ntest('passes', () => {});\n" };
  const project = await useFleetProject(fleet, { files });
  await fleet.redis.limitMemory(1);
  const joining = fleet.join(project);
  const run = await startJest(project, []);
  const full = 'takes nothing new: its memory is full (maxmemory)';
  await Promise.all([fleet.machines()[0]?.said(full), run.waitFor(/takes nothing new: its memory is full/)]);
  expect(fleet.machines()[0]?.log()).not.toContain('has joined');
  await fleet.redis.limitMemory(0);
  const machine = await joining;
  const { exitCode, json } = await run.ended;
  expect(exitCode).toBe(0);
  expect(json.numPassedTests).toBe(1);
  await machine.end();
});

testWithRedis('suites that no machine of such a broker could run fail with the reason', async () => {
  const files = { 'a.test.js': "/** @hardware gpu */\ntest('passes', () => {});\n" };
  const project = await useFleetProject(fleet, { files, connect: { waitForHardware: '3s' } });
  const machine = await fleet.join(project);
  await fleet.redis.limitMemory(1);
  const run = await (await startJest(project, [])).ended;
  await fleet.redis.limitMemory(0);
  expect(run.exitCode).toBe(1);
  expect(run.json.testResults[0].message).toContain(
    'has come within 3 s, as the broker takes nothing new: its memory is full (maxmemory)',
  );
  await machine.end();
});
