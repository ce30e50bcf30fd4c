import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, posix, resolve, win32 } from 'node:path';

/**
 * Where the project of a run was, so that `merge` can find its files on another machine. Records name no folder outside of
 * the checkout: the checkout itself is kept as a hash, and rootDir relative to it as text.
 */
export interface RecordedRoot {
  /** Hash of the run's start time and the folder of the checkout. */
  readonly checkoutHash: string;
  /** Jest's rootDir relative to the checkout, separated by `/`; empty when it is the checkout. */
  readonly rootDir: string;
}

/** What identifies a record, and where its project was. Records of older versions have no root. */
export interface RootedRecord {
  readonly path: string;
  readonly startedAt: string;
  readonly root?: RecordedRoot;
}

/** @param startedAt Start time of the run, as in its record. */
export function recordedRoot(rootDir: string, startedAt: string): RecordedRoot {
  const checkout = checkoutOf(rootDir);
  return {
    checkoutHash: hashOf(slashed(checkout), startedAt),
    rootDir: pathsLike(rootDir).relative(checkout, rootDir).replaceAll('\\', '/'),
  };
}

/** The folder itself or the nearest one above it with a `.git`; without any, the folder itself. */
function checkoutOf(rootDir: string): string {
  const { dirname } = pathsLike(rootDir);
  for (let folder = rootDir; ; folder = dirname(folder)) {
    if (existsSync(join(folder, '.git'))) return folder;
    if (folder === dirname(folder)) return rootDir;
  }
}

function hashOf(folder: string, startedAt: string): string {
  return createHash('sha256').update(`${startedAt}\0${folder}`).digest('hex').slice(0, 32);
}

const windowsPath = /^(?:[A-Za-z]:[\\/]|\\\\)/;

function pathsLike(path: string): typeof posix {
  return windowsPath.test(path) ? win32 : posix;
}

/** Windows has two separators, and ignores the case of a drive's letter. Elsewhere `\` is part of a name. */
function slashed(path: string): string {
  if (!windowsPath.test(path)) return path.replace(/\/$/, '');
  const text = path.replaceAll('\\', '/').replace(/\/$/, '');
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Translates paths of another machine to those of the same files here. */
export interface Relocation {
  /** False when no record says where the files were. Then every path stays as it is. */
  readonly known: boolean;
  /** @param path Absolute. A path outside of the checkout stays as it is. */
  pathHere(path: string): string;
  /** Translates all paths in a text, such as the stack of an error. */
  textHere(text: string): string;
}

/**
 * How to translate the paths of an artefact.
 * @param file The artefact, whose paths are those of the machine that wrote it.
 * @param paths The absolute paths in the artefact.
 * @param records The records of all shards. Those nearest to the artefact in the folders decide.
 * @param rootDir Jest's rootDir of the project here.
 */
export function relocationOf(
  file: string,
  paths: readonly string[],
  records: readonly RootedRecord[],
  rootDir: string,
): Relocation {
  const near = nearestRecords(file, records);
  const there = near
    .flatMap(({ root, startedAt }) => {
      const checkout = root && folderWithHash(paths, root.checkoutHash, startedAt);
      return checkout === undefined ? [] : [{ checkout, within: root?.rootDir ?? '' }];
    })
    .map((place) => ({
      ...place,
      known: paths.filter((path) => isWithin(slashed(path), place.checkout)).length,
    }))
    .sort((a, b) => b.known - a.known || b.checkout.length - a.checkout.length)[0];
  if (there === undefined) return { known: false, pathHere: (path) => path, textHere: (text) => text };
  const { checkout, within } = there;
  const rootThere = within === '' ? checkout : `${checkout}/${within}`;
  const checkoutHere = checkoutAround(rootDir, within);
  const relocated = (path: string): string => {
    const from = slashed(path);
    if (isWithin(from, rootThere)) return join(rootDir, from.slice(rootThere.length));
    if (checkoutHere !== undefined && isWithin(from, checkout)) {
      return join(checkoutHere, from.slice(checkout.length));
    }
    return path;
  };
  const mentioned = mentionsOf(checkout);
  return {
    known: true,
    pathHere: relocated,
    textHere: (text) => (checkout === '' ? text : text.replace(mentioned, relocated)),
  };
}

/** The records that share the most leading folders with the file. */
function nearestRecords(file: string, records: readonly RootedRecord[]): readonly RootedRecord[] {
  const parts = slashed(resolve(file)).split('/');
  const shared = ({ path }: RootedRecord) => {
    const others = slashed(resolve(path)).split('/').slice(0, -1);
    const differs = others.findIndex((part, at) => part !== parts[at]);
    return differs === -1 ? others.length : differs;
  };
  const most = Math.max(0, ...records.map(shared));
  return records.filter((record) => shared(record) === most);
}

/** The folder above one of the paths whose hash is this one. */
function folderWithHash(paths: readonly string[], hash: string, startedAt: string): string | undefined {
  const tried = new Set<string>();
  for (const path of paths) {
    let folder = slashed(path);
    while (folder.includes('/')) {
      folder = folder.slice(0, folder.lastIndexOf('/'));
      // The folders above it have been tried too.
      if (tried.has(folder)) break;
      tried.add(folder);
      if (hashOf(folder, startedAt) === hash) return folder;
    }
  }
  return undefined;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The checkout here; undefined unless the project lies in it as it did there. */
function checkoutAround(rootDir: string, within: string): string | undefined {
  if (within === '') return rootDir;
  const here = slashed(rootDir);
  return here.endsWith(`/${within}`) ? here.slice(0, -within.length - 1) || '/' : undefined;
}

/** Matches paths within a folder anywhere in a text, with either separator. */
function mentionsOf(folder: string): RegExp {
  const escaped = folder.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('/', '[\\\\/]');
  return new RegExp(`(?<![\\w./\\\\-])${escaped}[\\\\/][^\\s'"\`():<>|]*`, 'g');
}
