import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RunEvent } from '../core/events.js';
import { UsageError, type UsageProblem } from '../core/vocabulary/usage-error.js';
import { readKeptEvents } from '../record/kept-events.js';
import { keptRecords } from '../record/kept-records.js';
import { newestRecordIn } from '../record/newest.js';
import { salvageRecord } from '../record/salvage.js';
import { type ReportedRun, reportedRun, withPast } from '../report/formats/format.js';
import { pastRunEvents } from '../report/history/past-run.js';
import { historyOfRecords, type RunHistory } from '../report/history/run-history.js';
import { mergeRecords } from '../shard/merge/records.js';

interface RecordedRun {
  readonly run: ReportedRun;
  /** For readers of the report. */
  readonly recordPath: string;
  /** What of the records is damaged and left out. Empty: they are sound. */
  readonly damage: readonly UsageProblem[];
}

/** Where runs write their records, unless the option `outputDirectory` says otherwise. */
export const defaultDirectory = '.jest-hardware';

/**
 * Reads the run that the arguments of a command name: a record, the newest one of a folder, or the records of all shards.
 * @param paths None: the usual output directory.
 * Of a damaged record it reads what is whole.
 * @throws {UsageError} for what is not a record, a folder without one, and several records that are not shards of one run.
 */
export function recordedRun(paths: readonly string[]): RecordedRun {
  const records = (paths.length === 0 ? [defaultDirectory] : paths)
    .map(newestRecord)
    .map((path) => ({ path, ...salvageRecord(path) }));
  const [first, ...others] = records;
  if (first === undefined) throw new Error('No record was read. This is a bug in jest-runner-hardware.');
  const events = others.length === 0 ? first.events : mergeRecords(records).events;
  return {
    run: withPast(reportedRun(events), () => historyBeside(first.path, events)),
    recordPath: records.map(({ path }) => path).join(', '),
    damage: records.flatMap((record) => record.damage),
  };
}

function newestRecord(path: string): string {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  const newest = newestRecordIn(path);
  if (newest !== undefined) return newest;
  throw new UsageError({
    file: path,
    message: 'the folder holds no record',
    expected: 'a file run-<time>.jsonl',
    remedy: 'run Jest with jest-runner-hardware first, or name the record',
  });
}

/** What the run and earlier ones in its folder tell together. */
function historyBeside(path: string, [started]: readonly RunEvent[]): RunHistory {
  const until = started?.type === 'run-started' ? started.startedAt : undefined;
  const beside = keptRecords(dirname(path)).map((record) => record.path);
  return historyOfRecords(readKeptEvents(beside, pastRunEvents), until);
}
