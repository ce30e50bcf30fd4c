import type { UsageProblem } from '../../core/vocabulary/usage-error.js';
import type { Shard } from './shard-record.js';

export const noShards: UsageProblem = {
  message: 'there are no records of shards to merge',
  expected: 'the run-….jsonl of each shard, from runs with --shard',
  remedy:
    "upload each shard's output directory (.jest-hardware) as an artefact, and name the folder with the downloads",
};

/** Why records cannot be of one run: another number of shards, another plan, or another commit. */
export function mismatches([first, ...others]: readonly Shard[]): UsageProblem[] {
  if (first === undefined) return [];
  const found: UsageProblem[] = [];
  const differ = ({ path }: Shard, message: string, expected: string, is: string, remedy?: string) =>
    found.push({ file: path, message, expected, found: is, ...(remedy && { remedy }) });
  for (const shard of others) {
    const [a, b] = [first.started, shard.started];
    if (a.total !== b.total) {
      differ(
        shard,
        'the shard is of a run with another number of shards',
        `of ${a.total}, as ${first.path}`,
        `of ${b.total}`,
      );
    } else if (first.planned?.planId !== shard.planned?.planId) {
      const inputs = Object.entries(first.planned?.inputs ?? {}).flatMap(([name, value]) => {
        const other = shard.planned?.inputs[name];
        return other === value ? [] : `${name} ${other ?? 'nothing'}, not ${value}`;
      });
      differ(
        shard,
        `the shard followed another plan: ${inputs.join('; ') || 'it had none'}`,
        `plan ${first.planned?.planId ?? 'none'}, as ${first.path}`,
        `plan ${shard.planned?.planId ?? 'none'}`,
        'write one plan for all shards and their later attempts (plan --output FILE, JEST_HARDWARE_PLAN), and run them again; without such a file, all shards need the same history file, option `shards` and version of jest-runner-hardware',
      );
    }
    if (a.commit !== b.commit) {
      differ(
        shard,
        'the shard is of another commit',
        a.commit ?? 'none',
        b.commit ?? 'none',
        'merge shards of one commit',
      );
    }
  }
  return found;
}

export function missingShards(parts: readonly Shard[]): UsageProblem[] {
  const total = parts[0]?.started.total ?? 0;
  return Array.from({ length: total }, (_, at) => at + 1).flatMap((index): UsageProblem[] => {
    const own = parts.filter(({ started }) => started.index === index);
    if (own.length === 0) {
      const found = [...new Set(parts.map(({ started }) => started.index))].join(', ');
      return [
        {
          message: `shard ${index} of ${total} is missing`,
          expected: `a record of each shard from 1 to ${total}`,
          found: `those of ${found}`,
          remedy: 'run it, or find out why its job ended before it kept its artefacts',
        },
      ];
    }
    return own.flatMap(({ path, events }) =>
      events.some(({ type }) => type === 'run-ended' || type === 'run-cancelled')
        ? []
        : {
            file: path,
            message: `shard ${index} of ${total} did not end: it was killed, or its record is cut off`,
            remedy: 'run it again',
          },
    );
  });
}

export function wrongSuites(shards: readonly Shard[]): UsageProblem[] {
  const ownersOf = ownersById(shards);
  const wrong = [...ownersOf]
    .filter(([, owners]) => owners.length !== 1)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return wrong.flatMap(([id, owners]): UsageProblem[] => {
    const seers = shards.filter(({ seen }) => seen.has(id)).map(({ started }) => started.index);
    return [
      owners.length === 0
        ? {
            message: `${id} ran on no shard`,
            found: `${listed(seers)} left it to a shard that does not have the file`,
            remedy: 'check out the same files on every shard',
          }
        : { message: `${id} ran on ${listed(owners)}`, expected: 'one result for each suite' },
    ];
  });
}

/** One sentence for each shard that lacks files which others have. That is harmless unless it had to run them. */
export function unseenSuites(shards: readonly Shard[]): readonly string[] {
  const all = ownersById(shards);
  return shards.flatMap(({ seen, started, planned }) => {
    if (planned === undefined || seen.size === all.size) return [];
    const unseen = [...all.keys()].filter((id) => !seen.has(id)).sort();
    const examples = `${unseen.slice(0, 3).join(', ')}${unseen.length > 3 ? ' …' : ''}`;
    return `shard ${started.index} does not have the files of ${unseen.length} suites that others ran: ${examples}`;
  });
}

/** The shards that ran each suite which any of them saw, by index. */
function ownersById(shards: readonly Shard[]): ReadonlyMap<string, readonly number[]> {
  const owners = new Map<string, number[]>();
  for (const { seen, own, started } of shards) {
    for (const id of seen) {
      const known = owners.get(id) ?? [];
      if (own.has(id)) known.push(started.index);
      owners.set(id, known);
    }
  }
  return owners;
}

function listed(indices: readonly number[]): string {
  return `shard${indices.length > 1 ? 's' : ''} ${indices.join(', ')}`;
}
