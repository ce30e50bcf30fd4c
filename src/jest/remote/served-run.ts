import { Socket } from 'node:net';
import type { Test } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import type { ClaimQueue } from '../../claims/queue.js';
import { claimedDevices, needsOf } from '../../claims/resources.js';
import { Ticket } from '../../claims/ticket.js';
import type { LocalWorkers } from '../../execute/local-workers.js';
import { liveHost } from '../../host/live.js';
import { Channel } from '../../transport/channel.js';
import type { Call } from '../../transport/transport.js';
import { jestPackages } from '../interop.js';
import { forceExitedText } from '../run/force-exited.js';
import type { SuiteTests } from '../run/suite-tests.js';
import { onWorkers, suiteWorkers } from '../run/suite-workers.js';
import { fairThreadsOf } from '../run/workers.js';
import { runsWithUs } from '../runner-options.js';
import { say, session } from '../session.js';
import type { SuiteResult } from '../suite.js';
import { suiteId } from '../suites.js';
import { needsNewStart } from './changed-files.js';
import type { ServedOutcome, ServedProjects, ServedRenewal, ServedSetup, ServedTask } from './protocol.js';
import { knownFlags } from './run-flags.js';
import { ServedSensors } from './served-sensors.js';
import { snapshotPathsOf, watchFiles } from './snapshot-files.js';
import { sourceMapsOf } from './source-maps.js';

/**
 * Runs the suites that a run on another machine sends here, until it sends no more. Jest has found the tests and set up what
 * the project sets up globally.
 */
export class ServedRun {
  /** As Jest has found them. */
  #found: readonly Test[];
  /** Under the flags of the run. */
  #tests: SuiteTests = new Map();
  readonly #globalConfig: Config.GlobalConfig;
  readonly #context: TestRunnerContext;
  readonly #claims: ClaimQueue | undefined;
  #setup: ServedSetup | undefined;
  #workers: LocalWorkers<SuiteResult> | undefined;
  #sensors: ServedSensors | undefined;
  #channel: Channel | undefined;

  /** @param claims The queue in which the runs of this machine claim devices and locks; undefined: this run ignores other runs. */
  constructor(
    tests: readonly Test[],
    globalConfig: Config.GlobalConfig,
    context: TestRunnerContext,
    claims: ClaimQueue | undefined,
  ) {
    this.#found = tests;
    this.#globalConfig = globalConfig;
    this.#context = context;
    this.#claims = claims;
  }

  /** @param descriptor Of the pipe by which tasks come. Exits when whoever sends them is gone. */
  async serve(descriptor: number): Promise<void> {
    const pipe = new Socket({ fd: descriptor, readable: true, writable: true });
    // Where a machine is shut down all processes are told. The worker is, too, and ends this one when its suites have ended.
    process.on('SIGTERM', () => {});
    await new Promise<void>((resolve) => {
      const channel: Channel = new Channel({
        input: pipe,
        output: pipe,
        handlers: {
          setup: async (setup: ServedSetup) => this.#setUp(setup),
          renew: (renewal: ServedRenewal) => this.#renew(renewal),
          rest: () => this.#rest(),
          run: (task: ServedTask, call: Call) => this.#run(task, call),
          finish: async () => {
            // Once it has answered, nothing keeps this process.
            setImmediate(() => void channel.close().then(() => pipe.destroySoon()));
            resolve();
          },
        },
      });
      this.#channel = channel;
      void channel.lost.then(() => {
        this.#workers?.killAll();
        process.exit(1);
      });
    });
    await this.#rest();
  }

