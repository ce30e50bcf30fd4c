import { realpathSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter } from '@jest/reporters';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { packageFiles } from '../../package-files.js';
import { errorText, GuardedReporter } from './guarded-reporter.js';
import type { ProjectJest } from './project-jest.js';

/** A reporter to call: one of Jest's own, or a module. */
export interface ChosenReporter {
  /** As a user writes it: the package, or the path from rootDir. */
  readonly name: string;
  /** A word of {@link jestsOwn}, or the path of the module. */
  readonly path: string;
  readonly options: Record<string, unknown>;
}

const jestsOwn: ReadonlySet<string> = new Set(['agent', 'default', 'github-actions', 'summary']);

/**
 * The reporters of the config, with their options. Jest's own are left out, because they print and annotate what the shards
 * have printed and annotated, and so is ours, as merging prints its section.
 * @param names Take these instead, in this order: configured ones, words of Jest (`default`), modules as Jest resolves them.
 * @throws {UsageError} when there is none, or a name is of no module.
 */
export function chooseReporters(
  jest: ProjectJest,
  names: readonly string[] | undefined,
): readonly ChosenReporter[] {
  const { reporters, rootDir } = jest.globalConfig;
  const configured = (reporters ?? []).map(
    ([path, options]): ChosenReporter => ({ name: nameOf(path, rootDir), path, options: options ?? {} }),
  );
  if (names !== undefined) return names.map((name) => named(name, configured, jest));
  const chosen = configured.filter(({ path }) => !jestsOwn.has(path) && !isOurs(path));
  if (chosen.length > 0) return chosen;
  throw new UsageError({
    message: 'the Jest config has no reporter for `--reporters`',
    expected: 'a reporter beside those of Jest, which only print',
    found: configured.map(({ name }) => name).join(', ') || 'no `reporters`',
    remedy: 'name one (`--reporters=jest-junit`, `--reporters=default`), or leave out `--reporters`',
  });
}

function named(name: string, configured: readonly ChosenReporter[], jest: ProjectJest): ChosenReporter {
  const known = configured.find((reporter) => reporter.name === name);
  if (known !== undefined) return known;
  if (jestsOwn.has(name)) return { name, path: name, options: {} };
  const { rootDir } = jest.globalConfig;
  const path = jest.packages.findModule(name.replace(/^<rootDir>/, rootDir), rootDir);
  if (path === null) {
    throw new UsageError({
      message: `there is no reporter \`${name}\``,
      expected: `one of the Jest config (${configured.map((each) => each.name).join(', ') || 'none there'}), one of Jest (${[...jestsOwn].join(', ')}), a package or a path from ${rootDir}`,
      remedy: `correct the name, or npm install --save-dev ${name}`,
    });
  }
  return configured.find((reporter) => reporter.path === path) ?? { name, path, options: {} };
}

function nameOf(path: string, rootDir: string): string {
  if (jestsOwn.has(path)) return path;
  const inPackage = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path)?.[1];
  return inPackage?.replaceAll('\\', '/') ?? relative(rootDir, path).replaceAll('\\', '/');
}

function isOurs(path: string): boolean {
  try {
    return realpathSync(path) === realpathSync(packageFiles.reporter);
  } catch {
    return false;
  }
}

export interface LoadedReporters {
  readonly reporters: readonly GuardedReporter[];
  /** One text for each that could not be loaded. */
  readonly problems: readonly string[];
}

/** Makes the reporters as Jest does, Jest's summary last. */
export async function loadReporters(
  chosen: readonly ChosenReporter[],
  jest: ProjectJest,
): Promise<LoadedReporters> {
  const reporters: GuardedReporter[] = [];
  const problems: string[] = [];
  for (const { name, path, options } of withSummary(chosen)) {
    try {
      const reporter = jestsOwn.has(path)
        ? ownReporter(path, options, jest)
        : await customReporter(path, options, jest);
      if (reporter !== undefined) reporters.push(new GuardedReporter(name, reporter));
    } catch (error) {
      problems.push(`reporter ${name} cannot be loaded: ${errorText(error)}`);
    }
  }
  return { reporters, problems };
}

/** Jest prints its summary below the others, and adds it to `default` and `agent`. */
function withSummary(chosen: readonly ChosenReporter[]): readonly ChosenReporter[] {
  const printing = chosen.findLast(({ path }) => jestsOwn.has(path) && path !== 'github-actions');
  const others = chosen.filter(({ path }) => path !== 'summary');
  return printing === undefined ? others : [...others, { ...printing, name: 'summary', path: 'summary' }];
}

function ownReporter(
  word: string,
  options: Record<string, unknown>,
  { globalConfig, contexts, packages: { reporters } }: ProjectJest,
): Reporter | undefined {
  switch (word) {
    case 'agent':
      return new reporters.AgentReporter(globalConfig);
    case 'github-actions':
      return process.env.GITHUB_ACTIONS
        ? new reporters.GitHubActionsReporter(globalConfig, options)
        : undefined;
    case 'summary':
      return new reporters.SummaryReporter(globalConfig, options);
    default: {
      const isVerbose = globalConfig.verbose || contexts.some(({ config }) => config.verbose);
      return isVerbose
        ? new reporters.VerboseReporter(globalConfig)
        : new reporters.DefaultReporter(globalConfig);
    }
  }
}

async function customReporter(
  path: string,
  options: Record<string, unknown>,
  { globalConfig, packages }: ProjectJest,
): Promise<Reporter> {
  const Custom = (await packages.load(path)) as new (...values: readonly unknown[]) => Reporter;
  // The last is what Jest's scheduler knows of earlier runs: of a first one, nothing.
  return new Custom(globalConfig, options, { firstRun: true, previousSuccess: true });
}
