import { keptRecords } from './kept-records.js';

/** The path of the newest record of a folder; undefined: it has none, or there is no such folder. */
export function newestRecordIn(directory: string): string | undefined {
  return keptRecords(directory)[0]?.path;
}
