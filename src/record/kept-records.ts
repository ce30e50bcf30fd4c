import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { isWholeRun, type RunStarted } from '../core/events.js';

/** A record in an output directory. */
export interface KeptRecord {
  readonly path: string;
  /** False for a link, for one packed by gzip, and for one that somebody else named. */
  readonly isOwn: boolean;
}

const recordName = /^run-(.+?)(?:-(\d{1,9}))?\.jsonl(\.gz)?$/;
const ownStamp = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/;

/** The records of a folder by the times in their names, the newest first; none where there is no such folder. */
export function keptRecords(directory: string): readonly KeptRecord[] {
  return filesIn(directory)
    .flatMap(({ name, isFile }) => {
      const [, stamp, copy = '1', packed] = recordName.exec(name) ?? [];
      if (stamp === undefined) return [];
      const isOwn = isFile && packed === undefined && ownStamp.test(stamp);
      return [{ path: join(directory, name), isOwn, stamp, copy: Number(copy) }];
    })
    .sort((a, b) => (a.stamp === b.stamp ? b.copy - a.copy : a.stamp < b.stamp ? 1 : -1))
    .map(({ path, isOwn }) => ({ path, isOwn }));
}

/** Whether a record holds a whole run that came to its end, by its first and its last bytes alone. False for what is no record. */
export function holdsWholeRun(path: string): boolean {
  try {
    const { first, last } = endsOf(path);
    const [line = ''] = first.split('\n', 1);
    const started = JSON.parse(line) as RunStarted;
    return started.type === 'run-started' && isWholeRun(started) && last.includes('"type":"run-ended"');
  } catch {
    return false;
  }
}

function filesIn(directory: string): readonly { readonly name: string; readonly isFile: boolean }[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => ({ name: entry.name, isFile: entry.isFile() }));
  } catch {
    return [];
  }
}

/** Longer first lines are of no record of ours. */
const firstBytes = 8192;
const lastBytes = 200;

function endsOf(path: string): { readonly first: string; readonly last: string } {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const textAt = (position: number, length: number) => {
      const bytes = Buffer.alloc(length);
      return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, length, position));
    };
    return { first: textAt(0, firstBytes), last: textAt(Math.max(0, size - lastBytes), lastBytes) };
  } finally {
    closeSync(descriptor);
  }
}
