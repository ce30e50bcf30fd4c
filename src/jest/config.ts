import type { Config } from '@jest/types';
import type { HardwareOptionsInput } from '../config/options.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { keepModules } from '../host/kept-modules.js';
import { isObject } from '../json/plain.js';
import { packageFiles } from '../package-files.js';
import { isServing } from './remote/take-channel.js';
import { session } from './session.js';

type JestConfig = Config.InitialOptions;
type ConfigFunction = () => JestConfig | Promise<JestConfig>;

/**
 * Makes a Jest config run on our runner: sets `runner` and `testSequencer`, adds our reporter to the user's, and does
 * the same for inline `projects`, which inherit none of it. A sequencer of the user's own goes on deciding the order.
 * The config of a project that another wrapped config names by its path gets the runner alone: sequencer and reporters
 * belong to the whole run, and Jest warns of them there.
 *
 * ```js
 * export default withHardware({ testEnvironment: 'node' }, { unsatisfiable: 'skip' });
 * ```
 *
 * @param config A Jest config, or a function (may be async) that gives one.
 * @param options See {@link HardwareOptionsInput}.
 * @throws UsageError when one of the two is of a wrong type, or the config already names another runner.
 */
export function withHardware(config: JestConfig, options?: HardwareOptionsInput): JestConfig;
export function withHardware(
  config: ConfigFunction,
  options?: HardwareOptionsInput,
): () => Promise<JestConfig>;
export function withHardware(
  config: JestConfig | ConfigFunction,
  options: HardwareOptionsInput = {},
): JestConfig | (() => Promise<JestConfig>) {
  if (!isObject(options)) {
    throw new UsageError({
      message: 'the options of withHardware are not an object',
      expected: "an object of options, such as { unsatisfiable: 'skip' }, or nothing",
      found: foundText(options),
      remedy: "write withHardware(config, { unsatisfiable: 'skip' })",
    });
  }
  // Jest has yet to load what it transforms and runs suites with.
  if (options.fast !== false && process.env['JEST_HARDWARE'] !== 'off') keepModules('run');
  return typeof config === 'function'
    ? async () => wrapped(await config(), options)
    : wrapped(config, options);
}

function wrapped(config: JestConfig, options: HardwareOptionsInput): JestConfig {
  if (!isObject(config) || 'then' in config) {
    throw new UsageError({
      message: 'withHardware has no Jest config to wrap',
      expected: 'a config object, or a function that gives one',
      found: foundText(config),
      remedy: "write withHardware({ testEnvironment: 'node' }), or withHardware({}) for Jest's defaults",
    });
  }
  const { runner, testSequencer, projects, reporters } = config;
  if (runner !== undefined && runner !== 'jest-runner' && !isOurs(runner)) {
    throw new UsageError({
      message: 'withHardware cannot wrap a config that names another runner',
      expected: 'no runner, or jest-runner',
      found: `runner: ${JSON.stringify(runner)}`,
      remedy: 'take runner out; a project that needs another runner keeps it when it stands in projects',
    });
  }
  const isOwnSequencer = testSequencer !== undefined && testSequencer !== packageFiles.sequencer;
  const ours: JestConfig['runner'] = [
    packageFiles.runner,
    { ...options, ...(isOwnSequencer && { testSequencer }) },
  ];
  const shared = { ...config, ...stockColor(config), runner: ours };
  if (projects === undefined && session.readsPathProjects) return withoutGlobals(shared);
  // Jest reads the projects once it has this config. Another config that the same file makes is none of them.
  if (projects?.some((project) => typeof project === 'string'))
    queueMicrotask(() => {
      session.readsPathProjects = true;
    });
  return {
    ...shared,
    testSequencer: packageFiles.sequencer,
    reporters: [
      // For a run on another machine the reporters are there.
      ...(isServing(process.env) ? [] : (withoutOurs(reporters) ?? [defaultReporter()])),
      packageFiles.reporter,
    ],
    ...(projects !== undefined && { projects: projects.map((project) => wrappedInline(project, ours)) }),
  };
}

type Project = NonNullable<JestConfig['projects']>[number];

function wrappedInline(project: Project, ours: JestConfig['runner']): Project {
  if (typeof project === 'string') return project;
  if (project.runner === undefined) return { ...project, ...stockColor(project), runner: ours };
  return isOurs(project.runner) ? withoutGlobals(project) : project;
}

/** What we add for the whole run, taken out of a project's config; what the user put there stays for Jest to judge. */
function withoutGlobals(config: JestConfig): JestConfig {
  const { testSequencer, reporters, ...others } = config;
  const own = withoutOurs(reporters);
  const isDefault = own?.length === 1 && own[0] === defaultReporter();
  return {
    ...others,
    ...(own !== undefined && !(isDefault && own.length < (reporters?.length ?? 0)) && { reporters: own }),
  };
}

function withoutOurs(reporters: JestConfig['reporters']): JestConfig['reporters'] {
  return reporters?.filter((reporter) => reporter !== packageFiles.reporter);
}

/** Jest colours a project's name by its runner's path: with ours as with its own, not by where we are installed. */
function stockColor({ displayName }: JestConfig): JestConfig {
  return typeof displayName === 'string' ? { displayName: { name: displayName, color: 'white' } } : {};
}

function foundText(value: unknown): string {
  if (value instanceof Promise) return 'a promise';
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value));
}

function isOurs(runner: unknown): boolean {
  const name: unknown = Array.isArray(runner) ? runner[0] : runner;
  return ['hardware', 'jest-runner-hardware', packageFiles.runner].some((own) => own === name);
}

/** Jest's own choice, which naming any reporter would otherwise take away (as in Jest 30.5, `detectAgent`). */
function defaultReporter(): 'agent' | 'default' {
  return agentVariables.some((name) => process.env[name]) ? 'agent' : 'default';
}

const agentVariables = [
  'AI_AGENT',
  'AUGMENT_AGENT',
  'CLAUDE_CODE',
  'CLAUDECODE',
  'CODEX_SANDBOX',
  'CODEX_THREAD_ID',
  'CURSOR_AGENT',
  'GEMINI_CLI',
  'GOOSE_PROVIDER',
  'OPENCODE',
  'REPL_ID',
] as const;
