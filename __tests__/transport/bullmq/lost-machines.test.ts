import { setTimeout as faultLasts } from 'node:timers/promises';
import { ConnectionLost } from '../../../src/transport/transport.js';
import { testFleet } from './trial.js';

testFleet('a worker that is killed is lost, and so are its calls', async ({ child, run }) => {
  const machine = await child('machine');
  const connection = await (await run()).connect();
  const call = connection.call('hold', 'a');
  const rejected = expect(call).rejects.toThrow(ConnectionLost);
  await machine.said('started a');
  machine.process.kill('SIGKILL');
  expect(await connection.lost).toContain('nothing was heard of it for 3.5 s');
  await rejected;
  await expect(connection.call('echo', 1)).rejects.toThrow(ConnectionLost);
});

testFleet('a worker that is frozen for long ends its session, and joins again', async ({ child, run }) => {
  const machine = await child('machine');
  const coordinator = await run();
  const connection = await coordinator.connect();
  const late: unknown[] = [];
  const calls = [connection.call('hold', 'a', { onLate: (answer) => late.push(answer) })];
  await machine.said('started a');
  machine.process.kill('SIGSTOP');
  calls.push(connection.call('hold', 'b'));
  const outcomes = Promise.allSettled(calls);
  await connection.lost;
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  machine.tell('a');
  machine.process.kill('SIGCONT');
  await machine.said('session closed');
  const again = await coordinator.connect(2);
  expect(await again.call('echo', 'here')).toBe('here');
  // What it had not begun is not begun any more.
  expect(machine.lines).not.toContain('started b');
  expect(late.every((answer) => answer === 'a is done')).toBe(true);
});

testFleet('a worker that is frozen for a moment loses nothing', async ({ child, run }) => {
  const machine = await child('machine');
  const connection = await (await run()).connect();
  const running = connection.call('hold', 'a');
  await machine.said('started a');
  machine.process.kill('SIGSTOP');
  machine.tell('a');
  const waiting = connection.call('echo', 'b');
  await faultLasts(2000);
  machine.process.kill('SIGCONT');
  expect(await Promise.all([running, waiting])).toEqual(['a is done', 'b']);
});

testFleet('a run that is killed leaves its worker free', async ({ child, machine }) => {
  const worker = await machine();
  const coordinator = await child('run');
  coordinator.tell('a');
  await worker.said('started a');
  coordinator.process.kill('SIGKILL');
  await worker.said('aborted a');
  await worker.said('session closed');
});

testFleet('a run that is frozen for long knows afterwards what it has lost', async ({ child, machine }) => {
  const worker = await machine();
  const coordinator = await child('run');
  coordinator.tell('a');
  await worker.said('started a');
  coordinator.process.kill('SIGSTOP');
  await worker.said('session closed');
  coordinator.process.kill('SIGCONT');
  expect(await coordinator.said('lost')).toContain('it has ended what it did for this run');
  await coordinator.said('ConnectionLost');
  coordinator.tell('b');
  await worker.said('started b');
  worker.release('b');
  await coordinator.said('answer: b is done');
});

testFleet('a worker cut off for 12 s has ended all, and joins under a new start', async (trial) => {
  const link = await trial.link();
  const worker = await trial.machine(link);
  const coordinator = await trial.run();
  const connection = await coordinator.connect();
  const calls = [connection.call('hold', 'a')];
  await worker.said('started a');
  link.swallow();
  calls.push(connection.call('hold', 'b'));
  const outcomes = Promise.allSettled(calls);
  const healed = faultLasts(12_000);
  await connection.lost;
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await worker.said('aborted a');
  await healed;
  link.heal();
  const again = await coordinator.connect(2);
  expect(coordinator.come[1]?.worker).not.toBe(coordinator.come[0]?.worker);
  expect(await again.call('echo', 'here')).toBe('here');
  expect(worker.lines).not.toContain('started b');
  expect(coordinator.client.dropped).toBe(0);
});

testFleet('a run cut off for 12 s has lost its machines, and finds them again', async (trial) => {
  const link = await trial.link();
  const worker = await trial.machine();
  const coordinator = await trial.run(link);
  const connection = await coordinator.connect();
  const rejected = expect(connection.call('hold', 'a')).rejects.toThrow(ConnectionLost);
  await worker.said('started a');
  link.swallow();
  const healed = faultLasts(12_000);
  await worker.said('aborted a');
  await worker.said('session closed');
  await healed;
  link.heal();
  expect(await connection.lost).toContain('it has ended what it did for this run');
  await rejected;
  const again = await coordinator.connect(2);
  expect(await again.call('echo', 'here')).toBe('here');
});

testFleet('a run cut off for a moment loses nothing', async (trial) => {
  const link = await trial.link();
  const worker = await trial.machine();
  const connection = await (await trial.run(link)).connect();
  const running = connection.call('hold', 'a');
  await worker.said('started a');
  link.swallow();
  worker.release('a');
  const waiting = connection.call('note', 'b');
  await faultLasts(2000);
  link.heal();
  expect(await Promise.all([running, waiting])).toEqual(['a is done', 'b']);
  expect(worker.lines.filter((line) => line === 'noted b')).toHaveLength(1);
});

testFleet('a machine that leaves is gone at once', async ({ machine, run }) => {
  const worker = await machine();
  const connection = await (await run()).connect();
  const rejected = expect(connection.call('hold', 'a')).rejects.toThrow(ConnectionLost);
  await worker.said('started a');
  await worker.server.close();
  await connection.lost;
  await rejected;
});
