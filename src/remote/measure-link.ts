import { randomBytes } from 'node:crypto';
import type { Connection } from '../transport/transport.js';

/** What the way to a machine costs. */
export interface Link {
  /** Until a question of no size is answered, ms; the least of some. */
  readonly roundTripMs: number;
  /** How much of what is sent arrives, bytes a ms. */
  readonly bytesPerMs: number;
}

const questions = 4;
/** Takes 1 s at 1 Mbit/s, and at more than 100 Mbit/s is too little to tell. */
const sampleBytes = 128 * 1024;

/** Measures the way to a worker, by questions and a sample that cannot be compressed. */
export async function measureLink(connection: Connection): Promise<Link> {
  const roundTripMs = await measureRoundTrip(connection, questions);
  const sample = randomBytes((sampleBytes / 4) * 3).toString('base64');
  const sampleMs = await msOf(() => connection.call('ping', sample));
  const bytesPerMs = sampleBytes / Math.max(0.1, sampleMs - roundTripMs);
  return { roundTripMs: rounded(roundTripMs), bytesPerMs: rounded(bytesPerMs) };
}

/** Until a question of no size is answered, ms: the least of `count`. */
export async function measureRoundTrip(connection: Connection, count: number): Promise<number> {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let each = 0; each < count; each++) {
    leastMs = Math.min(leastMs, await msOf(() => connection.call('ping', null)));
  }
  return leastMs;
}

async function msOf(ask: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await ask();
  return performance.now() - startedMs;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
