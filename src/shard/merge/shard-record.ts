import type { RunEvent, RunStarted, ShardPlanned } from '../../core/events.js';

/** The record of one shard. */
export interface ShardRecord {
  /** As the user named it. */
  readonly path: string;
  readonly events: readonly RunEvent[];
}

/** A record with the facts that merging needs. */
export interface Shard extends ShardRecord {
  readonly started: RunStarted & { readonly index: number; readonly total: number };
  readonly planned: ShardPlanned | undefined;
  /** Ids of the suites that the shard had to run. */
  readonly own: ReadonlySet<string>;
  /** Ids of all suites that it knew of: its own, and those that it left to other shards. */
  readonly seen: ReadonlySet<string>;
}
