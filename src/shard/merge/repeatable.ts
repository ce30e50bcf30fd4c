import type { History, RepeatableRun, SuiteHistory } from '../../record/history.js';
import type { MergedDivision } from './records.js';

/** A run whose jobs may be run again, and the shard of each suite. */
export interface Repeatable {
  readonly run: RepeatableRun;
  readonly shardOf: ReadonlyMap<string, number>;
}

/**
 * What a history keeps of a merged run: a cache may give it to the next attempt of a shard, which would otherwise plan anew
 * by what was learned meanwhile. Where nobody says which run a shard belongs to, only a failed one is taken to be run again.
 */
export function repeatableRun(
  { planned, commit, shardOf }: MergedDivision,
  failed: boolean,
): Repeatable | undefined {
  const { planId, inputs, total, ciRun } = planned;
  if (inputs['suites'] !== undefined || (!failed && ciRun === undefined)) return undefined;
  return {
    run: {
      planId,
      inputs,
      total,
      ...(commit !== undefined && { commit }),
      ...(ciRun !== undefined && { ciRun }),
    },
    shardOf,
  };
}

/** The history with that run instead of the one before. */
export function withRepeatable(history: History, repeatable: Repeatable | undefined): History {
  const { repeatable: _before, ...rest } = history;
  const suites = new Map<string, SuiteHistory>();
  for (const [id, { shard: _shard, ...suite }] of history.suites) suites.set(id, suite);
  if (repeatable === undefined) return { ...rest, suites };
  for (const [id, shard] of repeatable.shardOf) {
    suites.set(id, {
      ...(suites.get(id) ?? { devices: new Map(), failedLast: false, missedRuns: 0 }),
      shard,
    });
  }
  return { ...rest, suites, repeatable: repeatable.run };
}
