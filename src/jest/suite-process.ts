/** Entry of a worker process or thread: runs the suites it is sent, one after the other. */
import type { Test } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import { serveTasks } from '../execute/worker.js';
import { closeKeptModules, keepModules } from '../host/kept-modules.js';
import { jestPackages } from './interop.js';
import { runSuite, type SuiteResult } from './suite.js';

/** Sent once, at the start of the worker. */
export interface WorkerSetup {
  readonly globalConfig: Config.GlobalConfig;
  readonly fast: boolean;
  /** The context's sets as arrays. */
  readonly context: { readonly [Key in keyof TestRunnerContext]: readonly string[] };
  readonly projects: readonly {
    readonly config: Config.ProjectConfig;
    readonly moduleMap: SerializedModuleMap;
  }[];
}

type SerializedModuleMap = ReturnType<Test['context']['moduleMap']['toJSON']>;

export interface SuiteTask {
  readonly path: string;
  readonly projectId: string;
  /** Text of `JEST_HARDWARE_PLACEMENT`. */
  readonly placement: string;
  /** See `Start.fault`. */
  readonly fault?: 'kill' | 'hang' | 'full-disk';
}

// As in Jest's own worker: the error is printed before the process ends, and the parent sees the exit code.
process.on('uncaughtException', (error) => {
  console.error(error.stack ?? error);
  process.exit(1);
});

const contexts = new Map<string, Test['context']>();
let setup: WorkerSetup;
let runnerContext: TestRunnerContext;

serveTasks<WorkerSetup, SuiteTask, SuiteResult>({
  async setup(data) {
    setup = data;
    if (data.fast) {
      keepModules('worker');
      process.once('exit', closeKeptModules);
    }
    runnerContext = Object.fromEntries(
      Object.entries(data.context).map(([name, paths]) => [name, new Set(paths)]),
    );
    for (const { config, moduleMap } of data.projects) {
      await jestPackages.preloadResolver?.(config.resolver);
      const resolver = jestPackages.Runtime.createResolver(
        config,
        jestPackages.HasteMap.getStatic(config).getModuleMapFromJSON(moduleMap),
      );
      // Running a suite reads only these two fields; the file system map stays in the parent.
      contexts.set(config.id, { config, resolver } as Test['context']);
    }
  },
  async run({ path, projectId, placement, fault }, emit) {
    process.env['JEST_HARDWARE_PLACEMENT'] = placement;
    const context = contexts.get(projectId);
    if (context === undefined)
      throw new Error(`Unknown project ${projectId}. This is a bug in jest-runner-hardware.`);
    const tell: typeof emit = (...told) => {
      if (fault === 'kill') process.kill(process.pid, 'SIGKILL');
      emit(...told);
    };
    const free = fault === 'full-disk' ? (await import('../chaos/full-disk.js')).fillDisks() : undefined;
    const suite = runSuite({ path, context }, setup.globalConfig, runnerContext, tell, setup.fast);
    const end = await suite.finally(free);
    // A suite without a test tells nothing.
    if (fault === 'kill') process.kill(process.pid, 'SIGKILL');
    return 'error' in end.result ? { ...end, result: { error: plainError(end.result.error) } } : end;
  },
  failed: (error) => ({
    status: 'failed',
    executedTests: 0,
    result: { error: plainError(error as SuiteErrorLike) },
  }),
});

/** JSON drops an error's fields, so those that Jest's reporters read are copied. */
function plainError(error: SuiteErrorLike): SuiteErrorLike {
  if (typeof error === 'string') return error;
  return { code: error.code, message: error.message, stack: error.stack, type: 'Error' };
}

type SuiteErrorLike = Extract<SuiteResult, { error: unknown }>['error'];
