import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** How the packages of a project are installed. */
export interface Install {
  /** Where the command runs: beside the lockfile, which for workspaces is above the project's directory. Absolute. */
  readonly directory: string;
  readonly lockfile: string;
  readonly command: string;
}

/** In the order of precedence within one folder; `packageManager` in package.json comes before it. */
const managers = [
  { name: 'pnpm', lockfile: 'pnpm-lock.yaml', command: () => 'pnpm install --frozen-lockfile' },
  { name: 'yarn', lockfile: 'yarn.lock', command: yarnCommand },
  { name: 'bun', lockfile: 'bun.lock', command: () => 'bun install --frozen-lockfile' },
  { name: 'bun', lockfile: 'bun.lockb', command: () => 'bun install --frozen-lockfile' },
  { name: 'npm', lockfile: 'npm-shrinkwrap.json', command: () => 'npm ci' },
  { name: 'npm', lockfile: 'package-lock.json', command: () => 'npm ci' },
] as const;

/** The nearest lockfile from the project's directory up to the root of the checkout; undefined: there is none. */
export function frozenInstall(root: string, directory: string): Install | undefined {
  const there = managers.filter(({ lockfile }) => existsSync(join(directory, lockfile)));
  const named = packageManagerOf(directory);
  const manager = there.find(({ name }) => name === named) ?? there[0];
  if (manager !== undefined) {
    const lockfile = join(directory, manager.lockfile);
    return { directory, lockfile, command: manager.command(lockfile) };
  }
  const above = dirname(directory);
  const isInside = !relative(root, above).split(sep).includes('..') && above !== directory;
  return isInside ? frozenInstall(root, above) : undefined;
}

/** Yarn 1 and its successors have other flags for the same, and other lockfiles. */
function yarnCommand(lockfile: string): string {
  const isClassic = readFileSync(lockfile, 'utf8').slice(0, 500).includes('# yarn lockfile v1');
  return isClassic ? 'yarn install --frozen-lockfile' : 'yarn install --immutable';
}

function packageManagerOf(directory: string): string | undefined {
  try {
    const content: unknown = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    const { packageManager } = content as { readonly packageManager?: unknown };
    return typeof packageManager === 'string' ? packageManager.split('@')[0] : undefined;
  } catch {
    return undefined;
  }
}
