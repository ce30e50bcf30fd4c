import { UsageError } from '../../core/vocabulary/usage-error.js';
import { holdsWholeRun, keptRecords } from '../../record/kept-records.js';
import { salvageRecord } from '../../record/salvage.js';
import { defaultDirectory } from '../recorded-run.js';

/**
 * The newest record of a whole run in a folder: one that came to its end, and was not narrowed by `-t`, paths or the like.
 * @param words One folder, or none for the usual output directory.
 * @throws {UsageError} for a folder that holds none.
 */
export function lastWholeRecord([directory = defaultDirectory, ...others]: readonly string[]): string {
  if (others.length > 0) {
    throw new UsageError({
      message: '`--last-full` looks into one folder',
      found: [directory, ...others].join(' '),
      remedy: 'name one folder with records',
    });
  }
  const [newest] = lastWholeRecords(directory, 1);
  if (newest !== undefined) return newest;
  const records = keptRecords(directory).length;
  throw new UsageError({
    file: directory,
    message: 'the folder holds no record of a whole run',
    expected:
      'a run that came to its end, without `-t`, paths, shards and the like, and not started again by watch mode',
    found: records === 0 ? 'no record' : `${records} records of other runs`,
    remedy: 'run Jest without them, or leave out --last-full',
  });
}

/** The newest records of whole runs, the newest first. */
export function lastWholeRecords(directory: string, most: number): readonly string[] {
  const found: string[] = [];
  for (const { path } of keptRecords(directory)) {
    if (found.length === most) break;
    if (holdsWholeRun(path) && !isCancelled(path)) found.push(path);
  }
  return found;
}

function isCancelled(path: string): boolean {
  return salvageRecord(path).events.some(({ type }) => type === 'run-cancelled');
}
