import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../../host/write-atomically.js';
import type { SuiteResult } from '../suite.js';

/** Source maps by their paths. */
export type SourceMaps = Readonly<Record<string, object>>;

/** The maps of Jest's transform cache by which the V8 coverage of a result is converted: Jest reads them at the end of a run. */
export function sourceMapsOf(result: SuiteResult | undefined): SourceMaps {
  return Object.fromEntries(
    [...mapPathsOf(result)].flatMap((path) => {
      try {
        return [[path, JSON.parse(readFileSync(path, 'utf8')) as object]];
      } catch {
        // Jest goes on without a map, too.
        return [];
      }
    }),
  );
}

/**
 * The result with the paths of maps that lie here.
 * @param cacheDirectory Of Jest.
 */
export function withSourceMaps(result: SuiteResult, maps: SourceMaps, cacheDirectory: string): SuiteResult {
  if ('error' in result || result.testResult.v8Coverage === undefined) return result;
  const folder = join(cacheDirectory, 'jest-hardware-source-maps');
  const v8Coverage = result.testResult.v8Coverage.map((each) => {
    const { codeTransformResult: transformed } = each;
    if (transformed?.sourceMapPath == null) return each;
    const map = maps[transformed.sourceMapPath];
    // A path there means nothing here.
    const sourceMapPath = map === undefined ? null : keep(folder, JSON.stringify(map));
    return { ...each, codeTransformResult: { ...transformed, sourceMapPath } };
  });
  return { testResult: { ...result.testResult, v8Coverage } };
}

/** Named by its content: each map is written once. */
function keep(folder: string, text: string): string {
  const path = join(folder, `${createHash('sha256').update(text).digest('hex').slice(0, 32)}.map`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeAtomically(path, text);
  }
  return path;
}

function mapPathsOf(result: SuiteResult | undefined): ReadonlySet<string> {
  if (result === undefined || 'error' in result) return new Set();
  const entries = result.testResult.v8Coverage ?? [];
  return new Set(entries.flatMap(({ codeTransformResult }) => codeTransformResult?.sourceMapPath ?? []));
}
