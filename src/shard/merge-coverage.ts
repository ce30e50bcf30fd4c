import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AggregatedResult, Test, TestResult } from '@jest/test-result';
import type { Config } from '@jest/types';
import { UsageError } from '../core/usage-error.js';

type Coverage = Readonly<Record<string, { readonly path: string }>>;

/**
 * Merges the coverage of several runs, writes the reports that Jest would write, and holds the thresholds against the sum.
 * @param files Each a `coverage-final.json`.
 * @param directory Where reports go.
 * @returns Whether all thresholds are met.
 */
export async function mergeCoverage(
  files: readonly string[],
  globalConfig: Config.GlobalConfig,
  directory: string,
): Promise<boolean> {
  const { CoverageReporter } = await import('@jest/reporters');
  const config: Config.GlobalConfig = {
    ...globalConfig,
    collectCoverage: true,
    coverageDirectory: directory,
    // The files are in istanbul's format, whoever took them.
    coverageProvider: 'babel',
  };
  // Needed for watching and for files no test touched, whose coverage the shards have taken.
  const context = {} as ConstructorParameters<typeof CoverageReporter>[1];
  const reporter = new CoverageReporter(config, context);
  for (const file of files) {
    const coverage = rebased(read(file), globalConfig.rootDir);
    reporter.onTestResult({} as Test, { coverage } as unknown as TestResult);
  }
  await reporter.onRunComplete(new Set(), {} as AggregatedResult);
  return reporter.getLastError() === undefined;
}

function read(file: string): Coverage {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Coverage;
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError({ file, message: 'the coverage cannot be read', found }, { cause });
  }
}

/** Machines check the project out into different folders. */
function rebased(coverage: Coverage, rootDir: string): Coverage {
  return Object.fromEntries(
    Object.values(coverage).map((file) => {
      const path = within(file.path, rootDir);
      return [path, { ...file, path }];
    }),
  );
}

/** The longest end of the path that is a file of the project; the path itself when none is. */
function within(path: string, rootDir: string): string {
  if (existsSync(path)) return path;
  const parts = path.split(/[\\/]/);
  for (let from = 1; from < parts.length; from++) {
    const candidate = join(rootDir, ...parts.slice(from));
    if (existsSync(candidate)) return candidate;
  }
  return path;
}
