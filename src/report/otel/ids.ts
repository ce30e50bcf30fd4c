import { createHash } from 'node:crypto';
import type { RunEvent } from '../../core/events.js';

/** Ids of a run's spans. They depend on its record alone: what is sent twice stands once where ids are unique. */
export interface SpanIds {
  /** Equal for the shards of a run. */
  readonly traceId: string;
  /** @param key Tells the span apart from others of the run. */
  spanIdOf(key: readonly (string | number)[]): string;
}

export function spanIdsOf(events: readonly RunEvent[]): SpanIds {
  const own = hashOf(events.filter(({ type }) => type === 'run-started' || type === 'suite-ended'));
  const planned = events.find((event) => event.type === 'shard-planned');
  const { planId, dividedAt, ciRun, ciAttempt } = planned ?? {};
  return {
    traceId: (dividedAt === undefined ? own : hashOf([planId, dividedAt, ciRun, ciAttempt])).slice(0, 32),
    spanIdOf: (key) => hashOf([own, ...key]).slice(0, 16),
  };
}

/** Hexadecimal. That 16 digits of it are all 0 is one chance in 2⁶⁴. */
function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
