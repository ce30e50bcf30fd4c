import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Config } from '@jest/types';
import { UsageError } from '../../core/vocabulary/usage-error.js';

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
  refuseMissing(directory, args);
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
    const found = withoutUsage((cause as { stderr?: string }).stderr ?? '') || String(cause);
    throw new UsageError({ message: `jest ${args.join(' ')} failed`, found }, { cause });
  }
}

/** Jest answers a wrong `--config` with all of its flags. */
function refuseMissing(directory: string, args: readonly string[]): void {
  const config = args[args.indexOf('--config') + 1];
  if (!args.includes('--config') || config === undefined || config.startsWith('{')) return;
  if (existsSync(resolve(directory, config))) return;
  throw new UsageError({
    file: config,
    message: 'there is no such Jest config',
    expected: 'the path of a file such as jest.config.js, or of a package.json with the key `jest`',
    remedy: 'correct the path, or leave out `--config`: Jest finds its config by itself',
  });
}

/** What Jest says, below the list of its flags. */
function withoutUsage(text: string): string {
  return text.replace(/^\s*Usage: jest[\s\S]*?\nDocumentation: \S+\n/, '').trim();
}
