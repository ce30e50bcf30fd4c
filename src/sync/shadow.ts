import { createHash, randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf } from '../host/system-error.js';
import { writeAtomically } from '../host/write-atomically.js';
import { environmentOfOurs, type GitCall, GitError, tryGit } from './git.js';
import type { Repository } from './repository.js';

/**
 * A git directory of our own for the user's working tree. It keeps an index with the stat data of every file, so that
 * an unchanged file is not read again, and the objects that the user's repository lacks. The user's own index would not
 * do: its flags (skip-worktree, assume-unchanged), its file system monitor and conversions at check-in hide changes.
 * Files are taken byte by byte: conversion of line ends, filters and `$Id$` are off.
 */
export interface Shadow {
  readonly directory: string;
  /** Runs git with the private index of this call. */
  git(args: readonly string[], options?: { index?: string; input?: string }): Promise<string>;
  /** The index of this call; nobody else uses it. */
  readonly index: string;
  /** Makes a further index from the one of this call. */
  fork(): string;
  /** Keeps the index for the next call. */
  keep(): void;
  /** Removes what this call alone has used. */
  dispose(): void;
}

/** A file that an index holds. */
export interface Held {
  readonly mode: string;
  readonly path: string;
}

const orphanAgeMs = 3_600_000;
/** Loose objects in one of 256 folders, beyond which everything is begun anew. Not tuned: about 50,000 edits. */
const maxObjectsPerFolder = 200;

/** Opens it, and creates it when it is new. */
export function openShadow(repository: Repository, directory: string, signal?: AbortSignal): Shadow {
  prepare(repository, directory);
  const kept = join(directory, 'index');
  const names: string[] = [];
  const newName = () => {
    const name = join(directory, `index-${randomUUID()}`);
    names.push(name);
    return name;
  };
  const index = newName();
  sameIndex(kept, index);
  const call: GitCall = { cwd: repository.root, env: environmentOfOurs(), signal };
  const fixed = [`--git-dir=${directory}`, `--work-tree=${repository.root}`, ...settingsFor(repository)];
  return {
    directory,
    index,
    git: async (args, options = {}) => {
      const env = { ...call.env, GIT_INDEX_FILE: options.index ?? index };
      const outcome = await tryGit([...fixed, ...args], { ...call, env, input: options.input });
      // Git passes over folders that it cannot read; their files would be missing without a word.
      if (outcome.code !== 0 || unreadFolder.test(outcome.stderr)) throw new GitError(args, outcome);
      return outcome.stdout;
    },
    fork: () => {
      const name = newName();
      sameIndex(index, name);
      return name;
    },
    keep: () => {
      if (existsSync(index)) renameSync(index, kept);
    },
    dispose: () => {
      for (const name of names) for (const path of [name, `${name}.lock`]) rmSync(path, { force: true });
    },
  };
}

/** What git says of a folder that it cannot read; its path is the first group. */
export const unreadFolder = /^warning: could not open directory '(.*?)\/?': (.*)$/m;

/** Where the shadow of a project lies unless a folder is given: with the other caches of the project. */
export function defaultShadowDirectory(directory: string, root: string): string {
  const name = `sync-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`;
  const modules = join(directory, 'node_modules');
  if (existsSync(modules)) return join(modules, '.cache', 'jest-runner-hardware', name);
  const shared = join(tmpdir(), `jest-runner-hardware-${process.getuid?.() ?? 'cache'}`);
  mkdirSync(shared, { recursive: true, mode: 0o700 });
  // Another user could have put the folder there first.
  const isOurs = process.getuid === undefined || lstatSync(shared).uid === process.getuid();
  return isOurs ? join(shared, name) : mkdtempSync(join(tmpdir(), 'jest-runner-hardware-'));
}

function prepare({ objects, exclude }: Repository, directory: string): void {
  if (isFull(directory)) rmSync(directory, { recursive: true, force: true });
  for (const folder of ['objects/info', 'refs', 'info'])
    mkdirSync(join(directory, folder), { recursive: true, mode: 0o700 });
  write(join(directory, 'HEAD'), 'ref: refs/heads/none\n');
  write(
    join(directory, 'config'),
    '[core]\n\trepositoryformatversion = 0\n\tbare = false\n[gc]\n\tauto = 0\n',
  );
  write(join(directory, 'info/attributes'), rawAttributes);
  write(join(directory, 'info/exclude'), `node_modules\n${exclude}`);
  addObjects(directory, objects === undefined ? [] : [objects]);
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (name.startsWith('index-') && isOlderThan(path, orphanAgeMs)) rmSync(path, { force: true });
  }
}

/** Files are what they are, byte by byte. */
export const rawAttributes = '* -text -eol -crlf -filter -ident -working-tree-encoding\n';

/** Lets it use the objects of further repositories; those that are gone are forgotten. */
export function addObjects(directory: string, folders: readonly string[]): void {
  const path = join(directory, 'objects/info/alternates');
  const known = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  const all = new Set([...known, ...folders].filter((folder) => folder !== '' && existsSync(folder)));
  write(path, [...all].map((folder) => `${folder}\n`).join(''));
}

/** Another call may read it at this moment. */
function write(path: string, content: string): void {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== content) writeAtomically(path, content);
}

function isFull(directory: string): boolean {
  try {
    return readdirSync(join(directory, 'objects/17')).length > maxObjectsPerFolder;
  } catch {
    return false;
  }
}

function isOlderThan(path: string, ageMs: number): boolean {
  try {
    return Date.now() - statSync(path).mtimeMs > ageMs;
  } catch {
    return false;
  }
}

/**
 * The same index under a second name. A link, and not a copy: git takes an entry whose file is as young as the index for
 * doubtful and reads the file again, so that the time of the index must stay what it was. Git never writes into an
 * index, it replaces it.
 */
export function sameIndex(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    // File systems without links. A second older: more files are read again, none is overlooked.
    copyFileSync(from, to);
    const { mtimeMs } = statSync(from);
    utimesSync(to, mtimeMs / 1000 - 1, mtimeMs / 1000 - 1);
  }
}

function settingsFor({ settings }: Repository): string[] {
  const inherited = ['filemode', 'symlinks', 'ignorecase', 'precomposeunicode', 'excludesfile'];
  const pairs = inherited.flatMap((name) => {
    const value = settings.get(name);
    return value === undefined ? [] : [`core.${name}=${value}`];
  });
  // The objects are of use for minutes: neither waiting for the disk nor packing them tightly pays.
  const fast = ['core.fsync=none', 'core.looseCompression=1', 'core.hooksPath=/dev/null'];
  return [...pairs, ...fast, 'core.fsmonitor=false', 'advice.addEmbeddedRepo=false'].flatMap((pair) => [
    '-c',
    pair,
  ]);
}
