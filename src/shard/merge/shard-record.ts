import type { RunEvent, RunStarted, ShardPlanned } from '../../core/events.js';

/** The record of one shard. */
export interface ShardRecord {
  /** As the user knows it. */
  readonly path: string;
  readonly events: readonly RunEvent[];
}

/** A record, and what merging asks of it. */
export interface Shard extends ShardRecord {
  readonly started: RunStarted & { readonly index: number; readonly total: number };
  readonly planned: ShardPlanned | undefined;
  /** Suites that it was to run. */
  readonly own: ReadonlySet<string>;
  readonly seen: ReadonlySet<string>;
}
