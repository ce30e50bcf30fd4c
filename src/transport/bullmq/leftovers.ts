import type { Broker } from './broker.js';
import { beatsKey, leasesKey, machinesKey, receivedKey, resultsKey } from './keys.js';

/**
 * Removes what machines and runs have left on the broker that ended without being able to, and the queues of those that have
 * left: somebody may have written to them afterwards. Each run does so: a machine may not touch what is others'.
 * @param afterMs For how long nothing was heard of them.
 */
export async function removeLeftovers(broker: Broker, afterMs = forgottenMs): Promise<void> {
  const { commands } = broker;
  const sinceMs = Math.round(broker.nowMs()) - afterMs;
  for (const worker of await commands.zrangebyscore(beatsKey, '-inf', sinceMs)) {
    const queue = broker.queue(worker);
    await queue.obliterate({ force: true });
    await queue.close();
    await commands.multi().hdel(machinesKey, worker).zrem(beatsKey, worker).exec();
  }
  for (const run of await commands.zrangebyscore(leasesKey, '-inf', sinceMs)) {
    await commands.multi().del(resultsKey(run), receivedKey(run)).zrem(leasesKey, run).exec();
  }
}

/** Longer than anybody is frozen who comes back. */
const forgottenMs = 10 * 60_000;
