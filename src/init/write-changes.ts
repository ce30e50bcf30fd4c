import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { messageOf } from '../host/system-error.js';
import { writeAtomically } from '../host/write-atomically.js';
import type { Change } from './change.js';

/**
 * Writes all changes or none: when a file cannot be written, or the check afterwards throws, every file is as it was.
 * @param check Looks at the written files.
 * @throws {UsageError} when a file has changed since the changes were made or cannot be written, or when `check` throws one.
 */
export function writeChanges(changes: readonly Change[], check: () => void): void {
  for (const { path, file, before } of changes) {
    const now = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    if (now !== before)
      throw new UsageError({ file, message: 'the file has changed meanwhile', remedy: 'run init again' });
  }
  const undo: (() => void)[] = [];
  try {
    for (const change of changes) undo.push(...writeOne(change));
    checkWritten(check);
  } catch (error) {
    for (const each of undo.toReversed()) each();
    throw error;
  }
}

function checkWritten(check: () => void): void {
  try {
    check();
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    const message = 'Jest does not run the project as it was written, so every file was put back';
    const remedy = 'take what Jest says into account, or make the changes by hand: docs/getting-started.md';
    throw new UsageError([{ message, remedy }, ...cause.problems], { cause });
  }
}

/** @returns What takes it back, in the order it was done. */
function writeOne({ path, file, before, after }: Change): readonly (() => void)[] {
  try {
    const made = mkdirSync(dirname(path), { recursive: true });
    const removeFolder = made === undefined ? [] : [() => rmSync(made, { recursive: true })];
    const mode = before === undefined ? undefined : statSync(path).mode;
    writeAtomically(path, after, mode);
    const restore = before === undefined ? () => rmSync(path) : () => writeAtomically(path, before, mode);
    return [...removeFolder, restore];
  } catch (cause) {
    throw new UsageError(
      {
        file,
        message: 'the file cannot be written, so nothing was changed',
        found: messageOf(cause),
        remedy: 'make it writable, and run init again',
      },
      { cause },
    );
  }
}
