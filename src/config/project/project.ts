import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import type { Config } from '@jest/types';
import type { Suite } from '../../core/events.js';
import { formatProblem, UsageError } from '../../core/vocabulary/usage-error.js';
import { packageFiles } from '../../package-files.js';
import { emptyHistory, type History, historyUnder } from '../../record/history.js';
import { readHistory } from '../../record/history-file.js';
import { profileOf } from '../docblock/profile.js';
import { type HardwareOptions, parseOptions } from '../options.js';
import { type RunPaths, runPaths } from '../run-paths.js';
import { askJestForJson, type JestConfig, jestConfigOf } from './ask-jest.js';

/** A project as a run would see it. */
export interface Project {
  readonly rootDir: string;
  readonly options: HardwareOptions;
  readonly paths: RunPaths;
  readonly history: History;
  /** Why there is no history, for a person. */
  readonly historyProblem?: string;
  /** By id. */
  readonly suites: readonly Suite[];
  /** Path of each test file by id. */
  readonly files: ReadonlyMap<string, string>;
  /** Docblocks with mistakes. */
  readonly invalid: readonly { readonly id: string; readonly problems: readonly string[] }[];
}

/**
 * Asks Jest for its configuration and its test files, and reads their docblocks; no test runs.
 * @param config Jest's config file; default: Jest finds it.
 * @param coverage Whether the run will collect coverage though the config does not say so.
 * @throws {UsageError} when Jest cannot tell, or does not use this package.
 */
export function readProject(directory: string, config?: string, coverage = false): Project {
  const { globalConfig, configs, settings } = readConfig(directory, config);
  if (settings === undefined) {
    throw new UsageError({
      message: 'the Jest config does not use jest-runner-hardware',
      found: `runner: ${[...new Set(configs.map(({ runner }) => runner))].join(', ')}`,
      remedy: "wrap it in withHardware() from 'jest-runner-hardware'",
    });
  }
  const { rootDir, options, paths } = settings;
  const jestArgs = argsFor(config);
  const read = paths.history === undefined ? undefined : readHistory(paths.history, paths.project);
  const suites: Suite[] = [];
  const invalid: { id: string; problems: readonly string[] }[] = [];
  const files = new Map<string, string>();
  for (const { path, id } of testFiles(directory, jestArgs, globalConfig, configs)) {
    files.set(id, path);
    const source = readFileSync(path, 'utf8');
    const suitePath = within(rootDir, path);
    const profile = profileOf({ source, file: suitePath, suitePath, options });
    if ('problems' in profile) invalid.push({ id, problems: profile.problems.map(formatProblem) });
    else suites.push({ id, profile: profile.profile, fileBytes: Math.max(1, Buffer.byteLength(source)) });
  }
  return {
    rootDir,
    options,
    paths,
    history: historyUnder(coverage || globalConfig.collectCoverage, read?.history ?? emptyHistory),
    ...(read?.problem !== undefined && { historyProblem: read.problem }),
    suites: suites.sort((a, b) => (a.id < b.id ? -1 : 1)),
    files,
    invalid,
  };
}

/** What a project's config tells this package. */
export interface ProjectSettings {
  readonly rootDir: string;
  readonly options: HardwareOptions;
  readonly paths: RunPaths;
}

/**
 * The options of this package in a project's Jest config; no test file is looked for.
 * @returns Undefined where another runner runs the tests.
 * @throws {UsageError} when Jest cannot tell, or the options have mistakes.
 */
export function readSettings(directory: string, config?: string): ProjectSettings | undefined {
  return readConfig(directory, config).settings;
}

function readConfig(
  directory: string,
  config: string | undefined,
): JestConfig & { readonly settings: ProjectSettings | undefined } {
  const told = jestConfigOf(directory, argsFor(config));
  const ours = told.configs.find(({ runner }) => isOurs(runner));
  if (ours === undefined) return { ...told, settings: undefined };
  const { runnerOptions } = ours as { runnerOptions?: unknown };
  const options = parseOptions(runnerOptions, 'options of jest-runner-hardware');
  const { rootDir } = told.globalConfig;
  return { ...told, settings: { rootDir, options, paths: runPaths(options, rootDir) } };
}

function argsFor(config: string | undefined): readonly string[] {
  return config === undefined ? [] : ['--config', config];
}

function isOurs(runner: string): boolean {
  return runner.split(/[\\/]/).includes('jest-runner-hardware') || runner === packageFiles.runner;
}

/** With several projects, each is asked for its own files: one file may be in several. */
function testFiles(
  directory: string,
  jestArgs: readonly string[],
  { rootDir, projects }: Config.GlobalConfig,
  configs: readonly Config.ProjectConfig[],
): readonly { readonly path: string; readonly id: string }[] {
  const list = (...more: string[]) =>
    askJestForJson<string[]>(directory, ['--listTests', '--json', ...jestArgs, ...more]);
  if (projects.length < 2) return list().map((path) => ({ path, id: within(rootDir, path) }));
  return configs.flatMap(({ displayName }, index) => {
    const name = displayName?.name;
    const isShared = configs.filter((other) => other.displayName?.name === name).length > 1;
    if (name === undefined || isShared) {
      throw new UsageError({
        message: `project ${index + 1} of ${configs.length} has no displayName of its own, so Jest cannot list its files alone`,
        remedy: 'give each project a displayName',
      });
    }
    return list('--selectProjects', name).map((path) => ({ path, id: `${name} › ${within(rootDir, path)}` }));
  });
}

function within(rootDir: string, path: string): string {
  return relative(rootDir, path).split(sep).join('/');
}
