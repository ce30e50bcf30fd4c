import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { bug } from '../core/vocabulary/bug.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { claimCheckout } from './checkout-claim.js';
import { usedNoteOf } from './clean-cache.js';
import { type GitCall, GitError, git, nulSeparated, tryGit } from './git.js';
import { statOf } from './on-disk.js';
import { sameIndex, unreadFolder } from './shadow.js';
import { cacheCall, cacheRepository, checkTreeId, commitOfTree, touchTree } from './tree-cache.js';
import { makeFoldersWritable } from './writable-folders.js';

export interface CheckOutOptions {
  /** As given to `prepareCache`. */
  readonly cacheDirectory: string;
  /** Names the project among all that use the cache, see `projectKeyOf`. Its checkouts keep their paths. */
  readonly projectKey: string;
  readonly treeId: string;
  /** Path of the project's directory below the root, `/` separated. */
  readonly prefix: string;
  /** A checkout of this project that this process has, to be brought up to date; left out: a free one is claimed. */
  readonly held?: Checkout;
  readonly signal?: AbortSignal;
}

/** A working tree on this machine that equals the one that was taken elsewhere. */
export interface Checkout {
  /** Absolute, and the same for every run of the project, unless two run at once. */
  readonly root: string;
  /** The project's directory in it. */
  readonly directory: string;
  /** What differs from what lay there before. */
  readonly changes: readonly PathChange[];
  /** Nothing lay there before. */
  readonly isNew: boolean;
  /** Where things may be noted about this checkout, beside it. Absolute; the folder exists. */
  readonly notes: string;
  /** Lets other runs have it. */
  release(): void;
}

export interface PathChange {
  /** Below the root, `/` separated. */
  readonly path: string;
  readonly change: 'added' | 'modified' | 'deleted';
}

/**
 * Makes a checkout of a tree that was pushed before. Only what differs is written. Files that were changed there, by a run
 * or by hand, are put back; files that are not in the tree go, unless they are ignored, such as node_modules.
 * The checkout belongs to this process until it is released or the process dies.
 * @returns Undefined: the tree was not pushed, or was pruned since.
 * @throws UsageError when the file system here cannot hold the tree as it is; the signal's reason when aborted.
 */
export async function checkOut(options: CheckOutOptions): Promise<Checkout | undefined> {
  const { cacheDirectory, projectKey, treeId, prefix, signal } = options;
  checkTreeId(treeId);
  checkNames(projectKey, prefix);
  const commit = await commitOfTree(cacheDirectory, treeId, signal);
  if (commit === undefined) return undefined;
  touchTree(cacheDirectory, treeId);
  const notes = join(realpathSync(cacheDirectory), 'projects', projectKey);
  const claim = await claimedRoot(notes, options);
  try {
    mkdirSync(notes, { recursive: true, mode: 0o700 });
    const { root } = claim;
    writeFileSync(usedNoteOf(root), '');
    const call = { ...cacheCall(cacheDirectory), signal };
    const isNew = !isWhole(root);
    if (isNew) await createWorktree(cacheDirectory, root, commit, call);
    const inside = insideOf(root, call);
    const changes = await updateOrMend(root, commit, isNew, inside);
    await verify(root, treeId, inside, changes.length > 0);
    return { root, directory: join(root, prefix), changes, isNew, notes, release: claim.release };
  } catch (error) {
    claim.release();
    throw error instanceof GitError ? problemOf(error, options) : error;
  }
}

async function claimedRoot(
  notes: string,
  { held, cacheDirectory, projectKey, signal }: CheckOutOptions,
): Promise<Pick<Checkout, 'root' | 'release'>> {
  if (held?.notes === notes) return held;
  const { number, release } = await claimCheckout(cacheDirectory, projectKey, signal);
  return { root: join(notes, `checkout-${number}`), release };
}

function problemOf(cause: GitError, { cacheDirectory, projectKey }: CheckOutOptions): UsageError {
  const folder = join(cacheDirectory, 'projects', projectKey);
  return new UsageError(
    {
      file: folder,
      message: 'the checkout cannot be brought up to date',
      found: cause.stderr.trim().split('\n').slice(-3).join('; ') || cause.message,
      remedy: `free disk space if there is none; else remove ${folder} (it is made again)`,
    },
    { cause },
  );
}

/** Its files may be node_modules that took minutes: it is made anew only where git no longer knows it. */
function isWhole(root: string): boolean {
  const administration = administrationOf(root);
  return administration !== undefined && existsSync(join(administration, 'HEAD'));
}

/** The folder in the cache repository that belongs to a worktree. */
function administrationOf(root: string): string | undefined {
  const link = join(root, '.git');
  if (!existsSync(link)) return undefined;
  const [, administration] = /^gitdir: (.+)\n?$/.exec(readFileSync(link, 'utf8')) ?? [];
  if (administration === undefined || !existsSync(join(administration, 'gitdir'))) return undefined;
  const back = readFileSync(join(administration, 'gitdir'), 'utf8').trim();
  return back === link ? administration : undefined;
}

async function createWorktree(
  cacheDirectory: string,
  root: string,
  commit: string,
  call: GitCall,
): Promise<void> {
  rmSync(root, { recursive: true, force: true });
  const repository = cacheRepository(cacheDirectory);
  const add = ['worktree', 'add', '--force', '--force', '--quiet', '--detach', '--no-checkout', root, commit];
  await git([`--git-dir=${repository}`, ...add], call);
}

