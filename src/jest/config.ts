import type { Config } from '@jest/types';
import { UsageError } from '../core/usage-error.js';
import type { HardwareOptionsInput } from '../options/options.js';
import { packageFiles } from '../package-files.js';

type JestConfig = Config.InitialOptions;
type ConfigFunction = () => JestConfig | Promise<JestConfig>;

/**
 * Makes a Jest config run on our runner: sets `runner` and `testSequencer`, adds our reporter to the user's, and does
 * the same for inline `projects`, which inherit none of it. A sequencer of the user's own goes on deciding the order.
 *
 * ```js
 * export default withHardware({ testEnvironment: 'node' }, { unsatisfiable: 'skip' });
 * ```
 *
 * @param config A Jest config, or a function (may be async) that gives one.
 * @param options See {@link HardwareOptionsInput}.
 * @throws UsageError when the config already names another runner.
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
  return typeof config === 'function'
    ? async () => wrapped(await config(), options)
    : wrapped(config, options);
}

function wrapped(config: JestConfig, options: HardwareOptionsInput): JestConfig {
  const { runner, testSequencer, projects, reporters } = config;
  if (runner !== undefined && runner !== 'jest-runner' && !isOurs(runner)) {
    throw new UsageError({
      message: 'withHardware cannot wrap a config that names another runner',
      expected: 'no runner, or jest-runner',
      found: `runner: ${JSON.stringify(runner)}`,
      remedy: 'take runner out; a project that needs another runner keeps it when it stands in projects',
    });
  }
  const sequencer = testSequencer === undefined ? {} : { testSequencer };
  const ours: JestConfig['runner'] = [packageFiles.runner, { ...options, ...sequencer }];
  return {
    ...config,
    runner: ours,
    testSequencer: packageFiles.sequencer,
    reporters: [...(reporters ?? [defaultReporter()]), packageFiles.reporter],
    ...(projects === undefined
      ? {}
      : {
          projects: projects.map((project) =>
            typeof project === 'string' || project.runner !== undefined
              ? project
              : { ...project, runner: ours },
          ),
        }),
  };
}

function isOurs(runner: NonNullable<JestConfig['runner']>): boolean {
  const name = Array.isArray(runner) ? runner[0] : runner;
  return ['hardware', 'jest-runner-hardware', packageFiles.runner].includes(name);
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
