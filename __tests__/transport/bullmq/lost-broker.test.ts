import { setTimeout as faultLasts } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ConnectionLost } from '../../../src/transport/transport.js';
import { testFleet } from './trial.js';

const kept = ['--appendonly', 'yes', '--appendfsync', 'always'];

for (const [broker, settings] of [
  ['a broker that has lost all', []],
  ['a broker that has kept all', kept],
] as const) {
  for (const [away, awayMs] of [
    ['at once', 0],
    ['after 2 s', 2000],
    ['after 8 s', 8000],
  ] as const) {
    testFleet(
      `${broker} and is back ${away} has lost no call and no answer, and doubled none`,
      async ({ redis, machine, run }) => {
        const worker = await machine();
        const coordinator = await run();
        const notices: unknown[] = [];
        const connection = await coordinator.connect(1, (_, payload) => void notices.push(payload));
        const calls = ['a', 'b'].map((id) => connection.call('hold', id));
        await Promise.all(['a', 'b'].map((id) => worker.said(`started ${id}`)));
        await redis.kill();
        worker.release('a');
        calls.push(connection.call('note', 'c'), connection.call('tell', 'd'));
        calls.push(connection.call('large', 200_000));
        await faultLasts(awayMs);
        await redis.restart();
        const [a, , c, , large] = await Promise.all(calls.map((call, index) => (index === 1 ? 0 : call)));
        expect([a, c]).toEqual(['a is done', 'c']);
        expect(large).toHaveLength(200_000);
        // What is missing there is told again, and no lease ends meanwhile.
        await faultLasts(4000);
        worker.release('b');
        expect(await calls[1]).toBe('b is done');
        expect(notices).toEqual(['d']);
        expect(worker.lines).toEqual(['started a', 'started b', 'noted c']);
        expect(coordinator.come).toHaveLength(1);
        expect(coordinator.client.dropped).toBe(0);
      },
      settings,
    );
  }
}

testFleet('a broker that comes back with what it had a while ago loses nothing', async (trial) => {
  const { redis } = trial;
  const worker = await trial.machine();
  const coordinator = await trial.run();
  const connection = await coordinator.connect();
  const running = connection.call('hold', 'a');
  await worker.said('started a');
  const admin = new Redis(redis.url);
  await admin.save();
  admin.disconnect();
  // By then all that was saved looks dead.
  await faultLasts(6000);
  expect(await connection.call('note', 'b')).toBe('b');
  await redis.kill();
  await redis.restart();
  expect(await connection.call('note', 'c')).toBe('c');
  await faultLasts(4000);
  worker.release('a');
  expect(await running).toBe('a is done');
  expect(worker.lines).toEqual(['started a', 'noted b', 'noted c']);
  expect(coordinator.come).toHaveLength(1);
});

testFleet('a broker that is emptied while it runs loses nothing', async ({ redis, machine, run }) => {
  const worker = await machine();
  const coordinator = await run();
  const connection = await coordinator.connect();
  const calls = [connection.call('hold', 'a')];
  await worker.said('started a');
  const admin = new Redis(redis.url);
  await admin.flushall();
  calls.push(connection.call('note', 'b'));
  await admin.flushall();
  worker.release('a');
  await admin.flushall();
  admin.disconnect();
  expect(await Promise.all(calls)).toEqual(['a is done', 'b']);
  expect(coordinator.come).toHaveLength(1);
  expect(worker.lines).toEqual(['started a', 'noted b']);
});

testFleet(
  'a broker that is away for too long takes its machines with it',
  async ({ redis, machine, run }) => {
    const worker = await machine();
    const coordinator = await run(undefined, { brokerAwayMs: 3000 });
    const connection = await coordinator.connect();
    const rejected = expect(connection.call('hold', 'a')).rejects.toThrow(ConnectionLost);
    await worker.said('started a');
    await redis.kill();
    expect(await connection.lost).toBe('the broker has not answered for 3 s');
    await rejected;
    await redis.restart();
    // It is told as a new one, also where it has not noticed.
    const again = await coordinator.connect(2);
    expect(await again.call('echo', 'here')).toBe('here');
    await worker.said('aborted a');
  },
);

testFleet('a broker that hangs for a moment loses nothing', async ({ redis, machine, run }) => {
  const worker = await machine();
  const connection = await (await run()).connect();
  const running = connection.call('hold', 'a');
  await worker.said('started a');
  redis.pause();
  worker.release('a');
  const waiting = connection.call('note', 'b');
  await faultLasts(6000);
  redis.resume();
  expect(await Promise.all([running, waiting])).toEqual(['a is done', 'b']);
  expect(worker.lines).toEqual(['started a', 'noted b']);
});

// Reported of BullMQ: a claim whose answer was lost leaves its job claimed for ever, and its id taken.
testFleet('a job that was claimed by nobody who still knows it is sent again', async (trial) => {
  const slow = await trial.link();
  slow.delay(200);
  const worker = await trial.machine(slow);
  const coordinator = await trial.run();
  const connection = await coordinator.connect();
  const thief = coordinator.broker.takerOf(coordinator.come[0]?.worker ?? '');
  const call = connection.call('note', 'a');
  while ((await thief.next()) === undefined) await faultLasts(1);
  expect(worker.lines).toEqual([]);
  expect(await call).toBe('a');
  expect(worker.lines).toEqual(['noted a']);
});

// Reported of ioredis: answers that were read in part when the connection was cut, and pipelines that never end.
testFleet('connections that are cut again and again lose and double nothing', async (trial) => {
  const links = [await trial.link(), await trial.link()];
  const worker = await trial.machine(links[0]);
  const coordinator = await trial.run(links[1]);
  const connection = await coordinator.connect();
  const ids = Array.from({ length: 60 }, (_, index) => `call ${index}`);
  const events: unknown[] = [];
  const answers: Promise<unknown>[] = [];
  for (const [index, id] of ids.entries()) {
    answers.push(connection.call('note', id));
    if (index % 6 === 0) answers.push(connection.call('large', 100_000));
    if (index === 30)
      answers.push(connection.call('count', 200, { onEvent: (_, payload) => void events.push(payload) }));
    await faultLasts(17);
    if (index % 5 !== 0) continue;
    const link = links[(index / 5) % 2];
    link?.cut();
    link?.heal();
  }
  await Promise.all(answers);
  expect(worker.lines.toSorted()).toEqual(ids.map((id) => `noted ${id}`).toSorted());
  expect(events).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  expect(coordinator.come).toHaveLength(1);
  expect(coordinator.client.dropped).toBe(0);
});
