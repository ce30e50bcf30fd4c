import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { readRecordText } from '../../record/text.js';
import { isRawCoverageName } from './raw-coverage.js';

/** Files that shards left behind, by what they are. */
export interface Artefacts {
  readonly records: readonly string[];
  readonly histories: readonly string[];
  /** Results of Jest's `--json`. */
  readonly results: readonly string[];
  readonly junit: readonly string[];
  /** `coverage-final.json`. */
  readonly coverage: readonly string[];
  /** Counts of V8, before they were converted. */
  readonly rawCoverage: readonly string[];
}

/** Prefix of the files that merging writes. They are not merged again. */
export const mergedPrefix = 'merged-';

const skippedFolders: ReadonlySet<string> = new Set(['node_modules', '.git']);

/**
 * Finds the files that shards wrote. Folders are searched to any depth, because downloads of artefacts nest them.
 * @throws {UsageError} for a path that does not exist.
 */
export function findArtefacts(paths: readonly string[]): Artefacts {
  const found = {
    records: [],
    histories: [],
    results: [],
    junit: [],
    coverage: [],
    rawCoverage: [],
  } satisfies Record<keyof Artefacts, string[]> as Record<keyof Artefacts, string[]>;
  const seen = new Set<string>();
  for (const path of paths) {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
    if (isFolder === undefined) {
      throw new UsageError({
        file: path,
        message: 'there is nothing to merge here',
        found: 'no such file or folder',
      });
    }
    for (const file of isFolder ? filesIn(path, seen) : isNew(path, seen) ? [path] : []) {
      const kind = kindOf(file, isFolder);
      if (kind !== undefined) found[kind].push(file);
    }
  }
  return found;
}

/**
 * Files of a folder, sorted by name so that the order is the same everywhere. Links are followed: caches create them.
 * @param seen Real paths found so far, so that nothing is found twice and no circle is followed.
 */
function filesIn(folder: string, seen: Set<string>): readonly string[] {
  if (!isNew(folder, seen)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      if (name.startsWith(mergedPrefix)) return [];
      // Without stats: a broken link.
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats?.isDirectory()) return skippedFolders.has(name) ? [] : filesIn(path, seen);
      return stats?.isFile() && isNew(path, seen) ? [path] : [];
    });
}

function isNew(path: string, seen: Set<string>): boolean {
  return seen.size !== seen.add(realpathSync(path)).size;
}

/**
 * Removes the records that do not count, and the results and coverage that lie with them. A file belongs to the records in
 * the nearest folder above it that holds any.
 * @param leftOut Paths of the records that do not count.
 */
export function withoutAttempts(artefacts: Artefacts, leftOut: readonly string[]): Artefacts {
  const out = new Set(leftOut);
  const recordsIn = new Map<string, boolean>();
  for (const record of artefacts.records) {
    for (let folder = dirname(resolve(record)); ; folder = dirname(folder)) {
      recordsIn.set(folder, (recordsIn.get(folder) ?? false) || !out.has(record));
      if (folder === dirname(folder)) break;
    }
  }
  const counts = (path: string) => {
    let folder = dirname(resolve(path));
    while (!recordsIn.has(folder) && folder !== dirname(folder)) folder = dirname(folder);
    return recordsIn.get(folder) ?? true;
  };
  return {
    records: artefacts.records.filter((record) => !out.has(record)),
    histories: artefacts.histories.filter(counts),
    results: artefacts.results.filter(counts),
    junit: artefacts.junit.filter(counts),
    coverage: artefacts.coverage.filter(counts),
    // Raw coverage names its run, so the folder does not matter.
    rawCoverage: artefacts.rawCoverage,
  };
}

/** @param isFound False for a file that the user named. Such a file counts as a record when it is nothing else. */
function kindOf(path: string, isFound: boolean): keyof Artefacts | undefined {
  const name = basename(path);
  if (/^run-.*\.jsonl(?:\.gz)?$/.test(name)) return isFound && !isShardRecord(path) ? undefined : 'records';
  if (name === 'history.jsonl') return 'histories';
  if (name === 'coverage-final.json') return 'coverage';
  if (isRawCoverageName(name)) return 'rawCoverage';
  if (name.endsWith('.json') && isJestResult(path)) return 'results';
  if (name.endsWith('.xml') && readFileSync(path, 'utf8').includes('<testsuite')) return 'junit';
  return isFound ? undefined : 'records';
}

/** Whether a record is of a shard: an output directory may also hold records of whole runs. */
function isShardRecord(path: string): boolean {
  const [first = ''] = readRecordText(path).split('\n', 1);
  return !first.startsWith('{') || /"total":\d/.test(first);
}

function isJestResult(path: string): boolean {
  const text = readFileSync(path, 'utf8');
  return text.includes('"numTotalTests"') && text.includes('"testResults"');
}
