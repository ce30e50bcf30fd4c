import { writeFileSync } from 'node:fs';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { makeFolder } from '../record/output-directory.js';

/**
 * Writes a file that the user asked for.
 * @param what What the file holds, for the message: `the results`.
 * @throws {UsageError} when it cannot be written.
 */
export function writeOutput(path: string, content: string | Uint8Array, what: string): void {
  orUsageError(path, what, () => writeFileSync(path, content));
}

/** Makes a folder, and those above it. @throws {UsageError} when that cannot be done. */
export function makeOutputFolder(path: string, what: string): void {
  orUsageError(path, what, () => makeFolder(path));
}

function orUsageError(file: string, what: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    const remedy = 'name a folder that you may write to';
    throw new UsageError({ file, message: `${what} cannot be written`, found, remedy }, { cause });
  }
}
