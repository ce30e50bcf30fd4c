import { dirname, join } from 'node:path';
import { statOf } from './on-disk.js';
import type { IndexEntry, Repository } from './repository.js';
import type { Held, Shadow } from './shadow.js';

/** What of the user's index a sparse checkout keeps out of the working tree. */
export interface OutsideOfSparse {
  /** Files that belong to the tree all the same: leaving a file out of the checkout does not delete it. */
  readonly entries: readonly IndexEntry[];
  /** How many have content that is not in this (partial) clone. */
  readonly leftOut: number;
}

/** @param held What was found in the working tree. */
export async function outsideOfSparse(
  { root, settings }: Repository,
  shadow: Shadow,
  entries: readonly IndexEntry[],
  held: readonly Held[],
): Promise<OutsideOfSparse> {
  // Without a sparse checkout the flag is set by hand, to hide a change; a file that is gone then is deleted.
  const skipped = isTrue(settings.get('sparsecheckout')) ? entries.filter(({ isSkipped }) => isSkipped) : [];
  if (skipped.length === 0) return { entries: [], leftOut: 0 };
  const files = new Set(held.map(({ path }) => path));
  const folders = new Set(held.flatMap(({ path }) => foldersOf(path)));
  const outside = skipped.filter(
    ({ mode, path }) =>
      mode !== '160000' &&
      !files.has(path) &&
      !folders.has(path) &&
      !foldersOf(path).some((folder) => files.has(folder)) &&
      statOf(join(root, path)) === undefined,
  );
  const input = outside.map(({ objectId }) => `${objectId}\n`).join('');
  const answers = (await shadow.git(['cat-file', '--batch-check', '--buffer'], { input })).split('\n');
  const present = outside.filter((_, index) => answers[index]?.endsWith(' missing') === false);
  return { entries: present, leftOut: outside.length - present.length };
}

/** `a/b/c` lies in `a/b` and `a`. */
function foldersOf(path: string): readonly string[] {
  const folder = dirname(path);
  return folder === '.' ? [] : [folder, ...foldersOf(folder)];
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(true|yes|on|[1-9]\d*)$/i.test(value);
}
