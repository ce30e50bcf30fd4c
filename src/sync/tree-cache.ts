import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { writeAtomically } from '../host/write-atomically.js';
import { environmentOfOurs, type GitCall, git, tryGit } from './git.js';
import { refOf } from './push-tree.js';
import { rawAttributes } from './shadow.js';

/** The bare repository in a cache directory to which trees are pushed, absolute. */
export function cacheRepository(cacheDirectory: string): string {
  return join(cacheDirectory, 'trees.git');
}

/**
 * Makes a cache directory ready to be pushed to, and mends what a killed push has left.
 * @returns The repository to push to.
 */
export async function prepareCache(
  cacheDirectory: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<string> {
  const repository = cacheRepository(cacheDirectory);
  mkdirSync(cacheDirectory, { recursive: true, mode: 0o700 });
  if (!isComplete(repository)) {
    const call = { cwd: cacheDirectory, env: environmentOfOurs(), ...options };
    const draft = `${repository}.${randomUUID()}`;
    try {
      await makeRepository(draft, call);
      renameSync(draft, repository);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      // Another run has made it meanwhile, or only a part of it lies there.
      if (!existsSync(repository)) throw error;
      if (!isComplete(repository)) await makeRepository(repository, call);
    }
  }
  removeStaleLocks(join(repository, 'refs', 'jest-hardware'));
  return repository;
}

function isComplete(repository: string): boolean {
  return existsSync(join(repository, 'info', 'attributes'));
}

async function makeRepository(path: string, call: GitCall): Promise<void> {
  await git(['init', '--quiet', '--bare', '--template=', path], call);
  for (const [name, value] of Object.entries(cacheSettings))
    await git([`--git-dir=${path}`, 'config', name, value], call);
  mkdirSync(join(path, 'info'), { recursive: true });
  writeAtomically(join(path, 'info', 'exclude'), 'node_modules\n');
  // Written last: with it, the repository is complete.
  writeAtomically(join(path, 'info', 'attributes'), rawAttributes);
}

/** Whether a tree was pushed before, so that it need not be pushed again. */
export async function hasTree(cacheDirectory: string, treeId: string): Promise<boolean> {
  return (await commitOfTree(cacheDirectory, treeId)) !== undefined;
}

/** The commit that was pushed for a tree; undefined: none, or one of another tree. */
export async function commitOfTree(
  cacheDirectory: string,
  treeId: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  checkTreeId(treeId);
  const repository = cacheRepository(cacheDirectory);
  if (!existsSync(repository)) return undefined;
  const ref = refOf(treeId);
  const asked = [`--git-dir=${repository}`, 'rev-parse', '--verify', '--quiet'];
  const answer = await tryGit([...asked.slice(0, 2), `${ref}^{commit}`, `${ref}^{tree}`], {
    ...cacheCall(cacheDirectory),
    signal,
  });
  const [commit, tree] = answer.stdout.trim().split('\n');
  return answer.code === 0 && tree === treeId ? commit : undefined;
}

/** Notes that a tree is in use. */
export function touchTree(cacheDirectory: string, treeId: string): void {
  const now = new Date();
  try {
    utimesSync(join(cacheRepository(cacheDirectory), refOf(treeId)), now, now);
  } catch {
    // Packed by hand: it counts as old.
  }
}

/** Trees that were pushed, the one last used first. */
export function keptTrees(cacheDirectory: string): readonly string[] {
  return agedTrees(cacheDirectory).map(({ name }) => name);
}

function agedTrees(cacheDirectory: string): readonly { readonly name: string; readonly usedMs: number }[] {
  const folder = join(cacheRepository(cacheDirectory), 'refs', 'jest-hardware');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => treeIdPattern.test(name))
    .map((name) => ({ name, usedMs: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.usedMs - a.usedMs);
}

/** Like {@link pruneCache}, at most once a day. */
export async function pruneCacheDaily(cacheDirectory: string, signal?: AbortSignal): Promise<void> {
  const note = join(cacheDirectory, 'pruned');
  const stat = statSync(note, { throwIfNoEntry: false });
  if (stat !== undefined && Date.now() - stat.mtimeMs < dayMs) return;
  writeAtomically(note, '');
  await pruneCache(cacheDirectory, signal === undefined ? {} : { signal });
}

const dayMs = 86_400_000;

/**
 * Forgets trees that were not used lately, and rarely packs the rest. Not for every run: packing takes seconds.
 * @param keep How many are kept. Default: 50.
 */
export async function pruneCache(
  cacheDirectory: string,
  { keep = 50, signal }: { readonly keep?: number; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const repository = cacheRepository(cacheDirectory);
  if (!existsSync(repository)) return;
  const aged = agedTrees(cacheDirectory)
    .slice(keep)
    .filter(({ usedMs }) => Date.now() - usedMs > youngMs);
  const call = { ...cacheCall(cacheDirectory), signal };
  const input = aged.map(({ name }) => `delete ${refOf(name)}\n`).join('');
  if (aged.length > 0) await git([`--git-dir=${repository}`, 'update-ref', '--stdin'], { ...call, input });
  await git([`--git-dir=${repository}`, '-c', 'gc.auto=2000', 'gc', '--auto', '--quiet'], call);
}

export function cacheCall(cacheDirectory: string): GitCall {
  return { cwd: cacheDirectory, env: environmentOfOurs() };
}

/** Names come from another machine and become parts of paths. */
export function checkTreeId(treeId: string): void {
  if (treeIdPattern.test(treeId)) return;
  throw new UsageError({
    message: 'the name of a tree is not one',
    expected: '40 hexadecimal digits',
    found: JSON.stringify(treeId),
  });
}

const treeIdPattern = /^[0-9a-f]{40}$/;
/** Pushed a moment ago, and not checked out yet. */
const youngMs = 3_600_000;
/** Much longer than a ref is locked. */
const staleLockMs = 60_000;

const cacheSettings = {
  'core.logAllRefUpdates': 'false',
  'core.autocrlf': 'false',
  'core.fsmonitor': 'false',
  'core.hooksPath': '/dev/null',
  // What a power failure takes is pushed again.
  'core.fsyncMethod': 'writeout-only',
  'gc.auto': '0',
  // The time of a ref's file tells when the tree was used.
  'gc.packRefs': 'false',
  'gc.pruneExpire': '2.hours.ago',
  'receive.autogc': 'false',
} as const;

function removeStaleLocks(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.lock'))) {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > staleLockMs) rmSync(path, { force: true });
  }
}
