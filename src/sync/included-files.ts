import { join, posix } from 'node:path';
import { inspect } from 'node:util';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { git, nulSeparated } from './git.js';
import { statOf } from './on-disk.js';
import { type Repository, readOnly } from './repository.js';

/** Ignored files that globs name, below the root of the repository. Nothing of node_modules, which is installed there. */
export async function includedFiles(
  repository: Repository,
  globs: readonly string[],
): Promise<readonly string[]> {
  if (globs.length === 0) return [];
  const listed = ['ls-files', '-z', '--others', '--ignored', '--exclude-standard', '--'];
  const output = await git([...readOnly, ...listed, ...pathspecs(repository, globs)], repository.call);
  const paths = nulSeparated(output).filter((path) => !/(^|\/)node_modules(\/|$)/.test(path));
  const nested = paths.find((path) => path.endsWith('/'));
  if (nested === undefined) return paths;
  throw new UsageError({
    message: `\`sync.include\` names ${nested}, an ignored git repository`,
    expected: 'files',
    remedy: 'take its name out of .gitignore (its files are sent then), or out of `sync.include`',
  });
}

/** The globs as git takes them from the root of the repository. @throws UsageError for one that leads out of it. */
export function pathspecs({ prefix }: Repository, globs: readonly string[]): readonly string[] {
  return globs.map((glob) => {
    const path = posix.join(prefix.replace(/[\\*?[]/g, '\\$&'), glob);
    if (glob !== '' && !glob.startsWith('/') && path !== '..' && !path.startsWith('../'))
      return `:(top,glob)${path}`;
    throw new UsageError({
      message: 'a glob of `sync.include` leads out of the repository',
      expected: 'a path relative to the directory of the project, such as dist/**',
      found: inspect(glob),
    });
  });
}

/** @throws UsageError that says which file is too much. */
export function refuseLargeFiles(root: string, paths: readonly string[], sizeCapBytes: number): void {
  const sized = paths.map((path) => ({ path, bytes: statOf(join(root, path))?.size ?? 0 }));
  const totalBytes = sized.reduce((sum, { bytes }) => sum + bytes, 0);
  if (totalBytes <= sizeCapBytes) return;
  const [largest] = sized.sort((a, b) => b.bytes - a.bytes);
  throw new UsageError({
    message: `untracked files and those of \`sync.include\` are too large; the largest is ${largest?.path}, ${megabytes(largest?.bytes ?? 0)}`,
    expected: `at most ${megabytes(sizeCapBytes)} together`,
    found: `${megabytes(totalBytes)} in ${paths.length} ${paths.length === 1 ? 'file' : 'files'}`,
    remedy:
      'have .gitignore name what tests do not need, raise `sync.sizeCap`, or have `setup` fetch it on the other machine',
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1)} MB`;
}
