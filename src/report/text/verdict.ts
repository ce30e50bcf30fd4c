import type { RunSummary } from '../summary/summary.js';
import { failsRun } from '../summary/verdict.js';
import { grouped } from './counted.js';

/** `Failed: 3 of 9 suites`: the first thing that a reader wants to know. */
export function verdictText({ suites, state, unmetRequirements, refused }: RunSummary): string {
  const failed = suites.filter(({ outcome }) => failsRun(outcome)).length;
  const all = `${grouped(suites.length)} suite${suites.length === 1 ? '' : 's'}`;
  const [refusal] = refused;
  if (state === 'unfinished') return `Unfinished: the record ends before the run did, ${all}`;
  if (failed > 0) return `${state === 'cancelled' ? 'Cancelled' : 'Failed'}: ${grouped(failed)} of ${all}`;
  if (unmetRequirements.length > 0)
    return `Failed: no suite executed a test on a real ${unmetRequirements.join(' or ')}`;
  if (refusal) return `Failed: ${grouped(refusal.suiteIds.length)} of ${all} ${refusal.state}`;
  return `${state === 'cancelled' ? 'Cancelled' : 'Passed'}: ${all}`;
}
