import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { AggregatedResult, Test, TestResult, V8CoverageResult } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { CoverageData } from './coverage.js';
import type { CountedScript, ScriptSource } from './raw-coverage.js';

/** The counts of all shards for one text of a file. */
export interface CountedSource {
  /** Absolute path of the file here. */
  readonly path: string;
  readonly source: Omit<ScriptSource, 'url'> | undefined;
  readonly counts: readonly Pick<CountedScript, 'functions' | 'times'>[];
}

/**
 * Adds up the counts of V8, then converts the sums once with Jest's own reporter, as a run of all suites does.
 * @param counted Different texts of one file (different line endings, for instance) are converted apart and then added up.
 */
export async function convertV8(
  counted: readonly CountedSource[],
  globalConfig: Config.GlobalConfig,
): Promise<CoverageData> {
  const folder = mkdtempSync(join(tmpdir(), 'jest-hardware-v8-'));
  try {
    const placed = placedSources(counted, folder);
    const converted = await convertedByJest(placed, globalConfig);
    return Object.fromEntries(
      Object.values(converted).map((file) => {
        const path = originalPath(file.path, placed);
        return [path, { ...file, path }];
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface PlacedSource extends CountedSource {
  /** Path where the conversion finds the text: that of the file itself if it has this text. */
  readonly place: string;
  readonly mapPath: string | null;
}

function placedSources(counted: readonly CountedSource[], folder: string): readonly PlacedSource[] {
  const texts = new Map<string, number>();
  for (const { path } of counted) texts.set(path, (texts.get(path) ?? 0) + 1);
  return counted.map((each, at) => {
    const { path, source } = each;
    const own = join(folder, String(at));
    mkdirSync(own);
    const { transformed, originalCode } = source ?? {};
    const mapPath = transformed === undefined ? null : join(own, 'source.map');
    if (mapPath !== null) writeFileSync(mapPath, JSON.stringify(transformed?.map));
    const isHere = transformed !== undefined || originalCode === undefined || isText(path, originalCode);
    if (isHere && texts.get(path) === 1) return { ...each, place: path, mapPath };
    const place = join(own, basename(path));
    writeFileSync(place, originalCode ?? '');
    return { ...each, place, mapPath };
  });
}

/** @param text As Jest keeps it: without a shebang. */
function isText(path: string, text: string): boolean {
  try {
    const found = readFileSync(path, 'utf8');
    return found === text || found.replace(/^#!.*/, '') === text;
  } catch {
    return false;
  }
}

async function convertedByJest(
  placed: readonly PlacedSource[],
  globalConfig: Config.GlobalConfig,
): Promise<CoverageData> {
  const { CoverageReporter } = await import('@jest/reporters');
  const { coverageThreshold: _threshold, ...config } = globalConfig;
  const reporter = new CoverageReporter(
    // Without reporters Jest adds one for people, unless it writes to stderr.
    { ...config, coverageProvider: 'v8', coverageReporters: [], useStderr: true } as Config.GlobalConfig,
    {} as ConstructorParameters<typeof CoverageReporter>[1],
  );
  for (const { place, mapPath, source, counts } of placed) {
    const codeTransformResult = source && {
      code: source.transformed?.code ?? source.originalCode,
      originalCode: source.originalCode,
      sourceMapPath: mapPath,
    };
    for (const { functions, times } of counts) {
      for (let time = 0; time < times; time++) {
        // The reporter changes the counts it is given, so each call gets a copy.
        const result = { url: place, scriptId: '0', functions: JSON.parse(functions) };
        const v8Coverage = [{ codeTransformResult, result }] as V8CoverageResult;
        reporter.onTestResult({} as Test, { v8Coverage } as TestResult);
      }
    }
  }
  const results = {} as AggregatedResult;
  await reporter.onRunComplete(new Set(), results);
  // Plain data instead of the map's own objects.
  return JSON.parse(JSON.stringify(results.coverageMap ?? {})) as CoverageData;
}

/** Translates a path in converted coverage: that of the file itself, or one that its source map names relative to it. */
function originalPath(path: string, placed: readonly PlacedSource[]): string {
  for (const { place, path: original } of placed) {
    if (place === original) continue;
    const within = relative(dirname(place), path);
    if (!within.startsWith('..')) return resolve(dirname(original), within);
  }
  return path;
}
