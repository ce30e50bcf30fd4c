import { existsSync, realpathSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { environmentOfOurs, tryGit } from '../sync/git.js';
import { doneSetupKey } from '../sync/setup.js';
import { keptTrees } from '../sync/tree-cache.js';
import type { Examined, ExamineParams } from './protocol.js';

/** What there is here for a run. Nothing is changed. @param root Where the worker keeps its files. */
export async function examine({ project, modules }: ExamineParams, root: string): Promise<Examined> {
  const directory = existsSync(root) ? realpathSync(root) : root;
  const [git, disk] = await Promise.all([gitVersion(), freeDiskBytes(directory)]);
  const checkout = join(directory, 'projects', project ?? '', 'checkout-1');
  const doneKey = doneSetupKey(`${checkout}.setup.json`, join(checkout, modules ?? '', 'node_modules'));
  return {
    nodeVersion: process.version,
    platform: process.platform,
    arch: process.arch,
    directory,
    freeMemoryBytes: freemem(),
    epochMs: Date.now(),
    trees: keptTrees(root),
    ...(git !== undefined && { gitVersion: git }),
    ...(disk !== undefined && { freeDiskBytes: disk }),
    ...(doneKey !== undefined && { doneSetupKey: doneKey }),
  };
}

/** Undefined: there is none. */
async function gitVersion(): Promise<string | undefined> {
  try {
    const { stdout } = await tryGit(['--version'], { cwd: '/', env: environmentOfOurs() });
    return /\d+(\.\d+)+/.exec(stdout)?.[0];
  } catch {
    return undefined;
  }
}

async function freeDiskBytes(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
