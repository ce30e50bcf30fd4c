import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import type { Test } from '@jest/test-result';
import type { Config } from '@jest/types';
import PQueue from 'p-queue';
import type { Suite } from '../core/events.js';
import { formatProblem, type UsageProblem } from '../core/usage-error.js';
import type { HardwareOptions } from '../options/options.js';
import { profileOf } from '../profile/profile.js';
import { session } from './session.js';

/** A test file as Jest gave it, and what its docblock and the options make of it. */
export type PreparedSuite = { readonly test: Test; readonly id: string } & (
  | { readonly suite: Suite }
  | { readonly problems: readonly string[] }
);

/** More files at once only fill the thread pool's queue. */
const readsAtOnce = 16;

/** Reads every test file's docblock; a mistake in one is that suite's alone. */
export async function prepareSuites(
  tests: readonly Test[],
  globalConfig: Config.GlobalConfig,
  options: HardwareOptions,
): Promise<readonly PreparedSuite[]> {
  const queue = new PQueue({ concurrency: readsAtOnce });
  return queue.addAll(
    tests.map((test) => async () => {
      const id = suiteId(test, globalConfig);
      const source = await readFile(test.path, 'utf8');
      const suitePath = pathWithin(globalConfig.rootDir, test.path);
      const read = profileOf({ source, file: suitePath, suitePath, options });
      return 'problems' in read
        ? { test, id, problems: read.problems.map((problem: UsageProblem) => formatProblem(problem)) }
        : { test, id, suite: { id, profile: read.profile, fileBytes: Buffer.byteLength(source) } };
    }),
  );
}

/** Path relative to the global rootDir; with several projects the project's name (or number) stands before it. */
export function suiteId({ path, context }: Test, { rootDir, projects }: Config.GlobalConfig): string {
  const within = pathWithin(rootDir, path);
  if (projects.length < 2) return within;
  const index = session.contexts?.findIndex(({ config }) => config.id === context.config.id) ?? 0;
  return `${context.config.displayName?.name ?? index + 1} › ${within}`;
}

function pathWithin(rootDir: string, path: string): string {
  return relative(rootDir, path).split(sep).join('/');
}
