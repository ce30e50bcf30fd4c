import { prefix } from '../../../src/transport/bullmq/keys.js';
import { removeLeftovers } from '../../../src/transport/bullmq/leftovers.js';
import { testFleet } from './trial.js';

testFleet('what killed machines and runs leave on the broker is removed', async ({ child, machine, run }) => {
  const killed = await child('machine');
  const survivor = await run();
  const toKilled = await survivor.connect();
  const lost = toKilled.lost;
  const call = toKilled.call('hold', 'a');
  call.catch(() => {});
  await killed.said('started a');
  killed.process.kill('SIGKILL');
  // It lies in the queue of one that does not take it any more.
  toKilled.call('note', 'b').catch(() => {});
  await lost;
  const living = await machine(undefined, 'living');
  const killedRun = await child('run');
  killedRun.tell('c');
  await living.said('started c');
  killedRun.process.kill('SIGKILL');
  await living.said('session closed');
  const { commands } = survivor.broker;
  const of = survivor.come[0]?.worker ?? 'nobody';
  expect((await commands.keys('*')).filter((key) => key.includes(of))).not.toEqual([]);
  const connection = await survivor.connect(2);
  await removeLeftovers(survivor.broker, 3000);
  const keys = await commands.keys('*');
  expect(keys.filter((key) => key.includes(of))).toEqual([]);
  // Those who live have kept theirs.
  expect(await commands.hlen(`${prefix}:machines`)).toBe(1);
  expect(await commands.zcard(`${prefix}:leases`)).toBe(1);
  expect(keys.filter((key) => key.startsWith(`${prefix}:received:`))).toHaveLength(1);
  expect(await connection.call('echo', 'here')).toBe('here');
});

testFleet('who leaves in order leaves what is removed later, and nothing else', async ({ machine, run }) => {
  const worker = await machine();
  const coordinator = await run();
  const connection = await coordinator.connect();
  await connection.call('note', 'a');
  const last = connection.call('hold', 'b').catch(() => {});
  await worker.said('started b');
  await connection.close();
  await last;
  await coordinator.close();
  await worker.server.close();
  const observer = await run();
  await removeLeftovers(observer.broker, 5000);
  expect(await observer.broker.commands.keys('*')).toEqual([`${prefix}:leases`]);
});
