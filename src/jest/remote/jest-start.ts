import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Config } from '@jest/types';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { flagOf, manyValuesFlag, oneValueFlag } from '../../remote/allowed-flags.js';

/**
 * What every Jest there is started with, whatever its config says: it only finds tests and runs what it is sent. Machines of a
 * fleet take no other flags than these and those of `allowed-flags`.
 */
const startArgs = [
  '--passWithNoTests',
  '--watchAll=false',
  '--coverage=false',
  '--bail=0',
  '--json=false',
  '--onlyChanged=false',
  '--onlyFailures=false',
  '--detectOpenHandles=false',
  '--notify=false',
] as const;

/** Flags whose values are paths wherever Jest was started. */
const pathFlag = flagOf('config rootDir projects');

/** Where Jest is started on another machine, below the top of the repository, and with which arguments. */
export interface JestStart {
  readonly directory: string;
  readonly args: readonly string[];
}

/**
 * How Jest is started on another machine.
 * @param root Top of the repository here.
 * @throws UsageError for a config outside of it, which is not sent.
 */
export function jestStart(
  argv: readonly string[],
  cwd: string,
  root: string,
  { rootDir, runTestsByPath, nonFlagArgs }: Config.GlobalConfig,
): JestStart {
  const directory = isBelow(root, cwd) ? cwd : rootDir;
  const there = (flag: string, value: string) => {
    const isPath = isAbsolute(value) || (pathFlag.test(flag) && existsSync(resolve(cwd, value)));
    if (!isPath) return value;
    const absolute = resolve(cwd, value);
    if (isBelow(root, absolute)) return relative(directory, absolute) || '.';
    if (!pathFlag.test(flag)) return value;
    throw new UsageError({
      message: `${flag} is outside of the repository, which is all that is sent`,
      expected: `a path below ${root}`,
      found: absolute,
    });
  };
  const args = [...startArgs, ...reporterArgs(rootDir)];
  let flag: string | undefined;
  for (const word of argv) {
    if (oneValueFlag.test(word) || manyValuesFlag.test(word)) {
      const [name = '', ...rest] = word.split('=');
      flag = rest.length === 0 ? name : undefined;
      args.push(rest.length === 0 ? name : `${name}=${there(name, rest.join('='))}`);
    } else if (word.startsWith('-')) flag = undefined;
    else if (flag !== undefined) {
      args.push(there(flag, word));
      if (oneValueFlag.test(flag)) flag = undefined;
    }
  }
  // These may be files that no pattern of the config finds.
  if (runTestsByPath) {
    args.push('--runTestsByPath', ...nonFlagArgs.map((path) => relative(directory, resolve(cwd, path))));
  }
  return { directory: relative(root, directory), args };
}

/** Results are reported here. A config that is wrapped by `withHardware` names no other reporters there, and one by hand may. */
function reporterArgs(rootDir: string): readonly string[] {
  const ours = 'jest-runner-hardware/reporter';
  try {
    createRequire(resolve(rootDir, 'package.json')).resolve(ours);
    return [`--reporters=${ours}`];
  } catch {
    return [];
  }
}

function isBelow(folder: string, path: string): boolean {
  const below = relative(folder, path);
  return below !== '..' && !below.startsWith(`..${sep}`) && !isAbsolute(below);
}
