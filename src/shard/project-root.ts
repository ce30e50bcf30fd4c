import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, posix, resolve, win32 } from 'node:path';

/**
 * Where a run's project was, so that `merge` can tell its files on another machine. Records name no folder of a machine:
 * the folder of the checkout is a hash, and only what lies within the checkout is text.
 */
export interface RecordedRoot {
  /** Of the time at which the run started and the folder of the checkout. */
  readonly checkoutHash: string;
  /** Jest's rootDir within the checkout, `/` separated; empty when it is the checkout. */
  readonly rootDir: string;
}

/** What tells a record from others, and where its project was; records of before that was kept lack it. */
export interface RootedRecord {
  readonly path: string;
  readonly startedAt: string;
  readonly root?: RecordedRoot;
}

/** @param startedAt Of the run, as in its record. */
export function recordedRoot(rootDir: string, startedAt: string): RecordedRoot {
  const checkout = checkoutOf(rootDir);
  return {
    checkoutHash: hashOf(slashed(checkout), startedAt),
    rootDir: pathsLike(rootDir).relative(checkout, rootDir).replaceAll('\\', '/'),
  };
}

/** The nearest folder upwards that git manages; without git, the folder itself. */
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

/** Windows knows two separators and does not care how a drive's letter is written; elsewhere `\` is part of a name. */
function slashed(path: string): string {
  if (!windowsPath.test(path)) return path.replace(/\/$/, '');
  const text = path.replaceAll('\\', '/').replace(/\/$/, '');
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Gives paths of another machine the names that the same files have here. */
export interface Relocation {
  /** False: no record says where the files were, so that every path stays as it is. */
  readonly known: boolean;
  /** @param path Absolute; one outside of the checkout stays as it is. */
  path(path: string): string;
  /** All paths within a text, such as an error's stack. */
  text(text: string): string;
}

/**
 * @param file An artefact with paths of the machine that wrote it.
 * @param paths Of the artefact, absolute.
 * @param records Of all shards. Those that lie nearest to the artefact decide.
 * @param rootDir Of the project here.
 */
export function relocationOf(
  file: string,
  paths: readonly string[],
  records: readonly RootedRecord[],
  rootDir: string,
): Relocation {
  const near = nearest(file, records);
  const there = near
    .flatMap(({ root, startedAt }) => {
      const checkout = root && folderThere(paths, root.checkoutHash, startedAt);
      return checkout === undefined ? [] : [{ checkout, within: root?.rootDir ?? '' }];
    })
    .map((place) => ({
      ...place,
      known: paths.filter((path) => isWithin(slashed(path), place.checkout)).length,
    }))
    .sort((a, b) => b.known - a.known || b.checkout.length - a.checkout.length)[0];
  if (there === undefined) return { known: false, path: (path) => path, text: (text) => text };
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
    path: relocated,
    text: (text) => (checkout === '' ? text : text.replace(mentioned, relocated)),
  };
}

/** In the folders that they share with the file most of. */
function nearest(file: string, records: readonly RootedRecord[]): readonly RootedRecord[] {
  const parts = slashed(resolve(file)).split('/');
  const shared = ({ path }: RootedRecord) => {
    const others = slashed(resolve(path)).split('/').slice(0, -1);
    const differs = others.findIndex((part, at) => part !== parts[at]);
    return differs === -1 ? others.length : differs;
  };
  const most = Math.max(0, ...records.map(shared));
  return records.filter((record) => shared(record) === most);
}

/** The folder above one of the paths that has this hash. */
function folderThere(paths: readonly string[], hash: string, startedAt: string): string | undefined {
  const tried = new Set<string>();
  for (const path of paths) {
    let folder = slashed(path);
    while (folder.includes('/')) {
      folder = folder.slice(0, folder.lastIndexOf('/'));
      // What is above has been tried as well.
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

/** The checkout here, where the project lies in it as it did there. */
function checkoutAround(rootDir: string, within: string): string | undefined {
  if (within === '') return rootDir;
  const here = slashed(rootDir);
  return here.endsWith(`/${within}`) ? here.slice(0, -within.length - 1) || '/' : undefined;
}

/** Paths within a folder wherever a text mentions them, with either separator. */
function mentionsOf(folder: string): RegExp {
  const escaped = folder.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('/', '[\\\\/]');
  return new RegExp(`(?<![\\w./\\\\-])${escaped}[\\\\/][^\\s'"\`():<>|]*`, 'g');
}
