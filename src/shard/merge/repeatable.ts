import type { History, RepeatableRun, SuiteHistory } from '../../record/history.js';
import type { MergedDivision } from './records.js';

/** A run whose jobs may be run again, and the shard of each suite. */
export interface Repeatable {
  readonly run: RepeatableRun;
  readonly shardOf: ReadonlyMap<string, number>;
}

/**
 * What the history keeps of a merged run, so that a later attempt of a shard runs the same suites. Otherwise the attempt
 * would plan anew with a history that has learned meanwhile. If no CI service names the run, only a failed run is kept.
 * @returns Undefined for a run that cannot be repeated: a part of the suites, or a successful run without a name.
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

/** Replaces the repeatable run of a history. */
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
