import { access } from 'node:fs/promises';
import type { Injector } from '../../chaos/injector.js';
import { RunClaims } from '../../claims/run-claims.js';
import { Estimates } from '../../core/estimate/estimate.js';
import type { CancelCause, Happening } from '../../core/events.js';
import { acceleratorsOf, type Machine } from '../../core/machine/machine.js';
import { Scheduler } from '../../core/scheduler/scheduler.js';
import { strategies } from '../../core/strategies/index.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';
import type { Executor } from '../../execute/executor.js';
import { isPlain, type LocalWorkers } from '../../execute/local-workers.js';
import { Run, type RunListener } from '../../execute/run.js';
import { liveHost } from '../../host/live.js';
import { DeviceMemoryWatch } from '../../sensors/device-memory-watch.js';
import { sensorsOf } from '../../sensors/readings.js';
import { SensorWatch } from '../../sensors/watch.js';
import type { RemoteMachines } from '../remote/remote-machines.js';
import { say, session } from '../session.js';
import type { SuiteResult } from '../suite.js';
import { type PreparedSuite, readSuites } from '../suites.js';
import { bailAfter } from './bail.js';
import { Delivery } from './delivery.js';
import { detectFor } from './detection.js';
import { executorsOf } from './executors.js';
import { otherMachinesOf } from './other-machines.js';
import { machineTold, suitesTold } from './prelude.js';
import { runStarted } from './run-facts.js';
import type { RunInput } from './run-input.js';
import { isSelected, narrowed } from './selection.js';
import { SetAsideDevices } from './set-aside.js';
import type { SuiteTests } from './suite-tests.js';
import { suiteWorkers } from './suite-workers.js';
import {
  asksForNothing,
  fairThreadsOf,
  mayRunInBand,
  type WorkerLimit,
  wantsInBand,
  workerLimitOf,
} from './workers.js';

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
    run.on(
      new SetAsideDevices({
        outputDirectory,
        keeperOf: (machine) => this.#machines?.keeperOf(machine),
        tell: (happening) => void run.tell(happening),
        say,
      }),
    );
    // Suites are announced before the first wait, so that a run cancelled during detection names each of them.
    run.tell(runStarted(globalConfig, options, only, startedAt, sources));
    if (session.shard !== undefined) run.tell(session.shard.planned);
    for (const told of suitesTold(this.#suites, only, failedLast)) run.tell(told);

    this.#injector = await this.#faults();
    this.#machines = await otherMachinesOf(this.#input, {
      profiles: this.#selected,
      inBand: this.#inBand,
      injector: this.#injector,
      tell: (happening) => void run.tell(happening),
    });
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

  /** Profiles of the suites that are to run. */
  get #selected(): readonly WorkloadProfile[] {
    return this.#profiles.filter((profile) => isSelected(profile, this.#input.only));
  }

  #knownMachine(): Promise<Machine> {
    const { machine, detect, options } = this.#input;
    return detectFor(this.#selected, machine, detect, options.requireExecuted);
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

  #executor(sensors: SensorWatch, machine: Machine): Promise<Executor<SuiteResult>> {
    const { globalConfig, context, options, emit } = this.#input;
    return executorsOf({
      globalConfig,
      context,
      tests: this.#tests,
      emit,
      delivery: this.#delivery,
      workers: this.#workers,
      fairThreads: this.#fairThreads,
      inBand: this.#inBand,
      fast: options.fast,
      secondOpinion: options.secondOpinion,
      sensors,
      claims: this.#claims,
      machines: this.#machines,
      injector: this.#injector,
      localName: machine.machine.name,
    });
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

/**
 * With stock Jest the last thing before its suites is a look at files. In this process a suite then begins in the same phase
 * of the event loop as there, so that a timer that it leaves behind fires after its result, and not before: what a process
 * that has ended (git, a vendor's tool) leads to comes in a later phase.
 */
async function inPhaseOfStock(): Promise<void> {
  await access('.').catch(() => {});
}
