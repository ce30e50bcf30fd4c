import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { RunStarted } from '../../core/events.js';
import { liveHost } from '../../host/live.js';

/** Which sources a run tests; empty where nobody knows. */
export type Sources = Pick<RunStarted, 'commit' | 'uncommitted'>;

/** A checkout so large that git needs longer is not worth the wait. Not tuned: 1,100 files take 10 ms. */
const longestMs = 1000;

/** The commit under test, as GitHub or GitLab name it. */
export function commitOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  return env['GITHUB_SHA'] ?? env['CI_COMMIT_SHA'];
}

/**
 * The commit that the CI service names, with whose files its own steps may have changed; elsewhere git is asked, and whether
 * files differ from the commit. Never rejects.
 */
export async function sourcesIn(rootDir: string): Promise<Sources> {
  const named = commitOf(process.env);
  if (named !== undefined) return { commit: named };
  if (!isUnderGit(rootDir)) return {};
  // Without optional locks it never stands in the way of a git command of the user's.
  const args = ['-C', rootDir, '--no-optional-locks', 'status', '--porcelain=v2', '--branch'];
  const { status, stdout } = await liveHost().run('git', args, { timeoutMs: longestMs });
  const commit = /^# branch\.oid ([0-9a-f]{7,})$/m.exec(stdout)?.[1];
  if (status !== 'ok' || commit === undefined) return {};
  return { commit, ...(/^[^#]/m.test(stdout) && { uncommitted: true }) };
}

/** Starting git to hear that there is no repository takes longer than a look for one. */
function isUnderGit(rootDir: string): boolean {
  if (process.env['GIT_DIR'] !== undefined) return true;
  for (let folder = resolve(rootDir); ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return true;
    if (dirname(folder) === folder) return false;
  }
}
