import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UsageError } from '../core/usage-error.js';

/** Files that shards left behind, by what they are. */
export interface Artefacts {
  readonly records: readonly string[];
  readonly histories: readonly string[];
  /** Results of Jest's `--json`. */
  readonly results: readonly string[];
  readonly junit: readonly string[];
  /** `coverage-final.json`. */
  readonly coverage: readonly string[];
}

/** What merging writes begins like this, and is not merged again. */
export const mergedPrefix = 'merged-';

const skippedFolders: ReadonlySet<string> = new Set(['node_modules', '.git']);

/**
 * Looks for what shards wrote, in folders to any depth, as downloads of artefacts nest them.
 * @throws {UsageError} for a path that is not there.
 */
export function findArtefacts(paths: readonly string[]): Artefacts {
  const found = { records: [], histories: [], results: [], junit: [], coverage: [] } satisfies Record<
    keyof Artefacts,
    string[]
  > as Record<keyof Artefacts, string[]>;
  for (const path of paths) {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory();
    if (isFolder === undefined) {
      throw new UsageError({
        file: path,
        message: 'there is nothing to merge here',
        found: 'no such file or folder',
      });
    }
    for (const file of isFolder ? filesIn(path) : [path]) {
      const kind = kindOf(file, isFolder);
      if (kind !== undefined) found[kind].push(file);
    }
  }
  return found;
}

/** By name, so that the order is the same everywhere. */
function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.name.startsWith(mergedPrefix)) return [];
      if (entry.isDirectory()) return skippedFolders.has(entry.name) ? [] : filesIn(path);
      return entry.isFile() ? [path] : [];
    });
}

/** @param isFound False for a file that the user named: what is no other thing is taken for a record. */
function kindOf(path: string, isFound: boolean): keyof Artefacts | undefined {
  const name = basename(path);
  if (/^run-.*\.jsonl$/.test(name)) return isFound && !isShardRecord(path) ? undefined : 'records';
  if (name === 'history.jsonl') return 'histories';
  if (name === 'coverage-final.json') return 'coverage';
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
