import { access } from 'node:fs/promises';
import type { Test } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import type { Injector } from '../../chaos/injector.js';
import type { ClaimQueue } from '../../claims/queue.js';
import { RunClaims } from '../../claims/run-claims.js';
import type { ConnectConfig } from '../../config/connect.js';
import type { RemoteMachineConfig } from '../../config/machines.js';
import type { HardwareOptions } from '../../config/options.js';
import { Estimates, type Observation } from '../../core/estimate/estimate.js';
import type { CancelCause, Happening } from '../../core/events.js';
import { acceleratorsOf, type Machine } from '../../core/machine/machine.js';
import { Scheduler } from '../../core/scheduler/scheduler.js';
import { strategies } from '../../core/strategies/index.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';
import type { Executor } from '../../execute/executor.js';
import { isPlain, type LocalWorkers } from '../../execute/local-workers.js';
import { measured } from '../../execute/measured.js';
import { Run, type RunListener } from '../../execute/run.js';
import { liveHost } from '../../host/live.js';
import { DeviceMemoryWatch } from '../../sensors/device-memory-watch.js';
import { sensorsOf } from '../../sensors/readings.js';
import { SensorWatch } from '../../sensors/watch.js';
import type { RemoteMachines } from '../remote/remote-machines.js';
import { say, session } from '../session.js';
import type { SuiteResult } from '../suite.js';
import { type PreparedSuite, readSuites } from '../suites.js';
import { announced } from './announced.js';
import { bailAfter } from './bail.js';
import { Delivery, type Emit } from './delivery.js';
import { type Detect, detectFor } from './detection.js';
import { withDeviceFaults } from './device-faults.js';
import { withFailures } from './failures.js';
import { inBandOr } from './in-band.js';
import { machineTold, suitesTold } from './prelude.js';
import type { ResultCount } from './result-count.js';
import { runStarted } from './run-facts.js';
import type { withSecondOpinion } from './second-opinion.js';
import { isSelected, narrowed, type OnlyClasses } from './selection.js';
import { SetAsideDevices } from './set-aside.js';
import type { Sources } from './sources.js';
import type { SuiteTests } from './suite-tests.js';
import { onWorkers, suiteWorkers } from './suite-workers.js';
import {
  asksForNothing,
  fairThreadsOf,
  mayRunInBand,
  type WorkerLimit,
  wantsInBand,
  workerLimitOf,
} from './workers.js';

/** What Jest and the machine give a run. */
export interface RunInput {
  readonly tests: readonly Test[];
  /** What was detected without starting a tool for devices other than the CPU. */
  readonly machine: Machine;
  readonly detect: Detect;
  readonly history: readonly Observation[];
  /** Ids of suites whose last run failed. */
  readonly failedLast: ReadonlySet<string>;
  readonly globalConfig: Config.GlobalConfig;
  readonly context: TestRunnerContext;
  readonly options: HardwareOptions;
  /** Absolute path; what runs leave for later ones is there. */
  readonly outputDirectory: string;
  /** The queue in which the runs of this host claim devices and locks; undefined: this run ignores other runs. */
  readonly claims: ClaimQueue | undefined;
  /** Other machines that are asked to take part. */
  readonly machines: readonly RemoteMachineConfig[];
  /** The fleet that takes part; undefined: none. */
  readonly connect: ConnectConfig | undefined;
  readonly only: OnlyClasses;
  readonly sources: Sources;
  /** Jest's advice to run in this process, which it also gives for one worker, one suite or a few fast ones. */
  readonly serial: boolean;
  readonly emit: Emit;
  /** For the option `chaos`: counts what `emit` is given. */
  readonly results: ResultCount | undefined;
}

/** One run of Jest's suites on this machine: its parts, and the order in which they begin and end. */
export class HardwareRun {
  readonly #input: RunInput;
  readonly #limit: WorkerLimit;
  readonly #workers: LocalWorkers<SuiteResult>;
  readonly #suites: readonly PreparedSuite[];
  readonly #profiles: readonly WorkloadProfile[];
  readonly #scheduler: Scheduler;
  readonly #run: Run<SuiteResult>;
  readonly #delivery: Delivery;
  readonly #tests: SuiteTests;
  readonly #inBand: boolean;
  readonly #fairThreads: number;
  #claims: RunClaims | undefined;
  #machines: RemoteMachines | undefined;
  #injector: Injector | undefined;
  #isCancelled = false;

