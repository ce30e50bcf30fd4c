import { appendFileSync, closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../core/events.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { codeOf, isDiskFull, messageOf } from '../host/system-error.js';
import { holdsWholeRun, keptRecords } from './kept-records.js';
import { LineWriter } from './line-text.js';
import { type UnwrittenFile, unwritten } from './unwritten.js';

/** How many records a directory keeps, and how many of whole runs. */
export const recordsKept = 20;

/** The record of the run that is going on: one JSON object a line. */
export interface OpenRecord {
  readonly path: string;
  /** Why writing stopped (disk full …); the run goes on without its record. Undefined while all is well. */
  readonly problem: UnwrittenFile | string | undefined;
  /**
   * Appends one event and returns when the system has it, so nothing is lost by `process.exit` or in its handlers.
   * The first one must be `run-started`. Never throws for the disk's sake: see `problem`.
   */
  write(event: RunEvent): void;
  /** Further calls do nothing. */
  close(): void;
}

/**
 * Creates `run-<UTC, - for :>.jsonl`, with `-2`, `-3` … behind the time when runs start in the same millisecond, and
 * deletes all but the newest 20 records of the directory and the newest 20 of whole runs; files of other names are not
 * touched.
 * @param directory Prepared by `prepareOutputDirectory`.
 * @param hasRoom What that said. False: the record is missing, see {@link OpenRecord.problem}.
 * @throws UsageError when the file cannot be created, unless for a full disk.
 */
export function openRecord(directory: string, startedAt: Date, hasRoom = true): OpenRecord {
  const { path, descriptor } = createFile(directory, startedAt, hasRoom);
  deleteOldRecords(directory, path);

  const lines = new LineWriter();
  let problem: UnwrittenFile | string | undefined = descriptor === undefined ? { path } : undefined;
  let state: 'empty' | 'begun' | 'closed' = 'empty';
  return {
    path,
    get problem() {
      return problem;
    },
    write(event) {
      if (state === 'closed') throw brokenOrder(`${event.type} after the record was closed`);
      if ((state === 'empty') !== (event.type === 'run-started')) {
        throw brokenOrder(state === 'empty' ? `${event.type} before run-started` : 'a second run-started');
      }
      state = 'begun';
      if (problem !== undefined || descriptor === undefined) return;
      try {
        appendFileSync(descriptor, lines.lineOf(event));
      } catch (error) {
        problem = unwritten(path, error, `${path} is incomplete: ${messageOf(error)}`);
      }
    },
    close() {
      if (state !== 'closed' && descriptor !== undefined) closeSync(descriptor);
      state = 'closed';
    },
  };
}

/** @returns No descriptor where the disk is full. */
function createFile(
  directory: string,
  startedAt: Date,
  hasRoom: boolean,
): { path: string; descriptor?: number } {
  const stamp = startedAt.toISOString().replaceAll(':', '-');
  for (let copy = 1; ; copy++) {
    const path = join(directory, `run-${stamp}${copy === 1 ? '' : `-${copy}`}.jsonl`);
    if (!hasRoom) return { path };
    try {
      return { path, descriptor: openSync(path, 'ax') };
    } catch (error) {
      if (codeOf(error) === 'EEXIST') continue;
      if (isDiskFull(error)) return { path };
      throw new UsageError(
        {
          file: path,
          message: 'The record of the run cannot be created.',
          found: messageOf(error),
          remedy: 'Make the directory writable, or set the option `outputDirectory` to another one.',
        },
        { cause: error },
      );
    }
  }
}

/**
 * A record stays when it is among the newest, or among the newest of whole runs: those of an IDE or of watch mode must not
 * push these out. Never deletes the record of this run, even where a clock that was set back makes it the oldest.
 */
function deleteOldRecords(directory: string, ownPath: string): void {
  const others = keptRecords(directory).filter(({ path, isOwn }) => isOwn && path !== ownPath);
  if (others.length < recordsKept) return;
  let whole = 0;
  for (const [index, { path }] of others.entries()) {
    const isKeptAsWhole = whole < recordsKept && holdsWholeRun(path);
    if (isKeptAsWhole) whole++;
    if (isKeptAsWhole || index < recordsKept - 1) continue;
    try {
      rmSync(path, { force: true });
    } catch {
      // One record too many does no harm; the next run tries again.
    }
  }
}

function brokenOrder(what: string): Error {
  return new Error(`The record was given ${what}. This is a bug in jest-runner-hardware.`);
}
