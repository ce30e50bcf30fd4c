import { createHash } from 'node:crypto';
import { existsSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { GitError, nulSeparated, nulTerminated } from './git.js';
import { includedFiles, refuseLargeFiles } from './included-files.js';
import { refuseLargeFileStorage } from './large-file-storage.js';
import { completeIndex, nestedRepositories } from './nested-repositories.js';
import { existingPaths } from './on-disk.js';
import {
  findRepository,
  indexEntries,
  type Repository,
  trackedIgnoredPaths,
  untrackedPaths,
} from './repository.js';
import { defaultShadowDirectory, type Held, openShadow, type Shadow, unreadFolder } from './shadow.js';
import { outsideOfSparse } from './sparse-checkout.js';

export interface WorkingTreeOptions {
  /**
   * Ignored files that are needed all the same: globs as git has them (`dist/**`), from the project's directory on.
   * Default: none. Never anything of node_modules.
   */
  readonly include?: readonly string[];
  /** Most that included and untracked files may weigh together, in bytes. Default: 100 MB. */
  readonly sizeCapBytes?: number;
  /** Folder for what is kept between calls: an index and new objects. Default: with the caches of the project. */
  readonly cacheDirectory?: string;
  readonly signal?: AbortSignal;
}

/** What the working tree of a repository holds at a moment. Equal content has an equal `treeId`, on every machine. */
export interface WorkingTree {
  /** Name of the git tree of all files: tracked, changed, untracked, included; without deleted and ignored ones. */
  readonly treeId: string;
  /** Name of a commit of that tree without author, date or parents; equal trees have equal commits. */
  readonly commitId: string;
  /** Top of the repository, absolute. */
  readonly root: string;
  /** Path of the project's directory below `root`, `/` separated; empty: the root itself. */
  readonly prefix: string;
  /** Files below `root` that are part of it because `include` names them. */
  readonly included: readonly string[];
  /** How many files outside of a sparse checkout are missing, as a partial clone lacks their content. */
  readonly leftOut: number;
  /** The git directory that has the objects, for `pushTree`. */
  readonly gitDirectory: string;
  /** Takes it once more, without relying on what was kept from earlier calls. */
  retake(): Promise<WorkingTree>;
}

const defaultSizeCapBytes = 100e6;

/**
 * Takes the working state of the repository around a directory. Nothing of the repository changes: no index, no object;
 * no hook, filter or daemon runs, and nothing is fetched. Submodules and repositories inside of it become plain folders.
 * Files are taken byte by byte, whatever is said about line ends.
 * @throws UsageError without a repository or git, for content in Git LFS that is not included, for files that cannot be
 *   read or that weigh too much, and for a repository inside that has no commit. The signal's reason when aborted.
 */
export async function workingTree(directory: string, options: WorkingTreeOptions = {}): Promise<WorkingTree> {
  const repository = await findRepository(directory, options.signal);
  const folder = options.cacheDirectory ?? defaultShadowDirectory(directory, repository.root);
  const cache = join(folder, 'working-tree.git');
  try {
    return await takeTree(repository, cache, options);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    options.signal?.throwIfAborted();
    if (damagedShadow.test(error.stderr)) rmSync(cache, { recursive: true, force: true });
    // Else a file may have changed or gone while it was read.
  }
  try {
    return await takeTree(repository, cache, options);
  } catch (error) {
    throw error instanceof GitError ? problemOf(repository, error) : error;
  }
}

/** What was kept is damaged, or was removed by another call, or names objects that the user's repository pruned. */
const damagedShadow = /index file|bad signature|invalid object|error building trees|not a git repository/;

async function takeTree(
  repository: Repository,
  cache: string,
  { include = [], sizeCapBytes = defaultSizeCapBytes, signal }: WorkingTreeOptions,
): Promise<WorkingTree> {
  const { root, prefix, settings } = repository;
  const shadow = openShadow(repository, cache, signal);
  try {
    const [entries, trackedIgnored, untracked, ignored] = await allSettled([
      indexEntries(repository),
      trackedIgnoredPaths(repository),
      untrackedPaths(repository),
      includedFiles(repository, include),
    ]);
    refuseLargeFiles(root, [...untracked, ...ignored], sizeCapBytes);
    await shadow.git(['add', '--all']);
    const held = await holdIgnored(shadow, existingPaths(root, [...trackedIgnored, ...ignored]));
    if (settings.get('filemode') === 'false') await takeModes(shadow, entries, held);
    const stored = await refuseLargeFileStorage(repository, shadow, held, include);
    const included = [...ignored, ...stored];
    refuseLargeFiles(root, [...untracked, ...included], sizeCapBytes);
    const nested = await nestedRepositories(root, held, (path) => nestedTree(root, path, cache, signal));
    const outside = await outsideOfSparse(repository, shadow, entries, held);
    const isComplete = nested.length + outside.entries.length === 0;
    const index = isComplete ? shadow.index : shadow.fork();
    if (!isComplete) await completeIndex(shadow, index, nested, outside.entries);
    const treeId = (await shadow.git(['write-tree'], { index })).trim();
    const commitId = await commitOf(shadow, treeId);
    shadow.keep();
    const retake = () => {
      rmSync(cache, { recursive: true, force: true });
      return takeTree(repository, cache, { include, sizeCapBytes, ...(signal && { signal }) });
    };
    const { leftOut } = outside;
    return { treeId, commitId, root, prefix, included, leftOut, gitDirectory: cache, retake };
  } finally {
    shadow.dispose();
  }
}

async function heldFiles(shadow: Shadow): Promise<readonly Held[]> {
  return nulSeparated(await shadow.git(['ls-files', '-z', '-s'])).map((entry) => ({
    mode: entry.slice(0, 6),
    path: entry.slice(entry.indexOf('\t') + 1),
  }));
}

/** Of the ignored files exactly the wanted ones are held. @returns All that is held then. */
async function holdIgnored(shadow: Shadow, wanted: readonly string[]): Promise<readonly Held[]> {
  const listed = ['ls-files', '-z', '--cached', '--ignored', '--exclude-standard'];
  const [ignored, held] = await allSettled([shadow.git(listed), heldFiles(shadow)]);
  const names = new Set(wanted);
  const unwanted = nulSeparated(ignored).filter((path) => !names.has(path));
  if (unwanted.length > 0) {
    const input = nulTerminated(unwanted);
    await shadow.git(['update-index', '-z', '--force-remove', '--stdin'], { input });
  }
  if (wanted.length > 0) {
    const add = ['--literal-pathspecs', 'add', '--force', '--pathspec-from-file=-', '--pathspec-file-nul'];
    await shadow.git(add, { input: nulTerminated(wanted) });
  }
  return unwanted.length + wanted.length > 0 ? heldFiles(shadow) : held;
}

/** Where the file system tells no modes, the user's index does. */
async function takeModes(shadow: Shadow, entries: readonly Held[], held: readonly Held[]): Promise<void> {
  const plain = new Set(held.filter(({ mode }) => mode === '100644').map(({ path }) => path));
  const executable = entries.filter(({ mode, path }) => mode === '100755' && plain.has(path));
  if (executable.length === 0) return;
  const input = nulTerminated(executable.map(({ path }) => path));
  await shadow.git(['update-index', '-z', '--chmod=+x', '--stdin'], { input });
}

/** The tree of a repository inside of another one. */
async function nestedTree(
  root: string,
  path: string,
  cache: string,
  signal: AbortSignal | undefined,
): Promise<WorkingTree> {
  const directory = join(root, path);
  const name = createHash('sha256').update(path).digest('hex').slice(0, 12);
  const tree = await workingTree(directory, {
    cacheDirectory: join(cache, 'nested', name),
    ...(signal === undefined ? {} : { signal }),
  });
  if (tree.root === realpathSync(directory)) return tree;
  throw new UsageError({
    file: directory,
    message: 'the git repository in this folder is damaged',
    remedy: `mend it (git -C '${path}' status), or have it ignored in .gitignore`,
  });
}

/** Writes the commit of a tree unless it is there. Nothing in it differs between machines or times. */
async function commitOf(shadow: Shadow, treeId: string): Promise<string> {
  const nobody = 'jest-runner-hardware <> 0 +0000';
  const input = `tree ${treeId}\nauthor ${nobody}\ncommitter ${nobody}\n\nWorking state\n`;
  const id = createHash('sha1').update(`commit ${input.length}\0${input}`).digest('hex');
  if (!existsSync(join(shadow.directory, 'objects', id.slice(0, 2), id.slice(2))))
    await shadow.git(['hash-object', '-t', 'commit', '-w', '--stdin'], { input });
  return id;
}

function problemOf({ root }: Repository, error: GitError): UsageError {
  const nested = /'(.*?)\/?' does not have a commit checked out/s.exec(error.stderr)?.[1];
  if (nested !== undefined) {
    return new UsageError({
      file: join(root, nested),
      message: 'this folder is a git repository without a commit',
      remedy: `commit there, remove ${nested}/.git, or have it ignored in .gitignore`,
    });
  }
  const unread = /open\("(.*?)"\): (.*)/s.exec(error.stderr) ?? unreadFolder.exec(error.stderr);
  const [, file, found] = unread ?? [];
  return new UsageError(
    {
      ...(file === undefined ? {} : { file: join(root, file) }),
      message:
        file === undefined
          ? `the working state of ${root} cannot be taken`
          : 'it cannot be read, and so not be sent to other machines',
      found: found?.split('\n')[0] ?? error.message,
      remedy:
        file === undefined ? 'run `git status` there' : 'make it readable, or have it ignored in .gitignore',
    },
    { cause: error },
  );
}

/** Like `Promise.all`, but waits for all of them when one fails: they use the same files. */
async function allSettled<T extends readonly unknown[]>(
  promises: readonly [...{ [K in keyof T]: Promise<T[K]> }],
) {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
