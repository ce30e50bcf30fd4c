import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AggregatedResult, Test, TestResult } from '@jest/test-result';
import type { Config } from '@jest/types';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { type Relocation, type RootedRecord, relocationOf } from '../project-root.js';
import { type CountedSource, convertV8 } from './convert-v8.js';
import { type RawCoverage, readRawCoverage, type ScriptSource } from './raw-coverage.js';

/** As in `coverage-final.json`, in istanbul's format. */
export type CoverageData = Readonly<Record<string, FileCoverage>>;

interface FileCoverage {
  readonly path: string;
  /** V8's alone. */
  readonly all?: boolean;
}

/** What shards left behind of their coverage. */
export interface ShardsCoverage {
  /** Each a `coverage-final.json`. */
  readonly converted: readonly string[];
  /** Files with the counts of V8, before they were converted. */
  readonly raw: readonly string[];
  /** Records of the shards that are merged. */
  readonly records: readonly CoveredRecord[];
}

export interface CoveredRecord extends RootedRecord {
  readonly index: number;
  readonly provider?: 'babel' | 'v8';
}

export interface MergedCoverage {
  readonly meetsThresholds: boolean;
  /** What readers of the reports should know, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Merges the coverage of shards, writes the reports that Jest would write, and checks the thresholds against the sum.
 * @param directory Folder for the reports.
 */
export async function mergeCoverage(
  shards: ShardsCoverage,
  globalConfig: Config.GlobalConfig,
  directory: string,
): Promise<MergedCoverage> {
  const { rootDir } = globalConfig;
  const raw = rawOf(shards, rootDir);
  const converted = shards.converted.map((file) => convertedOf(file, shards.records, rootDir));
  const notes: string[] = [];
  const { counted, severalTexts } = countedSources(raw.files);
  if (severalTexts.length > 0) {
    notes.push(
      `V8 coverage of ${listed(severalTexts)} is added up after conversion, because shards had different texts of it: its branches are not exact`,
    );
  }
  const sums = await convertV8(counted, globalConfig);
  const exact = new Set([...Object.keys(sums), ...counted.map(({ path }) => path)]);
  const parts = converted.map(({ file, coverage }) => {
    const isCounted = raw.missing.length === 0 || raw.directories.has(dirname(file));
    // The counts of such a shard are in the sums. Its converted coverage only adds files that no suite loaded.
    return raw.files.length > 0 && isCounted ? without(coverage, exact) : coverage;
  });
  if (raw.missing.length > 0 || (raw.files.length === 0 && parts.some(isOfV8))) {
    const who =
      raw.missing.length === 0 ? 'the shards' : listed(raw.missing.map((index) => `shard ${index}`));
    notes.push(
      `branches of V8 coverage are not exact: ${who} left no raw counts (jest-hardware-v8-….jsonl.gz beside coverage-final.json), so that converted coverage is added up`,
    );
  }
  const strangers = converted.filter(({ relocation }) => !relocation.known).map(({ file }) => file);
  if (strangers.length > 0 && shards.records.some(({ root }) => root === undefined)) {
    notes.push(
      `the paths in ${listed(strangers)} stay as they are: no record beside says in which folder its project was`,
    );
  }
  const meetsThresholds = await report([sums, ...parts], globalConfig, directory);
  return { meetsThresholds, notes };
}

async function report(
  parts: readonly CoverageData[],
  globalConfig: Config.GlobalConfig,
  directory: string,
): Promise<boolean> {
  const { CoverageReporter } = await import('@jest/reporters');
  const config: Config.GlobalConfig = {
    ...globalConfig,
    collectCoverage: true,
    coverageDirectory: directory,
    // All coverage is in istanbul's format by now, whichever provider took it.
    coverageProvider: 'babel',
  };
  // Only watch mode and files that no test loaded need the context. The shards have covered the latter.
  const context = {} as ConstructorParameters<typeof CoverageReporter>[1];
  const reporter = new CoverageReporter(config, context);
  for (const coverage of parts) {
    reporter.onTestResult({} as Test, { coverage } as unknown as TestResult);
  }
  await reporter.onRunComplete(new Set(), {} as AggregatedResult);
  return reporter.getLastError() === undefined;
}

interface ConvertedFile {
  readonly file: string;
  readonly coverage: CoverageData;
  readonly relocation: Relocation;
}

/** Reads converted coverage, and translates its paths: machines check the project out into different folders. */
function convertedOf(file: string, records: readonly RootedRecord[], rootDir: string): ConvertedFile {
  const files = Object.values(readConverted(file));
  const relocation = relocationOf(
    file,
    files.map(({ path }) => path),
    records,
    rootDir,
  );
  const coverage = Object.fromEntries(
    files.map((each) => {
      const path = relocation.pathHere(each.path);
      return [path, { ...each, path }];
    }),
  );
  return { file, coverage, relocation };
}

function readConverted(file: string): CoverageData {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as CoverageData;
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError({ file, message: 'the coverage cannot be read', found }, { cause });
  }
}

