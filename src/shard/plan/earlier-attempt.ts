import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent, ShardPlanned } from '../../core/events.js';

/** What makes a record that of an earlier attempt of a shard. */
export interface SameShard {
  readonly index: number;
  readonly total: number;
  readonly commit: string | undefined;
  /** See `CiRun`; undefined outside of a known CI service. */
  readonly ciRun: string | undefined;
  /** Id of the plan that was asked for. */
  readonly planId: string | undefined;
  /** As in the inputs of a plan; undefined for a run of all suites. */
  readonly suites: string | undefined;
}

/**
 * How an earlier attempt of this shard was divided, from its record, if the output directory was kept. An earlier attempt is
 * one of the same run of the CI service, or with the plan that was asked for. A later attempt has to run the same suites,
 * whatever the history has learned meanwhile.
 */
export function earlierAttempt(directory: string, asked: SameShard): ShardPlanned | undefined {
  if (asked.ciRun === undefined && asked.planId === undefined) return undefined;
  const names = namesIn(directory).filter((name) => /^run-.*\.jsonl$/.test(name));
  for (const name of names.sort().reverse()) {
    const [started, planned] = firstEventsOf(join(directory, name));
    if (started?.type !== 'run-started' || planned?.type !== 'shard-planned') continue;
    const isAsked =
      asked.planId === undefined
        ? planned.ciRun === asked.ciRun && started.commit === asked.commit
        : planned.planId === asked.planId;
    const isSame = planned.index === asked.index && planned.total === asked.total;
    if (isAsked && isSame && planned.inputs['suites'] === asked.suites && planned.own) return planned;
  }
  return undefined;
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Nothing for a damaged record. */
function firstEventsOf(path: string): readonly (RunEvent | undefined)[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n', 2);
    return lines.map((line) => JSON.parse(line) as RunEvent);
  } catch {
    return [];
  }
}
