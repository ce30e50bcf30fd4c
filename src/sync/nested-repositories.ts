import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nulTerminated } from './git.js';
import type { IndexEntry } from './repository.js';
import { addObjects, type Held, type Shadow } from './shadow.js';

/** A repository inside of the working tree (a submodule, or an untracked one), and what it holds. */
export interface Nested {
  readonly path: string;
  /** Undefined: a submodule that is not checked out, an empty folder. */
  readonly tree: { readonly treeId: string; readonly gitDirectory: string } | undefined;
}

/** @param take Takes the tree of the repository in a folder. */
export function nestedRepositories(
  root: string,
  held: readonly Held[],
  take: (path: string) => Promise<NonNullable<Nested['tree']>>,
): Promise<readonly Nested[]> {
  const links = held.filter(({ mode }) => mode === '160000');
  return Promise.all(
    links.map(async ({ path }) => ({
      path,
      tree: existsSync(join(root, path, '.git')) ? await take(path) : undefined,
    })),
  );
}

/** Puts the files of nested repositories, and those outside of a sparse checkout, into an index. */
export async function completeIndex(
  shadow: Shadow,
  index: string,
  nested: readonly Nested[],
  outside: readonly IndexEntry[],
): Promise<void> {
  const links = nested.map(({ path }) => `0 ${'0'.repeat(40)}\t${path}`);
  const files = outside.map(({ mode, objectId, path }) => `${mode} ${objectId}\t${path}`);
  const input = nulTerminated([...links, ...files]);
  await shadow.git(['update-index', '-z', '--index-info'], { index, input });
  const trees = nested.flatMap(({ path, tree }) => (tree === undefined ? [] : [{ path, ...tree }]));
  addObjects(
    shadow.directory,
    trees.map(({ gitDirectory }) => join(gitDirectory, 'objects')),
  );
  for (const { path, treeId } of trees)
    await shadow.git(['read-tree', `--prefix=${path}/`, treeId], { index });
}
