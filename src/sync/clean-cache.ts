import { existsSync, lstatSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { claimOneCheckout } from './checkout-claim.js';
import { git } from './git.js';
import { cacheCall, cacheRepository, pruneCache } from './tree-cache.js';
import { makeFoldersWritable } from './writable-folders.js';

/** What `cleanCache` has removed, or would. */
export interface Removed {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly unusedMs: number;
}

interface CleanOptions {
  /** Checkouts that a run has used within this time stay, ms. */
  readonly unusedMs: number;
  /** Only tells what would go. */
  readonly dryRun: boolean;
}

/** Removes checkouts that no run has used for long, with what was installed in them, and objects that nothing needs then. */
export async function cleanCache(
  cacheDirectory: string,
  { unusedMs, dryRun }: CleanOptions,
): Promise<readonly Removed[]> {
  const projects = join(cacheDirectory, 'projects');
  const removed: Removed[] = [];
  for (const project of foldersIn(projects)) {
    for (const name of foldersIn(join(projects, project))) {
      const [, number] = /^checkout-(\d+)$/.exec(name) ?? [];
      const path = join(projects, project, name);
      const unused = Date.now() - usedAtMs(path);
      if (number === undefined || unused < unusedMs) continue;
      const claim = await claimOneCheckout(cacheDirectory, project, Number(number));
      if (claim === undefined) continue;
      try {
        removed.push({ path, bytes: bytesBelow(path), unusedMs: unused });
        if (!dryRun) removeCheckout(path);
      } finally {
        claim.release();
      }
    }
    if (!dryRun && readdirSync(join(projects, project)).length === 0) rmdirSync(join(projects, project));
  }
  if (!dryRun && existsSync(cacheRepository(cacheDirectory))) {
    const prune = [`--git-dir=${cacheRepository(cacheDirectory)}`, 'worktree', 'prune'];
    await git(prune, cacheCall(cacheDirectory));
    await pruneCache(cacheDirectory);
  }
  return removed;
}

/** Notes that a run uses the checkout; see {@link usedAtMs}. */
export function usedNoteOf(checkout: string): string {
  return `${checkout}.used`;
}

function usedAtMs(checkout: string): number {
  return (statSync(usedNoteOf(checkout), { throwIfNoEntry: false }) ?? statSync(checkout)).mtimeMs;
}

function removeCheckout(path: string): void {
  makeFoldersWritable(path);
  // The notes last: what is left of a checkout counts as old still.
  for (const each of [path, `${path}.setup.json`, usedNoteOf(path)])
    rmSync(each, { recursive: true, force: true });
}

function foldersIn(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function bytesBelow(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    bytes += entry.isDirectory() ? bytesBelow(path) : (lstatSync(path, { throwIfNoEntry: false })?.size ?? 0);
  }
  return bytes;
}
