/**
 * A sample of `npm run faults`: a run in which something happens to one of its machines, or to what it reaches them by, goes as one
 * of stock Jest.
 */
import { FaultyRuns } from './faults/seeded-run.js';
import { testWithRedis } from './harness/redis-server.js';
import { testWithSsh } from './harness/ssh-server.js';

const opened = new Map<string, Promise<FaultyRuns>>();
afterAll(async () => {
  for (const runs of opened.values()) await (await runs).close();
});

async function goesAsStock(way: 'ssh' | 'fleet', seed: number): Promise<void> {
  const runs = opened.get(way) ?? FaultyRuns.open(way);
  opened.set(way, runs);
  // On a busy machine a run may have ended before its fault; `npm run faults` tells.
  const { what, problems } = await (await runs).run(seed);
  expect({ what, problems }).toEqual({ what, problems: [] });
}

testWithSsh.each([1, 4, 26])('seed %i', (seed) => goesAsStock('ssh', seed));
testWithRedis.each([5])('in a fleet, seed %i', (seed) => goesAsStock('fleet', seed));
