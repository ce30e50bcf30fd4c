import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Lets files below a directory be removed again where a suite has left folders that are read-only, as Go's module cache is.
 * Links are not followed, and what belongs to others stays as it is.
 */
export function makeFoldersWritable(directory: string): void {
  const { mode } = lstatSync(directory);
  try {
    if ((mode & ownersAll) !== ownersAll) chmodSync(directory, mode | ownersAll);
    for (const entry of readdirSync(directory, { withFileTypes: true }))
      if (entry.isDirectory()) makeFoldersWritable(join(directory, entry.name));
  } catch {
    // Another user's, or gone meanwhile: whoever wants to remove it is told.
  }
}

const ownersAll = 0o700;
