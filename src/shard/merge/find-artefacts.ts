import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../../core/vocabulary/usage-error.js';
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
  /** What V8 counted, before it was converted. */
  readonly rawCoverage: readonly string[];
}

/** What merging writes begins like this, and is not merged again. */
export const mergedPrefix = 'merged-';

const skippedFolders: ReadonlySet<string> = new Set(['node_modules', '.git']);

/**
 * Looks for what shards wrote, in folders to any depth, as downloads of artefacts nest them.
 * @throws {UsageError} for a path that is not there.
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
 * By name, so that the order is the same everywhere. Links are followed, as caches and stores of artefacts make them.
 * @param seen Real paths of what was found before: nothing is found twice, and no circle is followed.
 */
function filesIn(folder: string, seen: Set<string>): readonly string[] {
  if (!isNew(folder, seen)) return [];
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      if (name.startsWith(mergedPrefix)) return [];
      // A link that leads nowhere is nothing.
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats?.isDirectory()) return skippedFolders.has(name) ? [] : filesIn(path, seen);
      return stats?.isFile() && isNew(path, seen) ? [path] : [];
    });
}

function isNew(path: string, seen: Set<string>): boolean {
  return seen.size !== seen.add(realpathSync(path)).size;
}

/**
 * Without what lies beside records that do not count: an earlier attempt of a shard left results and coverage too. A file
 * belongs to the records in the nearest folder around it that has any.
 * @param leftOut Records of artefacts.
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
    // Each names its run.
    rawCoverage: artefacts.rawCoverage,
  };
}

/** @param isFound False for a file that the user named: what is no other thing is taken for a record. */
function kindOf(path: string, isFound: boolean): keyof Artefacts | undefined {
  const name = basename(path);
  if (/^run-.*\.jsonl$/.test(name)) return isFound && !isShardRecord(path) ? undefined : 'records';
  if (name === 'history.jsonl') return 'histories';
  if (name === 'coverage-final.json') return 'coverage';
  if (isRawCoverageName(name)) return 'rawCoverage';
  if (name.endsWith('.json') && isJestResult(path)) return 'results';
  if (name.endsWith('.xml') && readFileSync(path, 'utf8').includes('<testsuite')) return 'junit';
  return isFound ? undefined : 'records';
}

/** An output directory may also hold records of whole runs. */
function isShardRecord(path: string): boolean {
  const [first = ''] = readFileSync(path, 'utf8').split('\n', 1);
  return !first.startsWith('{') || /"total":\d/.test(first);
}

function isJestResult(path: string): boolean {
  const text = readFileSync(path, 'utf8');
  return text.includes('"numTotalTests"') && text.includes('"testResults"');
}
