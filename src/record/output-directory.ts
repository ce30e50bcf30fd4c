import { accessSync, constants, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { isDiskFull, messageOf } from '../host/system-error.js';

/**
 * Makes sure records can be written to a directory. A directory created here ignores itself in git; one that was
 * there before is the user's, and its `.gitignore` is left as it is. Safe when several runs do it at once.
 * @param directory Absolute path, or relative to the working directory; parents are created too.
 * @returns False: the disk is too full even for that.
 * @throws UsageError when it cannot be created or written.
 */
export function prepareOutputDirectory(directory: string): boolean {
  let createdHere = false;
  try {
    createdHere = mkdirSync(directory, { recursive: true }) !== undefined;
    accessSync(directory, constants.W_OK | constants.X_OK);
    if (createdHere) writeFileSync(join(directory, '.gitignore'), '*\n');
    return true;
  } catch (error) {
    // One that does not ignore itself would be taken for the user's by the next run.
    if (createdHere) rmSync(directory, { recursive: true, force: true });
    if (isDiskFull(error)) return false;
    throw new UsageError(
      {
        file: directory,
        message: 'The output directory cannot be created or written.',
        expected: 'a directory this user may write to',
        found: messageOf(error),
        remedy: 'Make it writable, or set the option `outputDirectory` to another directory.',
      },
      { cause: error },
    );
  }
}

/** The usual output directory, wherever it is made, ignores itself in git. */
const usualName = '.jest-hardware';

/** Creates a folder and its parents. One with the usual name of an output directory ignores itself in git. */
export function makeFolder(path: string): void {
  const created = mkdirSync(path, { recursive: true });
  if (created === undefined) return;
  let folder = resolve(created);
  for (const part of ['', ...relative(folder, resolve(path)).split(sep)]) {
    folder = join(folder, part);
    if (basename(folder) === usualName) writeFileSync(join(folder, '.gitignore'), '*\n');
  }
}

/** Creates the folder of a file, as `makeFolder` does. */
export function makeFolderOf(path: string): void {
  makeFolder(dirname(path));
}
