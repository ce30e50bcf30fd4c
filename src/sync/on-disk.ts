import { existsSync, lstatSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeOf } from '../host/system-error.js';

/**
 * Of the paths those that are there as files, links or repositories. What lies beyond a symbolic link is not there: git
 * sees the link.
 */
export function existingPaths(root: string, paths: readonly string[]): readonly string[] {
  const folders = new Map<string, boolean>([['.', true]]);
  const isFolder = (path: string): boolean => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const found = isFolder(dirname(path)) && statOf(join(root, path))?.isDirectory() === true;
    folders.set(path, found);
    return found;
  };
  return [...new Set(paths)].filter((path) => {
    if (!isFolder(dirname(path))) return false;
    const stat = statOf(join(root, path));
    if (stat?.isDirectory()) return existsSync(join(root, path, '.git'));
    return stat?.isFile() === true || stat?.isSymbolicLink() === true;
  });
}

/** Undefined: nothing is there, be it because a folder above it is a file, or a link that leads to itself. */
export function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}
