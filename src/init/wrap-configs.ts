import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type JestConfig, jestConfigOf } from '../config/project/ask-jest.js';
import { type ConfigFile, findConfig } from '../config/project/find-config.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { isObject } from '../json/plain.js';
import { packageFiles } from '../package-files.js';
import type { Change } from './change.js';
import { wrapJson } from './wrap-json.js';
import { wrapModule } from './wrap-module.js';

export interface WrappedConfigs {
  readonly changes: readonly Change[];
  /** What was left as it is, and why. */
  readonly notes: readonly string[];
}

/**
 * The changes by which all projects of a Jest config run on our runner: the config that Jest finds, and those of projects
 * that it names by their paths.
 * @param told What Jest says of the config now.
 * @param nameOf A path as the user knows it.
 * @throws {UsageError} for a config that cannot be wrapped, with the line and what to do instead.
 */
export function wrapConfigs(
  told: JestConfig,
  start: string,
  nameOf: (path: string) => string,
): WrappedConfigs {
  const changes = new Map<string, Change>();
  const notes: string[] = [];
  const add = (config: ConfigFile | undefined, isProject: boolean) => {
    if (config === undefined) return;
    // A link stays one: what it leads to is written.
    const path = realpathSync(config.path);
    const change = changes.has(path) ? undefined : wrapped({ ...config, path }, isProject, nameOf);
    if (change !== undefined) changes.set(path, change);
  };
  const root = findConfig(start);
  if (!isRootWrapped(told)) {
    refuseOtherRunner(told, root, nameOf);
    add(root, false);
  }
  for (const [index, project] of loadedProjects(told).entries()) {
    const runner = told.configs[index]?.runner ?? '';
    if (typeof project !== 'string' || isOurRunner(runner)) continue;
    const config = findConfig(project);
    if (config?.path === root?.path) continue;
    if (isStock(runner)) add(config, true);
    else notes.push(`${nameOf(config?.path ?? project)} names another runner and keeps it`);
  }
  return { changes: [...changes.values()], notes };
}

/**
 * Asks Jest whether our runner now runs every project that Jest's own ran.
 * @throws {UsageError} when it does not, or Jest cannot read the config.
 */
export function verifyWrapped(directory: string, args: readonly string[]): void {
  const { configs } = jestConfigOf(directory, args);
  const left = configs.find(({ runner }) => isStock(runner));
  if (left === undefined) return;
  throw new UsageError({
    message: `Jest would still run ${left.displayName?.name ?? left.rootDir} on its own runner`,
    found: `runner: ${left.runner}`,
    remedy: 'wrap the config by hand: docs/getting-started.md',
  });
}

/** @throws {UsageError} where the configs could not load this package. */
export function refuseMissingPackage(directory: string): void {
  try {
    createRequire(join(directory, 'package.json')).resolve('jest-runner-hardware');
  } catch (cause) {
    throw new UsageError(
      {
        message: `jest-runner-hardware is not installed in ${directory}`,
        expected: 'the package where the Jest config finds it',
        remedy: 'npm install --save-dev jest-runner-hardware',
      },
      { cause },
    );
  }
}

function wrapped(
  { path, kind }: ConfigFile,
  isProject: boolean,
  nameOf: (path: string) => string,
): Change | undefined {
  if (kind === 'none') return newConfig(dirname(path), nameOf);
  const file = nameOf(path);
  const before = readFileSync(path, 'utf8');
  const after =
    kind === 'module'
      ? wrapModule(before, file)
      : wrapJson(before, { file, at: kind === 'manifest' ? ['jest'] : [], isProject });
  return after === before ? undefined : { path, file, before, after };
}

/** `.mjs` is an ES module in every package. */
function newConfig(folder: string, nameOf: (path: string) => string): Change {
  const path = join(folder, 'jest.config.mjs');
  const after = "import { withHardware } from 'jest-runner-hardware';\n\nexport default withHardware({});\n";
  return { path, file: nameOf(path), before: undefined, after };
}

/** A config with projects has our reporter; its inline projects have our runner. */
function isRootWrapped(told: JestConfig): boolean {
  const projects = loadedProjects(told);
  if (projects.length === 0) return told.configs.every(({ runner }) => isOurRunner(runner));
  const inline = told.configs.filter((_, index) => isObject(projects[index]));
  const reporters = told.globalConfig.reporters ?? [];
  return (
    inline.every(({ runner }) => !isStock(runner)) &&
    reporters.some(([name]) => name === packageFiles.reporter || ourReporter.test(name))
  );
}

function refuseOtherRunner(
  told: JestConfig,
  root: ConfigFile | undefined,
  nameOf: (path: string) => string,
): void {
  const [only] = told.configs;
  if (loadedProjects(told).length > 0 || only === undefined || isStock(only.runner)) return;
  throw new UsageError({
    ...(root !== undefined && { file: nameOf(root.path) }),
    message: 'the config names another runner',
    expected: 'no runner, or jest-runner',
    found: `runner: ${only.runner}`,
    remedy: 'take `runner` out, or put the project that needs it into `projects`',
  });
}

/** In the order of the configs that Jest made of them: it leaves out files that are no configs. */
function loadedProjects({ globalConfig }: JestConfig): readonly unknown[] {
  const projects: readonly unknown[] = globalConfig.projects ?? [];
  const isConfig = (project: string) =>
    !existsSync(project) || statSync(project).isDirectory() || /\.(?:[cm]?[jt]s|json)$/.test(project);
  return projects.filter((project) => typeof project !== 'string' || isConfig(project));
}

function isStock(runner: string): boolean {
  return /[\\/]jest-runner[\\/]build[\\/]/.test(runner);
}

/** Whether Jest runs a project's tests on our runner. */
export function isOurRunner(runner: string): boolean {
  return runner === packageFiles.runner || /[\\/]jest-runner-hardware[\\/]dist[\\/]index\.c?js$/.test(runner);
}

const ourReporter = /[\\/]jest-runner-hardware[\\/]dist[\\/]jest[\\/]reporter\.c?js$/;
