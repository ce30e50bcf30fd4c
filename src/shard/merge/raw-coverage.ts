import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { V8CoverageResult } from '@jest/test-result';
import { UsageError } from '../../core/vocabulary/usage-error.js';

/** What V8 counted in one script of one suite or, where that is the same, of several. */
export interface CountedScript {
  readonly url: string;
  /** JSON of V8's functions and their ranges. */
  readonly functions: string;
  /** How many suites have these very counts. */
  readonly times: number;
}

/** What is needed to convert the counts of a file. */
export interface ScriptSource {
  readonly url: string;
  readonly originalCode: string;
  /** Left out where the transformer gave no source map: Jest converts the original code then. */
  readonly transformed?: { readonly code: string; readonly map: SourceMap };
}

type SourceMap = { readonly sources: readonly string[]; readonly sourcesContent?: readonly string[] };

/** One shard's coverage before conversion. */
export interface RawCoverage {
  /** Of the run, as in its record. */
  readonly startedAt: string;
  readonly index: number;
  readonly scripts: readonly CountedScript[];
  readonly sources: readonly ScriptSource[];
}

/** A project of 1,000 suites that load 100 files each stays far below; V8 cannot hold a string of more than 512 MiB. */
const mostCharacters = 128 * 2 ** 20;

/** As many as there are records beside each other. */
const mostFiles = 20;

const version = 1;
const namePattern = /^jest-hardware-v8-.*\.jsonl\.gz$/;

export function isRawCoverageName(name: string): boolean {
  return namePattern.test(name);
}

/**
 * Collects what V8 counted, suite by suite: sums of parts are not the sum of the whole (V8 counts functions in different
 * detail from suite to suite), so that equal counts are kept once with their number, and different ones apart.
 */
export class RawCoverageCollector {
  readonly #scripts = new Map<string, { url: string; functions: string; times: number }>();
  readonly #sources = new Map<string, ScriptSource>();
  #characters = 0;

  /** @param coverage Of one suite. Jest changes it when the run is complete. */
  add(coverage: V8CoverageResult): void {
    for (const { result, codeTransformResult } of coverage) {
      if (this.isTooLarge) return;
      const { url } = result;
      const functions = JSON.stringify(result.functions);
      const key = `${url}\0${functions}`;
      const same = this.#scripts.get(key);
      if (same === undefined) {
        this.#scripts.set(key, { url, functions, times: 1 });
        this.#characters += key.length;
      } else same.times++;
      if (codeTransformResult != null && !this.#sources.has(url)) {
        const source = { url, ...sourceOf(codeTransformResult) };
        this.#sources.set(url, source);
        this.#characters += JSON.stringify(source).length;
      }
    }
  }

  /** Nothing more is taken, and nothing can be written. */
  get isTooLarge(): boolean {
    return this.#characters > mostCharacters;
  }

  /** Writes `jest-hardware-v8-<time>.jsonl.gz`; of earlier ones in the directory the newest stay. */
  write(directory: string, startedAt: string, index: number): string {
    mkdirSync(directory, { recursive: true });
    const lines = [
      { version, startedAt, index },
      ...[...this.#scripts.values()].map((script) => ({ script })),
      ...[...this.#sources.values()].map((source) => ({ source })),
    ];
    const path = join(directory, `jest-hardware-v8-${startedAt.replaceAll(':', '-')}.jsonl.gz`);
    const earlier = readdirSync(directory).filter(isRawCoverageName).sort();
    for (const name of earlier.slice(0, Math.max(0, earlier.length - mostFiles + 1))) {
      rmSync(join(directory, name), { force: true });
    }
    writeFileSync(path, gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
    return path;
  }
}

type CodeTransformResult = NonNullable<V8CoverageResult[number]['codeTransformResult']>;

function sourceOf(result: CodeTransformResult): Omit<ScriptSource, 'url'> {
  const { code, originalCode, sourceMapPath } = result;
  const map = sourceMapPath == null ? undefined : readMap(sourceMapPath);
  if (map === undefined) return { originalCode };
  // Maps repeat the original code, which conversion takes as well from beside the map.
  const { sourcesContent, ...lean } = map;
  const repeats = sourcesContent?.length === 1 && sourcesContent[0] === originalCode;
  return { originalCode, transformed: { code, map: repeats ? lean : map } };
}

/** Jest goes on without a map that is not there, too. */
function readMap(path: string): SourceMap | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SourceMap;
  } catch {
    return undefined;
  }
}

/** @throws {UsageError} for a file that is damaged or of another version. */
export function readRawCoverage(path: string): RawCoverage {
  try {
    const [head, ...lines] = gunzipSync(readFileSync(path))
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    if (head.version !== version) throw new Error(`version ${head.version}, not ${version}`);
    return {
      startedAt: head.startedAt,
      index: head.index,
      scripts: lines.flatMap(({ script }) => script ?? []),
      sources: lines.flatMap(({ source }) => source ?? []),
    };
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(
      {
        file: path,
        message: 'the raw coverage cannot be read',
        found,
        remedy: 'fetch it again, or delete it: converted coverage will do, but for branches',
      },
      { cause },
    );
  }
}