  /** Ends the processes of suites: none is used in two runs, so that none has read what another run changes. */
  async #rest(): Promise<void> {
    const workers = this.#workers;
    this.#workers = undefined;
    this.#sensors?.stop();
    this.#sensors = undefined;
    if (await workers?.endAll()) say(forceExitedText());
  }

  /** @returns False: Jest must start anew. */
  async #renew({ setup, changes }: ServedRenewal): Promise<boolean> {
    if (needsNewStart(changes, configsOfAll())) return false;
    const isOnlyEdited = changes.every(({ change }) => change === 'modified');
    const hasOwnNames = configsOfAll().some(({ haste }) => haste.hasteImplModulePath !== undefined);
    if (!isOnlyEdited || hasOwnNames) {
      const { filter, runTestsByPath } = this.#globalConfig;
      if (filter !== undefined || runTestsByPath) return false;
      this.#found = await foundAnew(this.#globalConfig);
    }
    await this.#rest();
    this.#setUp(setup);
    return true;
  }

  #setUp(sent: ServedSetup): ServedProjects {
    const setup: ServedSetup = { ...sent, flags: knownFlags(sent.flags) };
    const configs = configsOfAll();
    const tests = this.#found.map((test) => {
      const { context } = test;
      const flags = setup.flags.projects[configs.indexOf(context.config)];
      return { ...test, context: { ...context, config: { ...context.config, ...flags } } };
    });
    this.#tests = new Map(tests.map((test) => [suiteId(test, this.#globalConfig), test]));
    const { machine, workers, fast, flags, context, sensed } = setup;
    this.#setup = setup;
    const pool = suiteWorkers({
      tests,
      globalConfig: { ...this.#globalConfig, ...flags.global },
      context: {
        ...this.#context,
        ...Object.fromEntries(Object.entries(context).map(([name, paths]) => [name, new Set(paths)])),
      },
      workers,
      fairThreads: fairThreadsOf(machine.machine.cpuBudget, { count: workers, asked: true }),
      fast,
    });
    this.#workers = pool;
    this.#sensors?.stop();
    this.#sensors = new ServedSensors({
      sensed,
      machine,
      host: liveHost(),
      tell: ({ type, ...news }) => this.#channel?.notify(type, news),
      endIdleWorkers: () => pool.endIdle(),
    });
    return { configs };
  }

  async #run(task: ServedTask, { signal, emit }: Call): Promise<ServedOutcome> {
    const { id } = task.suite;
    const test = this.#tests.get(id);
    if (this.#setup === undefined || this.#workers === undefined || this.#sensors === undefined)
      throw new Error('no setup came before the first suite');
    if (test === undefined) throw new Error(`Jest there finds no test file for ${id}`);
    const { machine, workers } = this.#setup;
    const { deviceIds, locks, exclusive } = task.placement.claim;
    const claimed = claimedDevices(machine).map((device) => device.id);
    const permit = { deviceIds: deviceIds.filter((each) => claimed.includes(each)), locks, exclusive };
    const release = await this.#claim(needsOf(permit, machine), signal);
    try {
      const changes = watchFiles(await snapshotPathsOf(test));
      const fairThreads = fairThreadsOf(machine.machine.cpuBudget, { count: workers, asked: true });
      const onEvent = async (name: string, payload: unknown) => emit(name, payload);
      const executor = this.#sensors.around(onWorkers(this.#workers, this.#tests, fairThreads, onEvent));
      const outcome = await executor.run({ ...task, machine }, signal);
      return { outcome, sourceMaps: sourceMapsOf(outcome.result), files: changes() };
    } finally {
      release();
    }
  }

  /** Waits until no other run of this machine uses what the suite needs. @returns Releases it. */
  #claim(needs: ReturnType<typeof needsOf>, signal: AbortSignal): Promise<() => void> {
    const queue = this.#claims;
    if (queue === undefined) return Promise.resolve(() => {});
    return new Promise((resolve) => {
      const granted = () => {
        signal.removeEventListener('abort', granted);
        resolve(() => ticket.release());
      };
      const ticket: Ticket = new Ticket(queue, needs, { onGranted: granted, onWanted: () => {} });
      if (ticket.isGranted) granted();
      // A suite that is stopped while it waits starts, and stops at once.
      else signal.addEventListener('abort', granted, { once: true });
    });
  }
}

function configsOfAll(): readonly Config.ProjectConfig[] {
  return session.contexts?.map(({ config }) => config) ?? [];
}

/** Looks at the files once more, as Jest does at its start: its map of them tells what is new from what it has cached. */
async function foundAnew(globalConfig: Config.GlobalConfig): Promise<readonly Test[]> {
  const options = { console, maxWorkers: 1, watch: false, watchman: globalConfig.watchman };
  const found = configsOfAll()
    .filter(runsWithUs)
    .map(async (config) => {
      const context = await jestPackages.Runtime.createContext(config, options);
      return new jestPackages.SearchSource(context).getTestPaths(globalConfig, config);
    });
  return (await Promise.all(found)).flatMap(({ tests }) => tests);
}