  /** Starts workers and reads docblocks. */
  constructor(input: RunInput) {
    const { tests, machine, globalConfig, context, options, only, emit } = input;
    const { cpuBudget } = machine.machine;
    this.#input = input;
    this.#limit = workerLimitOf(globalConfig, cpuBudget);
    this.#fairThreads = fairThreadsOf(cpuBudget, this.#limit);
    const workers = this.#limit.count;
    this.#workers = suiteWorkers({
      tests,
      globalConfig,
      context,
      workers,
      fairThreads: this.#fairThreads,
      fast: options.fast,
    });
    const isAsked = wantsInBand(globalConfig, this.#limit);
    // Faults strike processes, so that advice alone is no reason to do without.
    const isAdvised = input.serial && (isAsked || options.chaos === undefined);
    const serial = isAdvised && mayRunInBand(globalConfig, this.#limit, tests);
    // Starting workers takes longer than reading docblocks, so they start first. In band they may not be needed.
    if (!serial && only === undefined) this.#workers.warm(machine, Math.min(workers, tests.length));

    this.#suites = readSuites(tests, globalConfig, options).map((suite) => narrowed(suite, only));
    this.#profiles = this.#suites.flatMap((each) => ('suite' in each ? each.suite.profile : []));
    this.#inBand = serial && (isAsked || this.#profiles.every(asksForNothing));
    this.#scheduler = new Scheduler({
      strategy: strategies[options.strategy],
      unsatisfiable: options.unsatisfiable,
      retryLost: options.retryLost,
      takenMemory: options.takenMemory,
      // While a suite runs again for an opinion it is not late, and its first result counts.
      speculate: options.speculate && !options.secondOpinion,
      finishWithinMs: options.finishWithin,
      // A sequencer of the user's own decides the order.
      keepOrder: options.testSequencer !== undefined,
      estimates: new Estimates(input.history),
    });
    const cancelAfter = bailAfter(globalConfig.bail);
    this.#run = new Run({ scheduler: this.#scheduler, inProcess: this.#inBand, cancelAfter });
    this.#tests = new Map(this.#suites.map(({ id, test }) => [id, test]));
    this.#delivery = new Delivery(this.#tests, emit);
  }

  /** See {@link Run.on}; Jest hears of an event after the listeners. */
  on(listener: RunListener<SuiteResult>): void {
    this.#run.on(listener);
  }

  /**
   * Runs every suite and hands each result to Jest.
   * @returns True when a worker had to be killed at the end, because something of its suites was still running.
   */
  async run(startedAt: Date): Promise<boolean> {
    const { globalConfig, options, only, failedLast, sources, outputDirectory } = this.#input;
    const run = this.#run;
    run.on(this.#delivery);
    run.on(new SetAsideDevices({ outputDirectory, tell: (happening) => void run.tell(happening), say }));
    // Suites are announced before the first wait, so that a run cancelled during detection names each of them.
    run.tell(runStarted(globalConfig, options, only, startedAt, sources));
    if (session.shard !== undefined) run.tell(session.shard.planned);
    for (const told of suitesTold(this.#suites, only, failedLast)) run.tell(told);

    this.#injector = await this.#faults();
    this.#machines = await this.#remoteMachines();
    this.#machines?.begin();
    const machine = await this.#knownMachine();
    const more = this.#limit.asked ? 0 : acceleratorsOf(machine);
    // Jest's process runs one suite at a time, however many workers there could be.
    const atOnce = this.#inBand ? 1 : this.#limit.count;
    const workers = atOnce + more;
    this.#workers.setLimit(workers);
    for (const told of machineTold(machine, atOnce, more)) run.tell(told);
    const sensors = this.#watchSensors(machine);
    this.#claims = this.#openClaims(machine, workers);
    if (this.#inBand) await inPhaseOfStock();
    try {
      await run.start(await this.#executor(sensors, machine));
    } finally {
      this.#injector?.stop();
      await this.#machines?.leave(!this.#isCancelled);
      sensors.stop();
      this.#claims?.close();
    }
    const forced = await this.#workers.endAll();
    await this.#delivery.settled();
    const { results } = this.#input;
    if (results !== undefined) run.tell(results.counted(this.#isCancelled));
    return forced;
  }

  /** Starts nothing more and stops what is running; synchronous. */
  cancel(cause: CancelCause): void {
    this.#isCancelled = true;
    this.#run.cancel(cause);
  }

  /** Cancels the run, kills every worker and releases all claims. Synchronous, so that it works while this process exits. */
  stopAtExit(): void {
    this.#run.cancel('interrupt');
    this.#workers.killAll();
    this.#machines?.abandon();
    this.#claims?.close();
  }

  /** What Jest's reporters threw when they were told of suites. */
  get reporterErrors(): readonly unknown[] {
    return this.#delivery.errors;
  }

  #knownMachine(): Promise<Machine> {
    const { machine, detect, options, only } = this.#input;
    const selected = this.#profiles.filter((profile) => isSelected(profile, only));
    return detectFor(selected, machine, detect, options.requireExecuted);
  }

  /** Loaded only with the option `chaos`. */
  async #faults(): Promise<Injector | undefined> {
    const { options, globalConfig } = this.#input;
    const { chaos } = options;
    if (chaos === undefined) return undefined;
    const { Injector } = await import('../../chaos/injector.js');
    const sharesProcess = this.#inBand || globalConfig.workerThreads === true;
    return new Injector({
      chaos,
      hasProcess: (start) => !sharesProcess || start.attempt > 1 || !isPlain(start),
      tell: (happening) => void this.#run.tell(happening),
    });
  }

  /** Loaded only where there are any. */
  async #remoteMachines(): Promise<RemoteMachines | undefined> {
    const { machines, connect, globalConfig, context, options, only } = this.#input;
    if (machines.length === 0 && connect === undefined) return undefined;
    const { RemoteMachines } = await import('../remote/remote-machines.js');
    return new RemoteMachines({
      machines,
      sync: options.sync,
      connect,
      globalConfig,
      contexts: session.contexts ?? [],
      context,
      profiles: this.#profiles.filter((profile) => isSelected(profile, only)),
      fast: options.fast,
      heat: options.heat,
      heedsOthers: this.#input.claims !== undefined,
      inBand: this.#inBand,
      injector: this.#injector,
      tell: (happening) => void this.#run.tell(happening),
      say,
    });
  }

  /** The stack of executors here, outermost last: place (this process or a worker), failures, announcement, energy, permits, faults. */
  async #executor(sensors: SensorWatch, machine: Machine): Promise<Executor<SuiteResult>> {
    const { globalConfig, context, emit } = this.#input;
    const tests = this.#tests;
    const fairThreads = this.#fairThreads;
    const inBand = this.#inBand;
    const workers = onWorkers(this.#workers, tests, fairThreads, emit);
    const suites = inBandOr(workers, {
      inBand,
      tests,
      fairThreads,
      globalConfig,
      context,
      emit,
      fast: this.#input.options.fast,
    });
    const tell = (executor: Executor<SuiteResult>) =>
      announced(withFailures(withDeviceFaults(executor, globalConfig.rootDir), globalConfig.rootDir), {
        tests,
        emit,
        ...(inBand && { first: this.#delivery }),
      });
    const judged = await this.#judgement();
    const metered = measured(tell(suites), sensors);
    const opinionated = judged(metered, onWorkers(this.#workers, tests, fairThreads, tellNobody));
    const here = this.#claims?.around(opinionated) ?? opinionated;
    const machines = this.#machines;
    const injected = (executor: Executor<SuiteResult>) => this.#injector?.around(executor) ?? executor;
    if (machines === undefined) return injected(here);
    const { byMachine, onMachines } = await import('../remote/on-machines.js');
    const there = tell(onMachines({ machines, tests, emit, say }));
    const quiet = onMachines({ machines, tests, emit: tellNobody, say });
    // Other machines have their own permits.
    return injected(byMachine(here, judged(there, quiet), machine.machine.name));
  }

  /** Runs suites that failed again, where that is asked for; loaded only then. */
  async #judgement(): Promise<typeof withSecondOpinion> {
    if (!this.#input.options.secondOpinion) return (executor) => executor;
    return (await import('./second-opinion.js')).withSecondOpinion;
  }

  /** Sensors of devices that suites of this run may use. */
  #watchSensors(machine: Machine): SensorWatch {
    const wanted = this.#profiles.flatMap(({ hardware }) => hardware.map((need) => need.class));
    return new SensorWatch({
      machine: machine.machine.name,
      devices: machine.devices,
      sensors: sensorsOf(liveHost(), machine, new Set(wanted)),
      heat: this.#input.options.heat,
      tell: (happening) => void this.#run.tell(happening),
    });
  }

  #openClaims(machine: Machine, workers: number): RunClaims | undefined {
    const { claims: queue } = this.#input;
    if (queue === undefined) return undefined;
    const tell = (happening: Happening) => void this.#run.tell(happening);
    const memory = new DeviceMemoryWatch({
      host: liveHost(),
      machine,
      profiles: this.#profiles,
      tell,
      say,
      endIdleWorkers: () => this.#workers.endIdle(),
    });
    const claims = new RunClaims({
      queue,
      machine,
      limit: workers,
      scheduler: this.#scheduler,
      workers: this.#workers,
      memory,
      tell,
      say,
    });
    claims.shareMachine();
    this.#run.on(claims);
    return claims;
  }
}

const tellNobody: Emit = async () => {};

/**
 * With stock Jest the last thing before its suites is a look at files. In this process a suite then begins in the same phase
 * of the event loop as there, so that a timer that it leaves behind fires after its result, and not before: what a process
 * that has ended (git, a vendor's tool) leads to comes in a later phase.
 */
async function inPhaseOfStock(): Promise<void> {
  await access('.').catch(() => {});
}
