/** A broker that answers and takes nothing new, as its memory or its disk is full. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as faultLasts } from 'node:timers/promises';
import { hasSmallDisks, mountSmallDisk } from '../../e2e/harness/full-disk.js';
import { type Trial, testFleet } from './trial.js';

/** Longer than a machine may be without contact. */
const longMs = 14_000;

/** What is said meanwhile, on both sides, comes when there is room: each thing once. */
async function losesNothing(
  { machine, run }: Trial,
  fill: () => Promise<void> | void,
  free: () => Promise<void> | void,
  reason: string,
): Promise<void> {
  const worker = await machine();
  const coordinator = await run();
  const notices: unknown[] = [];
  const connection = await coordinator.connect(1, (_, payload) => void notices.push(payload));
  const calls = ['a', 'b'].map((id) => connection.call('hold', id));
  await Promise.all(['a', 'b'].map((id) => worker.said(`started ${id}`)));
  await fill();
  worker.release('a');
  calls.push(connection.call('note', 'c'), connection.call('tell', 'd'), connection.call('large', 200_000));
  expect(await worker.said('the broker')).toContain(`takes nothing new: ${reason}`);
  await faultLasts(longMs);
  await free();
  worker.release('b');
  const [a, b, c, , large] = await Promise.all(calls);
  expect([a, b, c]).toEqual(['a is done', 'b is done', 'c']);
  expect(large).toHaveLength(200_000);
  expect(notices).toEqual(['d']);
  expect(worker.lines.filter((line) => !line.startsWith('the broker'))).toEqual([
    'started a',
    'started b',
    'noted c',
  ]);
  expect(worker.lines).toHaveLength(4);
  expect(coordinator.come).toHaveLength(1);
  expect(coordinator.client.dropped).toBe(0);
}

testFleet('a broker whose memory is full for a while loses and doubles nothing', (trial) => {
  const { redis } = trial;
  return losesNothing(
    trial,
    () => redis.limitMemory(1),
    () => redis.limitMemory(0),
    'its memory is full (maxmemory)',
  );
});

testFleet('a broker whose memory is full for too long takes its machines with it', async (trial) => {
  const { redis, machine, run } = trial;
  const worker = await machine();
  const coordinator = await run(undefined, { brokerAwayMs: 3000 });
  const connection = await coordinator.connect();
  const rejected = expect(connection.call('hold', 'a')).rejects.toThrow('its memory is full');
  await worker.said('started a');
  await redis.limitMemory(1);
  expect(await connection.lost).toBe(
    'the broker has taken nothing for 3 s, as its memory is full (maxmemory)',
  );
  await rejected;
  await redis.limitMemory(0);
  const again = await coordinator.connect(2);
  expect(await again.call('echo', 'here')).toBe('here');
  await worker.said('aborted a');
});

if (hasSmallDisks) {
  const folder = mkdtempSync(join(tmpdir(), 'jrh-broker-disk-'));
  const disk = mountSmallDisk(folder, 'size=256k');
  afterAll(() => {
    disk.unmount();
    rmSync(folder, { recursive: true });
  });
  testFleet(
    'a broker whose disk is full for a while loses and doubles nothing',
    (trial) => losesNothing(trial, disk.fill, disk.free, 'it cannot write to its disk'),
    ['--appendonly', 'yes', '--dir', folder],
  );
} else test.skip('a broker whose disk is full for a while loses and doubles nothing', () => {});
