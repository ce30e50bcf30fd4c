import { environmentOfOurs, git, nulSeparated, tryGit } from './git.js';
import { checkTreeId } from './tree-cache.js';
import type { WorkingTree } from './working-tree.js';

/** What a push would send. */
export interface Travelling {
  readonly files: number;
  /** As git stores them here, compressed; a push may need less. */
  readonly bytes: number;
}

type Taken = Pick<WorkingTree, 'treeId' | 'gitDirectory'>;

/** What another machine lacks of a tree. @param there Trees that it has, see `keptTrees`. */
export async function whatTravels(
  { treeId, gitDirectory }: Taken,
  there: readonly string[],
  signal?: AbortSignal,
): Promise<Travelling> {
  const call = { cwd: gitDirectory, env: environmentOfOurs(), signal };
  const inside = [`--git-dir=${gitDirectory}`];
  for (const each of there) checkTreeId(each);
  // Of trees that are not known here git cannot tell what they have in common with this one.
  const check = ['cat-file', '--batch-check=%(objectname) %(objecttype)'];
  const known = (await tryGit([...inside, ...check], { ...call, input: there.join('\n') })).stdout
    .split('\n')
    .flatMap((line) => (line.endsWith(' tree') ? [`^${line.slice(0, 40)}`] : []));
  const listed = ['rev-list', '--objects', '--no-object-names', '--stdin'];
  const missing = await git([...inside, ...listed], { ...call, input: [treeId, ...known].join('\n') });
  const sizes = await git([...inside, 'cat-file', '--batch-check=%(objecttype) %(objectsize:disk)'], {
    ...call,
    input: missing,
  });
  const objects = sizes.split('\n').map((line) => line.split(' '));
  return {
    files: objects.filter(([type]) => type === 'blob').length,
    bytes: objects.reduce((sum, [, size = '0']) => sum + Number(size), 0),
  };
}

/** Paths of all files of a tree, below the root, `/` separated. */
export async function pathsOfTree({ treeId, gitDirectory }: Taken): Promise<ReadonlySet<string>> {
  const call = { cwd: gitDirectory, env: environmentOfOurs() };
  const listed = ['ls-tree', '-r', '-z', '--name-only', treeId];
  return new Set(nulSeparated(await git([`--git-dir=${gitDirectory}`, ...listed], call)));
}
