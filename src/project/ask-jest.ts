import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Config } from '@jest/types';
import { UsageError } from '../core/usage-error.js';

/** What Jest says of the project in a folder. */
export interface JestConfig {
  readonly globalConfig: Config.GlobalConfig;
  readonly configs: readonly Config.ProjectConfig[];
}

/**
 * Asks the project's own Jest for its configuration.
 * @param args Further arguments, such as `--config`.
 * @throws {UsageError} when there is no Jest, or it refuses.
 */
export function jestConfigOf(directory: string, args: readonly string[] = []): JestConfig {
  return askJestForJson(directory, ['--showConfig', ...args]);
}

/** @returns What Jest printed, which must be JSON. */
export function askJestForJson<Answer>(directory: string, args: readonly string[]): Answer {
  const text = askJest(directory, args);
  try {
    return JSON.parse(text) as Answer;
  } catch (cause) {
    throw new UsageError(
      {
        message: `what jest ${args.join(' ')} printed is not JSON`,
        found: `${text.slice(0, 60)}…`,
        remedy: 'a config that writes to standard output spoils it: let it write to standard error',
      },
      { cause },
    );
  }
}

function askJest(directory: string, args: readonly string[]): string {
  let bin: string;
  try {
    bin = createRequire(join(directory, 'package.json')).resolve('jest/bin/jest');
  } catch (cause) {
    throw new UsageError(
      {
        message: `there is no Jest in ${directory}`,
        remedy: 'run the command in the project, after npm install',
      },
      { cause },
    );
  }
  try {
    return execFileSync(process.execPath, [...process.execArgv, bin, ...args], {
      cwd: directory,
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (cause) {
    const found = (cause as { stderr?: string }).stderr?.trim() || String(cause);
    throw new UsageError({ message: `jest ${args.join(' ')} failed`, found }, { cause });
  }
}
