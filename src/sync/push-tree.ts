import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { printable } from '../core/vocabulary/printable.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { environmentOfOurs, environmentOfRemotes, GitError, git } from './git.js';
import type { WorkingTree } from './working-tree.js';

/** The cache repository of another machine (see `prepareCache`), or a remote of the user's, as git reaches it. */
export interface TreeRemote {
  /** `ssh://user@host:port/absolute/path/trees.git`, or an absolute path on this machine. */
  readonly url: string;
  /** The ssh command with its options, as git's `GIT_SSH_COMMAND` has it: a line for the shell. Default: `ssh`. */
  readonly sshCommand?: string;
  /** The command that receives over there, a line for its shell. Default: `git-receive-pack`, found by its PATH. */
  readonly receivePack?: string;
  /** It is reached with the user's git settings and credentials. Default: no setting has an effect. */
  readonly asUser?: true;
}

/** The ref by which a cache repository keeps a tree. */
export function refOf(treeId: string): string {
  return `refs/jest-hardware/${treeId}`;
}

/**
 * Names the project of a tree on another machine: the same for every state of a checkout, and different for every checkout
 * of every machine. Readable, without the whole path.
 * @param machine Name of the other machine: several may share a home on a network, where they do not see who uses what.
 */
export function projectKeyOf({ root }: Pick<WorkingTree, 'root'>, machine: string): string {
  return keyOf(root, [hostname(), root, machine]);
}

/** @param path Its last part is what people see. @param identity What makes it another one. */
export function keyOf(path: string, identity: readonly string[]): string {
  const hash = createHash('sha256').update(identity.join('\0')).digest('hex').slice(0, 12);
  const name = basename(path)
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
  tree: Pick<WorkingTree, 'treeId' | 'commitId' | 'gitDirectory' | 'retake'>,
  remote: TreeRemote,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  try {
    await pushBesideOthers(tree, remote, signal);
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    if (!missingObjects.test(error.stderr)) throw problemOf(error, remote);
    // The user's repository has pruned what the kept index names.
    const again = await tree.retake();
    if (again.treeId !== tree.treeId) throw problemOf(error, remote);
    await push(again, remote, signal).catch((second) => {
      throw second instanceof GitError ? problemOf(second, remote) : second;
    });
  }
}

/** Another run may send the same tree at this moment. Once it is there, a push has nothing to do. */
async function pushBesideOthers(...given: Parameters<typeof push>): Promise<void> {
  for (let pushes = 1; ; pushes += 1) {
    try {
      return await push(...given);
    } catch (error) {
      if (pushes === mostPushes || !(error instanceof GitError) || !refIsTaken.test(error.stderr))
        throw error;
    }
    await setTimeout(betweenPushesMs);
  }
}

const mostPushes = 5;
const betweenPushesMs = 200;

/** What git says when another push writes the ref, or has just written it. */
const refIsTaken = /reference already exists|cannot lock ref|unable to create '.*\.lock'/i;

async function push(
  { treeId, commitId, gitDirectory }: Pick<WorkingTree, 'treeId' | 'commitId' | 'gitDirectory'>,
  { url, sshCommand, receivePack, asUser }: TreeRemote,
  signal: AbortSignal | undefined,
): Promise<void> {
  const env = asUser ? environmentOfRemotes() : environmentOfOurs();
  if (sshCommand !== undefined) {
    env['GIT_SSH_COMMAND'] = sshCommand;
    // Otherwise git runs a command that is not named ssh once more, to find out what it is.
    env['GIT_SSH_VARIANT'] = 'ssh';
  }
  // Deltas against everything that the other side has cost a second for 1,000 files, and save a few kilobytes.
  const settings = ['-c', 'core.hooksPath=/dev/null', '-c', 'pack.compression=1', '-c', 'pack.window=0'];
  const flags = ['--quiet', '--no-verify', '--no-signed', '--no-follow-tags'];
  if (receivePack !== undefined) flags.push(`--receive-pack=${receivePack}`);
  await git(
    [`--git-dir=${gitDirectory}`, ...settings, 'push', ...flags, '--', url, `${commitId}:${refOf(treeId)}`],
    { cwd: gitDirectory, env, signal },
  );
}

/** What git says when an object is not there, or is damaged. */
const missingObjects =
  /unable to read|bad object|missing (blob|tree|object)|is corrupt|could not read [0-9a-f]{40}/i;

function problemOf(cause: GitError, { url, asUser }: TreeRemote): UsageError {
  const found = cause.stderr
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(printable);
  const known = (asUser ? reasonsOfRemotes : reasons).find(({ pattern }) => pattern.test(cause.stderr));
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
    pattern: missingObjects,
    reason: 'files changed meanwhile, or objects of the repository are missing here',
    remedy: 'start the run again; if that does not help, look at `git fsck`',
  },
] as const;

/** The same for a remote of the user's. */
const reasonsOfRemotes = [
  {
    pattern: /hook declined|protected|not allowed|denied to|GH\d{3}|cannot lock ref|deny updating|\b403\b/i,
    reason: 'it does not take it',
    remedy:
      'let this user write refs/jest-hardware/ there, or name another `remote` in the option connect; `push: false` where it has the tree',
  },
  {
    pattern: missingObjects,
    reason: 'files changed meanwhile, or objects of the repository are missing here',
    remedy: 'start the run again; if that does not help, look at `git fsck`',
  },
  {
    pattern: /./,
    reason: 'git cannot write there',
    remedy: 'let `git push` with this address succeed here, without a question at the terminal',
  },
] as const;
