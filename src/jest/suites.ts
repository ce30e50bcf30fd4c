import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import type { Test } from '@jest/test-result';
import type { Config } from '@jest/types';
import { profileOf } from '../config/docblock/profile.js';
import type { HardwareOptions } from '../config/options.js';
import type { Suite } from '../core/events.js';
import { suiteIdOf } from '../core/vocabulary/suite-id.js';
import { formatProblem } from '../core/vocabulary/usage-error.js';
import { session } from './session.js';

/** A test file as Jest gave it, and what its docblock and the options make of it. */
export type PreparedSuite = { readonly test: Test; readonly id: string } & (
  | { readonly suite: Suite }
  | { readonly problems: readonly string[] }
);

/** Reads the docblock of every test file. A mistake in one affects that suite only. Sizes are at least 1, as 0 means unknown. */
export function readSuites(
  tests: readonly Test[],
  globalConfig: Config.GlobalConfig,
  options: HardwareOptions,
): readonly PreparedSuite[] {
  return tests.map((test) => {
    const id = suiteId(test, globalConfig);
    const source = readSource(test.path);
    const suitePath = pathWithin(globalConfig.rootDir, test.path);
    const read = profileOf({ source, file: suitePath, suitePath, options });
    return 'problems' in read
      ? { test, id, problems: read.problems.map(formatProblem) }
      : { test, id, suite: { id, profile: read.profile, fileBytes: Math.max(1, Buffer.byteLength(source)) } };
  });
}

/** Synchronous, because for files of this size asynchronous reading takes ten times as long. */
function readSource(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The file was deleted after Jest listed it. Jest reports that when it runs the suite.
    return '';
  }
}

/** Path relative to the global rootDir; with several projects the project's name (or number) stands before it. */
export function suiteId({ path, context }: Test, { rootDir, projects }: Config.GlobalConfig): string {
  const within = pathWithin(rootDir, path);
  if (projects.length < 2) return suiteIdOf(within, undefined);
  const configs = session.contexts?.map(({ config }) => config) ?? [];
  const name = context.config.displayName?.name;
  return suiteIdOf(within, {
    name,
    number: configs.findIndex(({ id }) => id === context.config.id) + 1,
    hasNamesake: configs.filter(({ displayName }) => displayName?.name === name).length > 1,
  });
}

function pathWithin(rootDir: string, path: string): string {
  return relative(rootDir, path).split(sep).join('/');
}
