import type { UsageProblem } from '../../core/vocabulary/usage-error.js';
import type { Shard } from './shard-record.js';

interface Attempts {
  /** Records of the newest attempt of each shard. */
  readonly parts: readonly Shard[];
  /** A problem for each shard whose records cannot be attempts of one job. */
  readonly twins: readonly UsageProblem[];
  /** Paths of the records of earlier attempts, and of copies. */
  readonly leftOut: readonly string[];
  /** One sentence for each shard that had several. */
  readonly notes: readonly string[];
}

/**
 * Selects the records that count. A job that is run again leaves the record of its first attempt among the artefacts of the
 * run, where only the newest attempt counts. Two jobs that ran the same shard at the same time are a mistake.
 * @param records Sorted by shard and time.
 */
export function newestAttempts(records: readonly Shard[]): Attempts {
  const twins: UsageProblem[] = [];
  const parts: Shard[] = [];
  const leftOut: string[] = [];
  const notes: string[] = [];
  const { unique, copies } = withoutCopies(records);
  for (const index of new Set(unique.map(({ started }) => started.index))) {
    const own = unique.filter(({ started }) => started.index === index);
    const attempts = attemptsOf(own);
    const newest = attempts.at(-1) ?? [];
    const paths = attempts.slice(0, -1).flatMap((attempt) => attempt.map(({ path }) => path));
    parts.push(...newest);
    if (paths.length === 0) continue;
    if (attempts.some((attempt, at) => isBeside(attempts[at - 1], attempt))) {
      twins.push({
        message: `there are ${attempts.length} records of shard ${index} of ${newest[0]?.started.total}`,
        expected: 'one record, or records of attempts that followed one another on the same kind of system',
        found: own.map(({ path }) => path).join(', '),
        remedy: 'name the files to merge one by one, for each shard those of one job',
      });
      continue;
    }
    leftOut.push(...paths);
    notes.push(
      `shard ${index} was run ${attempts.length} times; the newest attempt counts (${newest.map(({ path }) => path).join(', ')}), not ${paths.join(', ')}`,
    );
  }
  return { parts, twins, leftOut: [...leftOut, ...copies], notes };
}

/**
 * Removes copies: a download of merged artefacts has the records of several jobs in one folder, beside the originals. Of
 * equal records the one in the folder with the fewest records stays, because there it is clear which files belong to it.
 */
function withoutCopies(records: readonly Shard[]): { unique: readonly Shard[]; copies: readonly string[] } {
  const folderOf = ({ path }: Shard) => path.replace(/[^\\/]*$/, '');
  const company = (record: Shard) => records.filter((other) => folderOf(other) === folderOf(record)).length;
  const copies = new Set<Shard>();
  for (const record of records) {
    const alike = records.filter((other) => areCopies(record, other));
    if (alike.length === 1) continue;
    const [best] = alike.toSorted((a, b) => company(a) - company(b));
    for (const other of alike) if (other !== best) copies.add(other);
  }
  return {
    unique: records.filter((record) => !copies.has(record)),
    copies: [...copies].map(({ path }) => path),
  };
}

function areCopies(a: Shard, b: Shard): boolean {
  if (a === b) return true;
  // What is told apart at a glance is not compared as a whole: every record is compared with every other one.
  return (
    a.started.index === b.started.index &&
    a.started.startedAt === b.started.startedAt &&
    a.events.length === b.events.length &&
    JSON.stringify(a.events) === JSON.stringify(b.events)
  );
}

/** Groups records by attempt. Jest projects with different options leave a record each in one attempt. */
function attemptsOf(records: readonly Shard[]): readonly (readonly Shard[])[] {
  const attempts: Shard[][] = [];
  for (const record of records) {
    const { dividedAt } = record.planned ?? {};
    const current = attempts.at(-1);
    const isSame = current?.every((part) =>
      dividedAt === undefined || part.planned?.dividedAt === undefined
        ? ![...record.own].some((id) => part.own.has(id))
        : part.planned.dividedAt === dividedAt,
    );
    if (current !== undefined && isSame) current.push(record);
    else attempts.push([record]);
  }
  return attempts;
}

/** Whether two attempts cannot be of one job: they overlap, ran on different systems, or have the same attempt number. */
function isBeside(before: readonly Shard[] | undefined, after: readonly Shard[]): boolean {
  if (before === undefined) return false;
  const [first] = after;
  const startMs = Date.parse(first?.started.startedAt ?? '');
  const endMs = Math.max(
    ...before.map(({ started, events }) => Date.parse(started.startedAt) + (events.at(-1)?.atMs ?? 0)),
  );
  if (startMs < endMs || startMs === Date.parse(before[0]?.started.startedAt ?? '')) return true;
  const [systemBefore, systemAfter] = [before, after].map(systemOf);
  if (systemBefore !== undefined && systemAfter !== undefined && systemBefore !== systemAfter) return true;
  const [a, b] = [before[0]?.planned, first?.planned];
  return (
    a?.ciRun !== undefined && a.ciAttempt !== undefined && a.ciRun === b?.ciRun && a.ciAttempt === b.ciAttempt
  );
}

function systemOf(parts: readonly Shard[]): string | undefined {
  for (const event of parts.flatMap(({ events }) => events)) {
    if (event.type === 'machine-known')
      return `${event.machine.machine.platform} ${event.machine.machine.arch}`;
  }
  return undefined;
}
