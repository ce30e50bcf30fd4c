import { readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '@jest/types';
import { type HardwareOptions, parseOptions } from '../options/options.js';
import { packageFiles } from '../package-files.js';

/** @throws UsageError with every mistake in them. */
export function readRunnerOptions(raw: unknown): HardwareOptions {
  return parseOptions(raw, 'options of jest-runner-hardware in the Jest config');
}

/** True when a project's suites come to our runner. */
export function runsWithUs({ runner }: Config.ProjectConfig): boolean {
  return runnerFiles.some((file) => runner === file || isLinkTo(runner, file));
}

/** The package is one file for `import` and another for `require`, by which Jest looks up a runner's name. */
const runnerFiles = [packageFiles.runner, packageFiles.runnerForRequire];

/** As in monorepos and after `npm link`. */
function isLinkTo(path: string, file: string): boolean {
  try {
    return realpathSync(path) === realpathSync(file);
  } catch {
    return false;
  }
}

/** Where a run reads and writes, as absolute paths. */
export interface RunPaths {
  readonly outputDirectory: string;
  /** Undefined: no history. */
  readonly history: string | undefined;
  /** What its package.json calls the project; undefined: nobody says. */
  readonly project: string | undefined;
  /** A machine file or its unchecked content; undefined: only what is detected. */
  readonly machine: HardwareOptions['machine'];
}

export function runPaths(options: HardwareOptions, rootDir: string): RunPaths {
  const absolute = (path: string) => resolve(rootDir, path.replace('<rootDir>', rootDir));
  const outputDirectory = absolute(options.outputDirectory);
  const { history = resolve(outputDirectory, 'history.jsonl'), machine } = options;
  return {
    outputDirectory,
    history: history === false ? undefined : absolute(history),
    project: projectOf(rootDir),
    machine: typeof machine === 'string' ? absolute(machine) : machine,
  };
}

function projectOf(rootDir: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(resolve(rootDir, 'package.json'), 'utf8')) as { name?: unknown };
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}
