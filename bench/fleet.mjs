/**
 * A fleet over BullMQ: a real Redis and workers in processes of their own, on this machine, and the same with 40 ms of delay
 * in each direction between the run and the broker. Beside it BullMQ's own round trip (its Worker and QueueEvents), in the
 * same process. Medians, with lowest and highest. Tasks sleep, as all share these processors.
 */
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { busyShare, driven, section, show, timed } from './far.mjs';
import { enter, startMachines } from './fleet-machines.mjs';
import { flags } from './report.mjs';
import { source } from './source.mjs';

const times = Math.min(7, flags.pairs);
// The harness declares tests of these names; here nothing runs them.
globalThis.test ??= { skip() {} };
globalThis.describe ??= { skip() {} };
const { startRedis, startLink, measureRoundTrip, slotsOf } = await source(
  '../__tests__/e2e/harness/redis-server.ts',
  '../__tests__/e2e/harness/link.ts',
  'remote/measure-link.ts',
  'core/machine/machine.ts',
);

const redis = await startRedis();
const link = await startLink(redis.port, 40);
const ways = { loopback: redis.port, '80 ms': link.port };

try {
  await section('round trip', roundTrips);
  await section('many', many);
  await section('slots', slots);
  await section('lost', losing);
} finally {
  link.close();
  await redis.dispose();
}

/** A task that does nothing, and one whose result has 5 MB; what BullMQ needs for the first. */
async function roundTrips() {
  const worker = await startMachines(redis.port, 'box');
  for (const [way, port] of Object.entries(ways)) {
    const { connection, leave } = await enter(port);
    await connection.call('task', {});
    const starts = [];
    const ours = await timed(200, async () => {
      const sentMs = performance.timeOrigin + performance.now();
      const { startedMs } = await connection.call('task', {});
      starts.push(startedMs - sentMs);
    });
    show(`sent until started, ${way}`, starts);
    show(`round trip, ${way}`, ours);
    show(`BullMQ's own round trip, ${way}`, await bullmqRoundTrips(port));
    show(`result of 5 MB, ${way}`, await timed(times, () => connection.call('task', { length: 5_000_000 })));
    await leave();
  }
  await worker.end();
}

async function bullmqRoundTrips(port) {
  const opened = [redis.port, port, port].map(
    (each) => new Redis(each, '127.0.0.1', { maxRetriesPerRequest: null }),
  );
  const [ofWorker, ofQueue, ofEvents] = opened;
  const there = new Worker('raw', async () => null, { connection: ofWorker });
  const queue = new Queue('raw', { connection: ofQueue });
  const events = new QueueEvents('raw', { connection: ofEvents });
  await Promise.all([there.waitUntilReady(), events.waitUntilReady()]);
  // One that is removed at once may be gone before BullMQ looks for it.
  const kept = { removeOnComplete: { count: 1000 } };
  const ask = async () => (await queue.add('task', {}, kept)).waitUntilFinished(events);
  await ask();
  const ms = await timed(100, ask);
  await Promise.all([there.close(), queue.close(), events.close()]);
  for (const each of opened) each.disconnect();
  return ms;
}

/** Tasks that do nothing, by 8 workers. */
async function many() {
  const names = Array.from({ length: 8 }, (_, index) => `box-${index}`);
  const workers = await Promise.all(names.map((name) => startMachines(redis.port, name)));
  const { connections, leave } = await enter(redis.port, names.length);
  const rates = [];
  for (let n = 0; n < 3; n += 1) {
    let left = 2000;
    const startedMs = performance.now();
    const work = async (connection) => {
      while (left-- > 0) await connection.call('task', {});
    };
    await Promise.all(connections.flatMap((each) => Array.from({ length: 4 }, () => work(each))));
    rates.push(2000 / ((performance.now() - startedMs) / 1000));
  }
  show('empty tasks, 8 workers', rates, '/s');
  await leave();
  await Promise.all(workers.map((worker) => worker.end()));
}

/** The share of the time that 4 slots are busy, by the scheduler and the driver of a run. */
async function slots() {
  const worker = await startMachines(redis.port, 'box');
  for (const [sleepMs, count] of [
    [200, 80],
    [1000, 32],
  ]) {
    for (const [way, port] of Object.entries(ways)) {
      const { connection, leave } = await enter(port);
      const leadMs = Math.max(10, Math.round(await measureRoundTrip(connection, 3)));
      const machine = {
        version: 1,
        machine: { name: 'box', platform: 'linux', arch: 'x64', cpuBudget: 4, memoryBudgetBytes: 2 ** 33 },
        devices: [
          {
            id: 'cpu',
            class: 'cpu',
            memoryBytes: 2 ** 33,
            backends: [],
            features: [],
            precisions: [],
            usable: true,
          },
        ],
        problems: [],
      };
      const offered = slotsOf(machine, 4).map((slot) => ({ ...slot, leadMs }));
      let number = 0;
      const events = await driven({ machine, slots: offered, count }, ({ placement, ahead }, signal) => {
        const own = number++;
        ahead?.recall.addEventListener('abort', () => connection.notify('take-back', own), { once: true });
        const place = { queue: placement.slotId, number: own, task: { sleepMs } };
        return connection.call('run', place, { signal });
      });
      show(`4 slots busy, tasks of ${sleepMs} ms, ${way}`, [busyShare(events) * 100], '%');
      await leave();
    }
  }
  await worker.end();
}

async function losing() {
  const ms = [];
  for (let n = 0; n < times; n += 1) {
    const worker = await startMachines(redis.port, 'box');
    const { connection, leave } = await enter(redis.port);
    const startedMs = performance.now();
    worker.kill();
    await connection.lost;
    ms.push(performance.now() - startedMs);
    await leave();
  }
  show('worker killed: known after', ms);
}
