import { statSync } from 'node:fs';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { newestRecordIn } from '../record/newest.js';
import { readRecord } from '../record/read.js';
import { type ReportedRun, reportedRun } from '../report/formats/format.js';
import { mergeRecords } from '../shard/merge/records.js';

interface RecordedRun {
  readonly run: ReportedRun;
  /** For readers of the report. */
  readonly recordPath: string;
}

const defaultDirectory = '.jest-hardware';

/**
 * Reads the run that the arguments of a command name: a record, the newest one of a folder, or the records of all shards.
 * @param paths None: the usual output directory.
 * @throws {UsageError} for what is not a record, a folder without one, and several records that are not shards of one run.
 */
export function recordedRun(paths: readonly string[]): RecordedRun {
  const records = (paths.length === 0 ? [defaultDirectory] : paths)
    .map(newestRecord)
    .map((path) => ({ path, events: readRecord(path).events }));
  const [first, ...others] = records;
  if (first === undefined) throw new Error('No record was read. This is a bug in jest-runner-hardware.');
  const events = others.length === 0 ? first.events : mergeRecords(records).events;
  return { run: reportedRun(events), recordPath: records.map(({ path }) => path).join(', ') };
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