/** Runs git in a checkout. */
type Inside = (args: readonly string[], index?: string) => Promise<string>;

function insideOf(root: string, call: GitCall): Inside {
  const administration = administrationOf(root);
  if (administration === undefined) throw bug(`The checkout ${root} belongs to no repository.`);
  // An install script there may have set hooks for what it takes for a repository of its own.
  const fixed = [`--git-dir=${administration}`, `--work-tree=${root}`, '-c', 'core.hooksPath=/dev/null'];
  return async (args, index) => {
    const env = index === undefined ? call.env : { ...call.env, GIT_INDEX_FILE: index };
    const outcome = await tryGit([...fixed, ...args], { ...call, cwd: root, env });
    // Git passes over folders that it cannot read, and leaves what lies there.
    if (outcome.code !== 0 || unreadFolder.test(outcome.stderr)) throw new GitError(args, outcome);
    return outcome.stdout;
  };
}

/** Suites may have left what a user without further rights cannot remove at once, or at all. */
async function updateOrMend(
  ...[root, commit, isNew, inside]: Parameters<typeof update>
): Promise<readonly PathChange[]> {
  try {
    return await update(root, commit, isNew, inside);
  } catch (error) {
    if (!(error instanceof GitError) || !denied.test(error.stderr)) throw error;
  }
  makeFoldersWritable(root);
  try {
    const changes = await update(root, commit, isNew, inside);
    // A file that is new may have been written before it failed.
    return changes.map(({ path, change }) => ({ path, change: change === 'modified' ? 'added' : change }));
  } catch (error) {
    const [, path, found] = denied.exec((error as GitError).stderr ?? '') ?? [];
    if (path === undefined || found === undefined) throw error;
    throw new UsageError(
      {
        file: join(root, path),
        message: 'what a suite has left here cannot be removed',
        found,
        remedy: 'remove it there (with sudo, if it belongs to another user), or have .gitignore name it',
      },
      { cause: error },
    );
  }
}

/** What git says of a path that it may not read, remove or replace. */
const denied =
  /(?:could not open directory|failed to remove|unable to (?:unlink(?: old)?|create file)) '?(.+?)\/?'?: (Permission denied|Operation not permitted)/;

async function update(
  root: string,
  commit: string,
  isNew: boolean,
  inside: Inside,
): Promise<readonly PathChange[]> {
  // The checkout is claimed, so whoever took these locks is dead.
  for (const name of ['index.lock', 'HEAD.lock'])
    rmSync(join(administrationOf(root) ?? root, name), { force: true });
  if (isNew) {
    await inside(['reset', '--hard', '--quiet', commit]);
    return nulSeparated(await inside(['ls-files', '-z'])).map((path) => ({ path, change: 'added' }));
  }
  const status = ['status', '--porcelain', '-z', '--untracked-files=all', '--no-renames'];
  const compare = ['diff-tree', '-r', '-z', '--no-renames', '--name-only', 'HEAD', commit];
  const [dirty, differing] = await Promise.all([inside(status), inside(compare)]);
  const touched = nulSeparated(dirty).map((line) => line.slice(3));
  const paths = [...new Set([...touched, ...nulSeparated(differing)])];
  const existed = paths.map((path) => isFile(root, path));
  if (touched.length > 0) await inside(['clean', '-ffdq']);
  if (paths.length > 0) await inside(['reset', '--hard', '--quiet', commit]);
  return paths.flatMap((path, index) => {
    const exists = isFile(root, path);
    if (!exists && !existed[index]) return [];
    return [{ path, change: !exists ? 'deleted' : existed[index] ? 'modified' : 'added' }];
  });
}

/** Computes the name of what lies there now. @param isChanged False: git has just compared the files to the index. */
async function verify(root: string, treeId: string, inside: Inside, isChanged: boolean): Promise<void> {
  const index = join(administrationOf(root) ?? root, `index-${randomUUID()}`);
  sameIndex(join(administrationOf(root) ?? root, 'index'), index);
  try {
    if (isChanged) await inside(['add', '--all'], index);
    const found = (await inside(['write-tree'], index)).trim();
    if (found === treeId) return;
    const paths = await inside(['diff-tree', '-r', '-z', '--no-renames', '--name-only', treeId, found]);
    throw new UsageError({
      file: root,
      message: 'the checkout is not what was sent; this file system cannot hold it as it is',
      expected: `the tree ${treeId}`,
      found: `${found}, which differs in ${nulSeparated(paths).slice(0, 3).join(', ')}`,
      remedy: 'are there names that differ in case only, or symbolic links where it has none?',
    });
  } finally {
    for (const path of [index, `${index}.lock`]) rmSync(path, { force: true });
  }
}

function isFile(root: string, path: string): boolean {
  return statOf(join(root, path))?.isDirectory() === false;
}

/** They come from another machine and become parts of paths. */
function checkNames(projectKey: string, prefix: string): void {
  const isInside = !posix.isAbsolute(prefix) && !prefix.split(/[\\/]/).includes('..');
  if (/^\w[\w.-]{0,99}$/.test(projectKey) && isInside) return;
  throw new UsageError({
    message: 'the name of a project, or the path of its directory, leads out of the cache directory',
    found: JSON.stringify({ projectKey, prefix }),
  });
}
