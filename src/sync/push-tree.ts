import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { printable } from '../core/vocabulary/printable.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { environmentOfOurs, GitError, git } from './git.js';
import type { WorkingTree } from './working-tree.js';

/** The cache repository of another machine (see `prepareCache`), as git reaches it. */
export interface TreeRemote {
  /** `ssh://user@host:port/absolute/path/trees.git`, or an absolute path on this machine. */
  readonly url: string;
  /** The ssh command with its options, as git's `GIT_SSH_COMMAND` has it: a line for the shell. Default: `ssh`. */
  readonly sshCommand?: string;
  /** The command that receives over there, a line for its shell. Default: `git-receive-pack`, found by its PATH. */
  readonly receivePack?: string;
}

/** The ref by which a cache repository keeps a tree. */
export function refOf(treeId: string): string {
  return `refs/jest-hardware/${treeId}`;
}

/**
 * Names the project of a tree on other machines: the same for every state of a checkout, and different for every checkout
 * of every machine. Readable, without the whole path.
 */
export function projectKeyOf({ root }: Pick<WorkingTree, 'root'>): string {
  const hash = createHash('sha256').update(`${hostname()}\0${root}`).digest('hex').slice(0, 12);
  const name = basename(root)
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return `${name || 'project'}-${hash}`;
}

/**
 * Sends what the other side lacks of a tree. Where it has the tree already nothing travels but one round trip; who can
 * ask it before (`hasTree`) saves that one too.
 * @throws UsageError when the other side cannot be reached or cannot take it; the signal's reason when aborted.
 */
export async function pushTree(
  tree: Pick<WorkingTree, 'treeId' | 'commitId' | 'gitDirectory'>,
  remote: TreeRemote,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const { treeId, commitId, gitDirectory } = tree;
  const env = environmentOfOurs();
  if (remote.sshCommand !== undefined) {
    env['GIT_SSH_COMMAND'] = remote.sshCommand;
    // Otherwise git runs a command that is not named ssh once more, to find out what it is.
    env['GIT_SSH_VARIANT'] = 'ssh';
  }
  const receivePack = remote.receivePack === undefined ? [] : [`--receive-pack=${remote.receivePack}`];
  const settings = ['-c', 'core.hooksPath=/dev/null', '-c', 'pack.compression=1', '-c', 'pack.threads=0'];
  const push = ['push', '--quiet', '--no-verify', '--no-signed', '--no-follow-tags', ...receivePack];
  try {
    await git(
      [`--git-dir=${gitDirectory}`, ...settings, ...push, '--', remote.url, `${commitId}:${refOf(treeId)}`],
      { cwd: gitDirectory, env, signal },
    );
  } catch (error) {
    throw error instanceof GitError ? problemOf(error, remote.url) : error;
  }
}

function problemOf(cause: GitError, url: string): UsageError {
  const found = cause.stderr.trim().split('\n').map(printable);
  const known = reasons.find(({ pattern }) => pattern.test(cause.stderr));
  return new UsageError(
    {
      message: `the working state could not be sent to ${url}${known === undefined ? '' : `: ${known.reason}`}`,
      found: found.slice(-4).join('; ') || cause.message,
      ...(known === undefined ? {} : { remedy: known.remedy }),
    },
    { cause },
  );
}

/** What git and ssh say, most telling first. */
const reasons = [
  {
    pattern: /No space left on device|Disk quota exceeded/i,
    reason: 'its disk is full',
    remedy: 'free space there, or give the machine another `directory`',
  },
  {
    pattern: /(git-receive-pack|git): (command )?not found|not found: .*git/i,
    reason: 'it has no git',
    remedy: 'install git there; a shell that is not interactive must find it on its PATH',
  },
  {
    pattern: /Host key verification failed/,
    reason: 'its host key is not known here',
    remedy: 'connect once by hand with ssh, and compare the key',
  },
  {
    pattern: /Permission denied \(/,
    reason: 'it refused the login',
    remedy: 'connect by hand with ssh; a key in an agent or without a passphrase is needed',
  },
  {
    pattern: /does not appear to be a git repository|not a git repository/,
    reason: 'it has no cache repository there',
    remedy: 'the worker of this version creates it; are both sides of the same version?',
  },
  {
    pattern: /dubious ownership/,
    reason: 'its cache belongs to another user',
    remedy: 'give the machine a `directory` of your own',
  },
  {
    pattern: /unable to read|bad object|missing|could not read/i,
    reason: 'objects of the repository are missing here',
    remedy: 'start the run again; if that does not help, look at `git fsck`',
  },
] as const;
