import { realpathSync } from 'node:fs';
import type { Config } from '@jest/types';
import { type HardwareOptions, parseOptions } from '../config/options.js';
import { packageFiles } from '../package-files.js';

/** @throws UsageError with every mistake in them. */
export function readRunnerOptions(raw: unknown): HardwareOptions {
  return parseOptions(raw, 'options of jest-runner-hardware in the Jest config');
}

/** True when a project's suites come to our runner. */
export function runsWithUs({ runner }: Config.ProjectConfig): boolean {
  return runner === packageFiles.runner || isLinkTo(runner, packageFiles.runner);
}

/** As in monorepos and after `npm link`. */
function isLinkTo(path: string, file: string): boolean {
  try {
    return realpathSync(path) === realpathSync(file);
  } catch {
    return false;
  }
}
