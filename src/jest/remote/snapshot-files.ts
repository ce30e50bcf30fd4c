import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, relative, sep } from 'node:path';
import type { Test } from '@jest/test-result';
import { messageOf } from '../../host/system-error.js';
import { writeAtomically } from '../../host/write-atomically.js';
import { jestPackages } from '../interop.js';
import type { ChangedFile } from './protocol.js';

/** Jest writes snapshots beside a test, or into the test itself. Larger files are none. */
const mostBytes = 16 * 1024 * 1024;

/** The files that a test's snapshots may change: by its project's `snapshotResolver`, and the test for those inside of it. */
export async function snapshotPathsOf({ path, context }: Test): Promise<readonly string[]> {
  const resolver = await jestPackages.buildSnapshotResolver(context.config);
  return [resolver.resolveSnapshotPath(path), path];
}

/** @returns Gives what has changed since. */
export function watchFiles(paths: readonly string[]): () => readonly ChangedFile[] {
  const before = new Map(paths.map((path) => [path, contentOf(path)]));
  return () =>
    paths.flatMap((path): ChangedFile[] => {
      const content = contentOf(path);
      const old = before.get(path);
      if (content === old) return [];
      return [{ path, before: hashOf(old), ...(content !== undefined && { content }) }];
    });
}

/**
 * Writes what a suite has changed on another machine, if the file is still what was sent there.
 * @param allowed What {@link snapshotPathsOf} gives here: nothing else is written.
 * @returns Why a file was not written, for a person.
 * @throws Error where this machine has no room for one, or no right.
 */
export function applyChanges(
  changes: readonly ChangedFile[],
  allowed: readonly string[],
  root: string,
): readonly string[] {
  return changes.flatMap((change) => {
    try {
      return applyChange(change, allowed, root) ?? [];
    } catch (cause) {
      const { path } = change;
      const message = `${path}, which the suite has changed there, cannot be written here: ${messageOf(cause)}`;
      throw new Error(message, { cause });
    }
  });
}

function applyChange(change: ChangedFile, allowed: readonly string[], root: string): string | undefined {
  const { path, content } = change;
  const problem = problemOf(change, allowed, root);
  if (problem !== undefined) return `${path} was changed there and not here: ${problem}`;
  // The same file in two projects: the other one has written it.
  if (contentOf(path) === content) return undefined;
  if (content === undefined) rmSync(path, { force: true });
  else {
    mkdirSync(dirname(path), { recursive: true });
    writeAtomically(path, content);
  }
  return undefined;
}

function problemOf(
  { path, before, content }: ChangedFile,
  allowed: readonly string[],
  root: string,
): string | undefined {
  if (isOutside(relative(root, path))) return 'it lies outside of the repository';
  if (!allowed.includes(path)) return 'it is no snapshot of the suite';
  if (Buffer.byteLength(content ?? '') > mostBytes) return 'it is larger than 16 MiB';
  if (leavesRoot(path, root)) return 'a symbolic link leads elsewhere';
  const here = contentOf(path);
  if (here !== content && hashOf(here) !== before) return 'it has changed here meanwhile';
  return undefined;
}

/** Whether a link on the way, or the file itself, leads out of the repository. */
function leavesRoot(path: string, root: string): boolean {
  let existing = path;
  while (lstatSync(existing, { throwIfNoEntry: false }) === undefined) existing = dirname(existing);
  // It may lead to nothing, where a file would be made.
  if (lstatSync(existing).isSymbolicLink()) return true;
  return isOutside(relative(realpathSync(root), realpathSync(existing)));
}

function isOutside(below: string): boolean {
  return below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below);
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function hashOf(content: string | undefined): string | null {
  return content === undefined ? null : createHash('sha256').update(content).digest('hex');
}
