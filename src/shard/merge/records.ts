import type { RunEvent, ShardPlanned } from '../../core/events.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { newestAttempts } from './attempts.js';
import { mismatches, missingShards, noShards, unseenSuites, wrongSuites } from './check-shards.js';
import { joinedParts } from './join-parts.js';
import { mergedEvents } from './rebase.js';
import type { Shard, ShardRecord } from './shard-record.js';

export interface MergedRun {
  /** The events of one run on the machines of all shards. */
  readonly events: readonly RunEvent[];
  readonly shardCount: number;
  /** Oddities that lose nothing, one sentence each. */
  readonly notes: readonly string[];
  /** Paths of records of earlier attempts and of copies. Files that lie with them do not count either. */
  readonly leftOut: readonly string[];
  /** How the run was divided; undefined when no record says so. */
  readonly division: MergedDivision | undefined;
}

export interface MergedDivision {
  readonly planned: ShardPlanned;
  readonly commit: string | undefined;
  /** Index of the shard by suite id, from 0; suites of other runners included. */
  readonly shardOf: ReadonlyMap<string, number>;
}

/**
 * Merges the records of all shards into one run.
 * @throws {UsageError} when they are not of one run, a shard is missing, or a suite has no result or two.
 */
export function mergeRecords(records: readonly ShardRecord[]): MergedRun {
  const { parts, twins, leftOut, notes } = newestAttempts(records.map(shardOf).sort(byIndexAndTime));
  const problems = [...mismatches(parts), ...(parts.length === 0 ? [noShards] : [])];
  if (problems.length === 0) problems.push(...twins, ...missingShards(parts));
  const shards = joinedParts(parts);
  if (problems.length === 0) problems.push(...wrongSuites(shards));
  if (problems.length > 0) throw new UsageError(problems);
  return {
    events: mergedEvents(shards),
    shardCount: shards.length,
    notes: [...notes, ...unseenSuites(shards)],
    leftOut,
    division: divisionOf(shards),
  };
}

function divisionOf(shards: readonly Shard[]): MergedDivision | undefined {
  const [first] = shards;
  if (first?.planned === undefined) return undefined;
  const shardOf = shards.flatMap(({ started, planned, own }) =>
    [...own, ...(planned?.own ?? [])].map((id) => [id, started.index - 1] as const),
  );
  return { planned: first.planned, commit: first.started.commit, shardOf: new Map(shardOf) };
}

function shardOf({ path, events }: ShardRecord): Shard {
  const started = events.find((event) => event.type === 'run-started');
  const planned = events.find((event) => event.type === 'shard-planned');
  if (started?.index === undefined || started.total === undefined) {
    throw new UsageError({
      file: path,
      message: 'the record is not of a shard',
      remedy: 'leave it out',
    });
  }
  const own = new Set(
    events.flatMap((event) =>
      event.type === 'suite-queued'
        ? event.suite.id
        : event.type === 'suite-invalid' || event.type === 'suite-not-selected'
          ? event.suiteId
          : [],
    ),
  );
  const { index, total } = started;
  return {
    path,
    events,
    started: { ...started, index, total },
    planned,
    own,
    seen: new Set([...own, ...(planned?.elsewhere ?? [])]),
  };
}

function byIndexAndTime({ started: a }: Shard, { started: b }: Shard): number {
  return a.index - b.index || Date.parse(a.startedAt) - Date.parse(b.startedAt);
}
