import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { V8CoverageResult } from '@jest/test-result';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { writeAtomically } from '../../host/write-atomically.js';

/** The counts of V8 for one script, in one suite or in several suites with equal counts. */
export interface CountedScript {
  readonly url: string;
  /** JSON of V8's functions and their ranges. */
  readonly functions: string;
  /** Number of suites with exactly these counts. */
  readonly times: number;
}

/** What is needed to convert the counts of a file. */
export interface ScriptSource {
  readonly url: string;
  readonly originalCode: string;
  /** Left out when the transformer gave no source map: then Jest converts the original code. */
  readonly transformed?: { readonly code: string; readonly map: SourceMap };
}

type SourceMap = { readonly sources: readonly string[]; readonly sourcesContent?: readonly string[] };

/** One shard's coverage before conversion. */
export interface RawCoverage {
  /** Start of the run, as in its record. */
  readonly startedAt: string;
  readonly index: number;
  readonly scripts: readonly CountedScript[];
  readonly sources: readonly ScriptSource[];
}

/** Well above a project of 1,000 suites that load 100 files each, and below V8's longest string (512 MiB). */
const mostCharacters = 128 * 2 ** 20;

/** As many as the records that an output directory keeps. */
const mostFiles = 20;

const version = 1;
const namePattern = /^jest-hardware-v8-.*\.jsonl\.gz$/;

export function isRawCoverageName(name: string): boolean {
  return namePattern.test(name);
}

/**
 * Collects the counts of V8, suite by suite. Different counts of a script are kept apart, because V8 counts in different
 * detail from suite to suite and only Jest adds that up correctly. Equal counts are kept once, with their number.
 */
export class RawCoverageCollector {
  readonly #scripts = new Map<string, { url: string; functions: string; times: number }>();
  readonly #sources = new Map<string, ScriptSource>();
  #characters = 0;

  /** @param coverage Of one suite. It is copied: Jest changes it at the end of the run. */
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

  /** Whether there are too many counts. Then no more are collected, and none can be written. */
  get isTooLarge(): boolean {
    return this.#characters > mostCharacters;
  }

  /** Writes `jest-hardware-v8-<time>.jsonl.gz`, and deletes all but the newest such files of the directory. */
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
    writeAtomically(path, gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
    return path;
  }
}

type CodeTransformResult = NonNullable<V8CoverageResult[number]['codeTransformResult']>;

function sourceOf(result: CodeTransformResult): Omit<ScriptSource, 'url'> {
  const { code, originalCode, sourceMapPath } = result;
  const map = sourceMapPath == null ? undefined : readMap(sourceMapPath);
  if (map === undefined) return { originalCode };
  // The map often repeats the original code. The conversion finds it beside the map as well.
  const { sourcesContent, ...lean } = map;
  const repeats = sourcesContent?.length === 1 && sourcesContent[0] === originalCode;
  return { originalCode, transformed: { code, map: repeats ? lean : map } };
}

/** Undefined for a missing map, without which Jest goes on too. */
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
        remedy:
          'download it again, or delete it: then converted coverage is used, whose branches are not exact',
      },
      { cause },
    );
  }
}
