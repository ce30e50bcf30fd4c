import { printable } from '../../../core/vocabulary/printable.js';
import { formatDuration } from '../../../core/vocabulary/units.js';
import { suiteOutcomes } from '../../summary/suites.js';
import type { RunSummary } from '../../summary/summary.js';
import { besideBestPossible } from '../../text/best-possible.js';
import { outcomeText } from '../../text/outcomes.js';
import { outcomeRanks } from './outcome-ranks.js';

export interface Verdict {
  readonly rank: 'bad' | 'odd' | 'good';
  /** `Failed: 2 of 40 suites` */
  readonly text: string;
  /** Counts, total time, where it comes from; one clause each. */
  readonly facts: readonly string[];
}

export function verdictOf(summary: RunSummary): Verdict {
  return { ...headlineOf(summary), facts: factsOf(summary).map(printable) };
}

function headlineOf({ suites, state, unmetRequirements, refused }: RunSummary): Omit<Verdict, 'facts'> {
  const bad = suites.filter(({ outcome }) => outcomeRanks[outcome] === 'bad').length;
  const all = `${suites.length.toLocaleString('en')} suite${suites.length === 1 ? '' : 's'}`;
  if (bad > 0) return { rank: 'bad', text: `Failed: ${bad.toLocaleString('en')} of ${all}` };
  if (unmetRequirements.length > 0) {
    const classes = unmetRequirements.join(' or ');
    return { rank: 'bad', text: `Failed: no suite executed a test on a real ${classes}` };
  }
  const [refusal] = refused;
  if (refusal !== undefined) {
    return { rank: 'bad', text: `Failed: ${refusal.suiteIds.length} of ${all} ${refusal.state}` };
  }
  if (state === 'cancelled') return { rank: 'odd', text: `Cancelled: ${all}` };
  if (state === 'unfinished') {
    return { rank: 'odd', text: `Unfinished: the record stops before the end of the run, ${all}` };
  }
  return { rank: 'good', text: `Passed: ${all}` };
}

function factsOf(summary: RunSummary): readonly string[] {
  const { counts, makespanMs, bound, startedAt, commit, shard, strategy, filtered } = summary;
  const outcomes = suiteOutcomes.filter((outcome) => counts[outcome] > 0);
  const more = bound?.moreWorkers;
  return [
    outcomes.map((outcome) => `${counts[outcome].toLocaleString('en')} ${outcomeText[outcome]}`).join(', '),
    `total ${formatDuration(makespanMs)}${bound ? `, ${besideBestPossible(makespanMs, bound.ms, 2)}` : ''}`,
    ...(more ? [`-w ${more.workers} would take ${formatDuration(more.totalMs)}`] : []),
    ...(startedAt === undefined ? [] : [`started ${startedAt}`]),
    ...(commit === undefined ? [] : [`commit ${commit}`]),
    ...(shard ? [`shard ${shard.index}/${shard.total}`] : []),
    ...(filtered ? ['some tests or suites were left out'] : []),
    ...(strategy === undefined ? [] : [`strategy ${strategy}`]),
  ].filter((text) => text !== '');
}
