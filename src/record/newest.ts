import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The path of the newest record of a folder; undefined: it has none, or there is no such folder. */
export function newestRecordIn(directory: string): string | undefined {
  let names: readonly string[];
  try {
    names = readdirSync(directory);
  } catch {
    return undefined;
  }
  // Their names begin with the time of the run.
  const newest = names
    .filter((name) => /^run-.*\.jsonl(?:\.gz)?$/.test(name))
    .sort()
    .at(-1);
  return newest && join(directory, newest);
}
