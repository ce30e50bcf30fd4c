import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { environmentOfUser, type GitCall, GitError, git, nulSeparated, tryGit } from './git.js';

/** The user's repository around a project. It is only read. */
export interface Repository {
  /** Top of the working tree, absolute. */
  readonly root: string;
  /** Path of the project's directory below `root`, `/` separated; empty: the root itself. */
  readonly prefix: string;
  /** Folder of its objects; undefined: they are named by another hash than SHA-1 and are of no use to ours. */
  readonly objects: string | undefined;
  /** What `info/exclude` says. */
  readonly exclude: string;
  readonly hasOwnAttributes: boolean;
  /** Settings of `core` that say how the file system is to be read; names in lower case. */
  readonly settings: ReadonlyMap<string, string>;
  readonly call: GitCall;
}

/** A path that the user's index holds. */
export interface IndexEntry {
  readonly mode: string;
  readonly objectId: string;
  readonly path: string;
  /** It need not be in the working tree: outside of a sparse checkout. */
  readonly isSkipped: boolean;
}

/**
 * Finds the repository that a directory lies in.
 * @throws UsageError when there is none, or when git does not trust it.
 */
export async function findRepository(directory: string, signal?: AbortSignal): Promise<Repository> {
  const call: GitCall = { cwd: directory, env: environmentOfUser(), signal };
  const asked = ['--show-toplevel', '--git-path', 'objects', '--git-path', 'info/exclude'];
  const format = ['--git-path', 'info/attributes', '--show-object-format'];
  const [answer, settings] = await Promise.all([
    tryGit([...readOnly, 'rev-parse', '--path-format=absolute', ...asked, ...format], call),
    settingsOf(call),
  ]);
  if (answer.code !== 0) throw refusal(directory, answer.stderr);
  const lines = answer.stdout.replace(/\n$/, '').split('\n');
  const [root = '', objects = '', exclude = '', attributes = '', objectFormat] = lines;
  if (lines.length !== 5) throw unreadable(directory, lines);
  const below = relative(root, realpathSync(directory)).split(sep).join('/');
  return {
    root,
    prefix: below,
    objects: objectFormat === 'sha1' ? objects : undefined,
    exclude: existsSync(exclude) ? readFileSync(exclude, 'utf8') : '',
    hasOwnAttributes: existsSync(attributes),
    settings,
    call: { ...call, cwd: root },
  };
}

/** All that the user's index holds. */
export async function indexEntries({ call }: Repository): Promise<readonly IndexEntry[]> {
  const listing = await git([...readOnly, 'ls-files', '-z', '-s', '-t'], call);
  return nulSeparated(listing).map((entry) => {
    const tab = entry.indexOf('\t');
    const [tag, mode = '', objectId = ''] = entry.slice(0, tab).split(' ');
    return { mode, objectId, path: entry.slice(tab + 1), isSkipped: tag === 'S' };
  });
}

/** Tracked paths that the rules for ignored files name too: `git add --all` alone would not find them. */
export async function trackedIgnoredPaths({ call }: Repository): Promise<readonly string[]> {
  const listed = ['ls-files', '-z', '--cached', '--ignored', '--exclude-standard', '--exclude=node_modules'];
  return nulSeparated(await git([...readOnly, ...listed], call));
}

/** Files that are neither tracked nor ignored; nested repositories end in `/`. */
export async function untrackedPaths({ call }: Repository): Promise<readonly string[]> {
  const listed = ['ls-files', '-z', '--others', '--exclude-standard', '--exclude=node_modules'];
  return nulSeparated(await git([...readOnly, ...listed], call));
}

/** No daemon is asked, and none started, for what changed. */
export const readOnly = ['-c', 'core.fsmonitor=false', '-c', 'core.untrackedCache=false'] as const;

async function settingsOf(call: GitCall): Promise<ReadonlyMap<string, string>> {
  const names =
    '^core\\.(filemode|symlinks|ignorecase|precomposeunicode|excludesfile|attributesfile|sparsecheckout)$';
  const answer = await tryGit(['config', '-z', '--type=path', '--get-regexp', names], call);
  // 1: none is set.
  if (answer.code !== 0 && answer.code !== 1) throw new GitError(['config'], answer);
  return new Map(
    nulSeparated(answer.stdout).map((setting) => {
      const [name = '', value = 'true'] = setting.split(/\n(.*)/s);
      return [name.slice('core.'.length), value];
    }),
  );
}

function refusal(directory: string, stderr: string): UsageError {
  const found = stderr.trim().split('\n')[0] ?? '';
  if (/dubious ownership|safe\.directory/.test(stderr)) {
    const named = /repository at '(.*)'/.exec(stderr)?.[1] ?? directory;
    return new UsageError({
      message: `git does not read the repository ${named}, which belongs to another user`,
      found,
      remedy: `if you trust it: git config --global --add safe.directory '${named}'`,
    });
  }
  if (/must be run in a work tree/.test(stderr)) {
    return new UsageError({
      message: `${directory} lies in a repository without a working tree`,
      found,
      remedy: 'run from a checkout (`git worktree add`, `git clone`)',
    });
  }
  if (/not a git repository/.test(stderr)) {
    const hidden = process.env['GIT_DIR'];
    return new UsageError({
      message: `${directory} is in no git repository, by which other machines get the working state`,
      expected: 'a directory inside the working tree of a git repository',
      found: hidden === undefined ? found : `${found} (GIT_DIR=${hidden} is not used)`,
      remedy: 'run `git init` at the top of the project (a commit is not needed), or list no other machines',
    });
  }
  return new UsageError({ message: `git cannot read the repository of ${directory}`, found });
}

function unreadable(directory: string, lines: readonly string[]): UsageError {
  const isOld = lines.some((line) => line.startsWith('--'));
  return new UsageError({
    message: isOld
      ? 'this git is too old to send the working state to other machines'
      : `the path of the repository of ${directory} has a line break`,
    ...(isOld ? { expected: 'git 2.31 or newer' } : {}),
    remedy: isOld ? 'update git' : 'move the repository to a path without one',
  });
}
