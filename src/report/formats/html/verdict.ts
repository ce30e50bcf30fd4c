import { printable } from '../../../core/vocabulary/printable.js';
import { formatDuration } from '../../../core/vocabulary/units.js';
import { suiteOutcomes } from '../../summary/suites.js';
import type { RunSummary } from '../../summary/summary.js';
import { failureCauses } from '../../summary/verdict.js';
import { besideBestPossible } from '../../text/best-possible.js';
import { grouped } from '../../text/counted.js';
import { outcomeText } from '../../text/outcomes.js';
import { verdictText } from '../../text/verdict.js';
import { outcomeRanks } from './outcome-ranks.js';

export interface Verdict {
  readonly rank: 'bad' | 'odd' | 'good';
  /** `Failed: 2 of 40 suites` */
  readonly text: string;
  /** Counts, total time, where it comes from; one clause each. */
  readonly facts: readonly string[];
}

export function verdictOf(summary: RunSummary): Verdict {
  return { rank: rankOf(summary), text: verdictText(summary), facts: factsOf(summary).map(printable) };
}

/** A run that did not end is `odd` as long as nothing in it failed. */
function rankOf(summary: RunSummary): Verdict['rank'] {
  const { suites, state, unmetRequirements, refused } = summary;
  if (state === 'complete') return failureCauses(summary).length > 0 ? 'bad' : 'good';
  const isBad =
    unmetRequirements.length + refused.length > 0 ||
    suites.some(({ outcome }) => outcomeRanks[outcome] === 'bad');
  return isBad ? 'bad' : 'odd';
}

function factsOf(summary: RunSummary): readonly string[] {
  const {
    counts,
    makespanMs,
    bound,
    startedAt,
    commit,
    shard,
    strategy,
    filtered,
    uncommitted,
    narrowedBy = [],
  } = summary;
  const outcomes = suiteOutcomes.filter((outcome) => counts[outcome] > 0);
  const more = bound?.moreWorkers;
  return [
    outcomes.map((outcome) => `${grouped(counts[outcome])} ${outcomeText[outcome]}`).join(', '),
    `total ${formatDuration(makespanMs)}${bound ? `, ${besideBestPossible(makespanMs, bound.ms, 2)}` : ''}`,
    ...(more ? [`-w ${more.workers} would take ${formatDuration(more.totalMs)}`] : []),
    ...(startedAt === undefined ? [] : [`started ${startedAt}`]),
    ...(commit === undefined ? [] : [`commit ${commit}${uncommitted ? ' with uncommitted changes' : ''}`]),
    ...(shard ? [`shard ${shard.index}/${shard.total}`] : []),
    ...(filtered
      ? [`some tests or suites were left out${narrowedBy.length === 0 ? '' : ` by ${narrowedBy.join(', ')}`}`]
      : []),
    ...(strategy === undefined ? [] : [`strategy ${strategy}`]),
  ].filter((text) => text !== '');
}
