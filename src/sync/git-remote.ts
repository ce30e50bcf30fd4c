import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { printable } from '../core/vocabulary/printable.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { writeAtomically } from '../host/write-atomically.js';
import { environmentOfRemotes, environmentOfUser, GitError, git, tryGit } from './git.js';
import { keyOf, pushTree, refOf } from './push-tree.js';
import { cacheRepository, checkTreeId, hasTree, prepareCache } from './tree-cache.js';
import type { WorkingTree } from './working-tree.js';

/**
 * Where a remote of a repository is, for others: without a user's password or token.
 * @param remote A name such as `origin`, or an address.
 * @throws UsageError when there is no such remote.
 */
export async function remoteAddress(root: string, remote: string): Promise<string> {
  if (/[:/\\]/.test(remote)) return fromAnywhere(root, remote);
  const call = { cwd: root, env: environmentOfUser() };
  const { code, stdout } = await tryGit(['remote', 'get-url', remote], call);
  if (code === 0) return fromAnywhere(root, stdout.trim());
  throw new UsageError({
    file: root,
    message: `the repository has no remote ${printable(remote)}, by which machines of a fleet get the working state`,
    expected: 'a remote that this machine may push to and those machines may fetch from',
    remedy: "name one: connect: { url, remote: 'origin' }, or its address",
  });
}

/**
 * Names the project on a machine that many share: the same for all checkouts of one remote.
 * @param machine See `projectKeyOf`.
 */
export function projectKeyOfRemote(address: string, machine: string): string {
  return keyOf(address.replace(/\.git$/, ''), [address, machine]);
}

/** Sends a tree to a git remote, and takes back what this checkout sent there long ago. */
export async function pushToRemote(
  tree: WorkingTree,
  remote: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const pushed = readPushed(tree.gitDirectory);
  const old = pushed.filter(
    (each) => each.url === remote && each.treeId !== tree.treeId && Date.now() - each.epochMs > keptMs,
  );
  await pushTree(tree, { url: remote, asUser: true }, options);
  if (old.length > 0)
    void removeFrom(
      remote,
      old.map(({ treeId }) => treeId),
      tree.gitDirectory,
    );
  const now = { treeId: tree.treeId, url: remote, epochMs: Date.now() };
  const rest = pushed.filter((each) => !old.includes(each) && each.treeId !== tree.treeId);
  writeAtomically(join(tree.gitDirectory, pushedFile), JSON.stringify([...rest, now]));
}

/** Nobody waits for it, and nothing is lost when it fails. */
async function removeFrom(remote: string, treeIds: readonly string[], cwd: string): Promise<void> {
  const refs = treeIds.map((treeId) => `:${refOf(treeId)}`);
  const call = { cwd, env: environmentOfRemotes() };
  await tryGit([`--git-dir=${cwd}`, 'push', '--quiet', '--no-verify', '--', remote, ...refs], call).catch(
    () => {},
  );
}

/**
 * Gets a tree from a git remote into the cache.
 * @throws UsageError when the remote cannot be reached, or has no such tree.
 */
export async function fetchFromRemote(
  cacheDirectory: string,
  treeId: string,
  remote: string,
  signal?: AbortSignal,
): Promise<void> {
  checkTreeId(treeId);
  checkRemote(remote);
  await prepareCache(cacheDirectory);
  const repository = cacheRepository(cacheDirectory);
  const ref = refOf(treeId);
  const flags = [
    '--quiet',
    '--no-tags',
    '--no-write-fetch-head',
    '--no-recurse-submodules',
    '--no-auto-maintenance',
  ];
  try {
    await git([`--git-dir=${repository}`, 'fetch', ...flags, '--', remote, `+${ref}:${ref}`], {
      cwd: cacheDirectory,
      env: environmentOfRemotes(),
      signal,
    });
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    throw new UsageError(
      {
        message: `the working state cannot be fetched from ${printable(remote)}`,
        found: error.stderr.trim().split('\n').map(printable).slice(-3).join('; ') || error.message,
        remedy: 'let `git ls-remote` with this address succeed there, for the user that runs the worker',
      },
      { cause: error },
    );
  }
  if (!(await hasTree(cacheDirectory, treeId)))
    throw new UsageError({
      message: `what ${printable(remote)} has under the name of the working state is another one`,
      expected: `the tree ${treeId}`,
      remedy: 'look who else may write refs/jest-hardware there',
    });
}

/** Names come from another machine: no option, and no way to start a command. @throws UsageError for others. */
function checkRemote(remote: string): void {
  const isPath = /^(\/|[A-Za-z]:[\\/])/.test(remote);
  const isUrl = /^(https?|ssh|git|file):\/\/(?!-|[^/]*@-)./.test(remote);
  const isShort = /^(\w[\w.-]*@)?\w[\w.-]*:(?![:-]|\/\/)./.test(remote);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
  if ((isPath || isUrl || isShort) && !/[\u0000-\u001f]/.test(remote)) return;
  throw new UsageError({
    message: 'the git remote of the run is none',
    expected: 'an address of https, ssh or git, or a path',
    found: JSON.stringify(remote),
  });
}

/** Git reads `../app.git` from the root of the repository; it must mean the same elsewhere. */
function fromAnywhere(root: string, address: string): string {
  return /^\.{1,2}(\/|$)/.test(address) ? resolve(root, address) : withoutPassword(address);
}

function withoutPassword(address: string): string {
  return address.replace(/^(https?:\/\/)[^/@]*@/, '$1');
}

interface Pushed {
  readonly treeId: string;
  readonly url: string;
  readonly epochMs: number;
}

function readPushed(gitDirectory: string): readonly Pushed[] {
  const path = join(gitDirectory, pushedFile);
  if (!existsSync(path)) return [];
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(read) ? read.filter(isPushed) : [];
  } catch {
    // Refs that are forgotten stay there, and do no harm.
    return [];
  }
}

function isPushed(value: unknown): value is Pushed {
  const { treeId, url, epochMs } = (value ?? {}) as Partial<Pushed>;
  return typeof treeId === 'string' && typeof url === 'string' && typeof epochMs === 'number';
}

const pushedFile = 'jest-hardware-pushed.json';
/** A machine that joins a run late still finds its tree. */
const keptMs = 24 * 3_600_000;
