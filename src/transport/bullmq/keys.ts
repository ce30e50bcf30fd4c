/**
 * Names of everything that a fleet keeps on its broker. All of them have one hash tag, so that they lie in one slot of a
 * cluster, and so that a broker's user can be limited to them: `~{jest-hardware}:*` and `&{jest-hardware}:*`.
 */
export const prefix = '{jest-hardware}';

/** Hash: what each machine has, by the id of its worker's start. */
export const machinesKey = `${prefix}:machines`;
/** Sorted set: when the broker last heard of each worker's start, ms by the broker's clock. */
export const beatsKey = `${prefix}:beats`;
/** Sorted set: the same for each run, which may ask for more time. */
export const leasesKey = `${prefix}:leases`;

/** A session's id begins with its run's. */
export function runOf(session: string): string {
  return session.slice(0, session.indexOf('.'));
}

/** Stream of all that workers tell a run. */
export function resultsKey(run: string): string {
  return `${prefix}:results:${run}`;
}

/** Hash: how much each side has received of the other, by session and side; {@link over}: it wants no more. */
export function receivedKey(run: string): string {
  return `${prefix}:received:${run}`;
}

/** What a side says instead of how much it has received when the session is over for it. */
export const over = -1;

/** What is too large for a message. */
export function bodyKey(session: string, side: string, sequence: number): string {
  return `${prefix}:body:${session}:${side}:${sequence}`;
}

/** Channel on which a worker is told that there is something in its queue. */
export function wakeChannel(worker: string): string {
  return `${prefix}:wake:${worker}`;
}