interface RawFiles {
  /** Each run's once. */
  readonly files: readonly RawCoverage[];
  readonly directories: ReadonlySet<string>;
  /** Numbers of shards that took V8 coverage but left no raw counts. */
  readonly missing: readonly number[];
}

function rawOf({ raw, records }: ShardsCoverage, rootDir: string): RawFiles {
  const files = new Map<string, RawCoverage>();
  const directories = new Set<string>();
  const keyOf = (run: { startedAt: string; index: number }) => `${run.startedAt} ${run.index}`;
  const wanted = new Set(records.map(keyOf));
  for (const file of raw) {
    const content = readRawCoverage(file);
    // A directory may also hold counts of earlier runs, which are not merged.
    if (!wanted.has(keyOf(content))) continue;
    directories.add(dirname(file));
    if (!files.has(keyOf(content))) files.set(keyOf(content), relocated(content, file, records, rootDir));
  }
  const missing = records.filter((record) => record.provider === 'v8' && !files.has(keyOf(record)));
  return {
    files: [...files.values()],
    directories,
    missing: [...new Set(missing.map(({ index }) => index))],
  };
}

function relocated(
  raw: RawCoverage,
  file: string,
  records: readonly CoveredRecord[],
  rootDir: string,
): RawCoverage {
  // The counts name their run, so only its own record decides.
  const own = records.filter(({ startedAt, index }) => startedAt === raw.startedAt && index === raw.index);
  const { pathHere } = relocationOf(
    file,
    raw.scripts.map(({ url }) => url),
    own,
    rootDir,
  );
  return {
    ...raw,
    scripts: raw.scripts.map((script) => ({ ...script, url: pathHere(script.url) })),
    sources: raw.sources.map((source) => ({ ...relocatedMap(source, pathHere), url: pathHere(source.url) })),
  };
}

/** Some transformers name the original by its absolute path. */
function relocatedMap(source: ScriptSource, path: (path: string) => string): ScriptSource {
  const { transformed } = source;
  if (transformed === undefined) return source;
  const map = { ...transformed.map, sources: transformed.map.sources.map(path) };
  return { ...source, transformed: { ...transformed, map } };
}

/** Groups counts by file and text: they refer to positions in the text that a shard ran. */
function countedSources(files: readonly RawCoverage[]): {
  readonly counted: readonly CountedSource[];
  readonly severalTexts: readonly string[];
} {
  const found = new Map<string, CountedSource & { counts: CountedSource['counts'][number][] }>();
  for (const { scripts, sources } of files) {
    const sourceOf = new Map(sources.map(({ url, ...source }) => [url, source]));
    for (const { url, functions, times } of scripts) {
      const source = sourceOf.get(url);
      const key = JSON.stringify([url, source?.transformed?.code ?? null, source?.originalCode ?? null]);
      const known = found.get(key) ?? { path: url, source, counts: [] };
      known.counts.push({ functions, times });
      found.set(key, known);
    }
  }
  const counted = [...found.values()];
  const first = new Map(counted.map((each) => [each.path, each]).toReversed() as [string, CountedSource][]);
  const further = counted.filter((each) => first.get(each.path) !== each).map(({ path }) => path);
  return { counted, severalTexts: [...new Set(further)] };
}

function without(coverage: CoverageData, paths: ReadonlySet<string>): CoverageData {
  return Object.fromEntries(Object.entries(coverage).filter(([path]) => !paths.has(path)));
}

function isOfV8(coverage: CoverageData): boolean {
  return Object.values(coverage).some(({ all }) => all !== undefined);
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ' …' : ''}`;
}
