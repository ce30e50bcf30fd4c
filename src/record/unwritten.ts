import { basename, dirname } from 'node:path';
import { printable } from '../core/vocabulary/printable.js';
import { isDiskFull } from '../host/system-error.js';

/** A file of this package that is missing or ends early, because its disk is full. */
export interface UnwrittenFile {
  readonly path: string;
}

/** What could not be written, for {@link unwrittenLines}. @param text What to tell where the disk is not full. */
export function unwritten(path: string, error: unknown, text: string): UnwrittenFile | string {
  return isDiskFull(error) ? { path } : text;
}

/** Lines for a person. Files of one folder share one, as there is one cause and one remedy. */
export function unwrittenLines(problems: readonly (UnwrittenFile | string | undefined)[]): readonly string[] {
  const files = problems.filter((problem) => typeof problem === 'object');
  const folders = [...new Set(files.map(({ path }) => dirname(path)))];
  const full = folders.map((folder) => {
    const names = files.filter(({ path }) => dirname(path) === folder).map(({ path }) => basename(path));
    return printable(
      `jest-runner-hardware: the disk of ${folder} is full, and these files could not be written whole: ${names.join(', ')}. The results of suites do not depend on them`,
    );
  });
  const remedy =
    '\n  remedy: free space there, or name other folders in the options outputDirectory and history';
  return [...full.map((line) => line + remedy), ...problems.filter((problem) => typeof problem === 'string')];
}
