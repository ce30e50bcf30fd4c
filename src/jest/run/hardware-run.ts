import type { Test } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import type { ClaimQueue } from '../../claims/queue.js';
import { RunClaims } from '../../claims/run-claims.js';
import type { HardwareOptions } from '../../config/options.js';
import { Estimates, type Observation } from '../../core/estimate/estimate.js';
import type { CancelCause, Happening, Placement, RunEvent } from '../../core/events.js';
import { acceleratorsOf, type Machine } from '../../core/machine/machine.js';
import { Scheduler } from '../../core/scheduler/scheduler.js';
import { strategies } from '../../core/strategies/index.js';
import type { DeviceClass } from '../../core/vocabulary/taxonomy.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';
import { type LazyProbeName, lazyProbesFor } from '../../detect/lazy-probes.js';
import type { SuiteOutcome } from '../../execute/executor.js';
import { LiveRun } from '../../execute/live-run.js';
import type { LocalExecutor } from '../../execute/local.js';
import { liveHost } from '../../host/live.js';
import { sensorsOf } from '../../sensors/readings.js';
import { SensorWatch } from '../../sensors/watch.js';
import { say, session } from '../session.js';
import type { SuiteResult } from '../suite.js';
import type { PreparedSuite } from '../suites.js';
import { Delivery, type Emit } from './delivery.js';
import { runInBand } from './in-band.js';
import { jestExecutor } from './local-executor.js';
import { MemoryLook } from './memory-look.js';
import { failureOf } from './results.js';
import { runStarted } from './run-facts.js';
import { RunLookup } from './run-lookup.js';
import { runsInBand, type Workers, workersOf } from './workers.js';

/** What Jest and the machine give a run. */
export interface RunInput {
  readonly tests: readonly Test[];
  /** Reads the docblocks; called once, when the workers are on their way. */
  prepare(): readonly PreparedSuite[];
  /** As detected without starting any tool for devices beside the CPU. */
  readonly machine: Machine;
  /** Detects again: devices of these classes, with these probes too. What their drivers' tools say is asked anew. */
  detect(classes: readonly DeviceClass[], lazy: readonly LazyProbeName[]): Promise<Machine>;
  readonly history: readonly Observation[];
  /** Ids of suites whose last run failed. */
  readonly failedLast: ReadonlySet<string>;
  readonly globalConfig: Config.GlobalConfig;
  readonly context: TestRunnerContext;
  readonly options: HardwareOptions;
  /** Where the runs of this host agree on who may use what; undefined: this one takes no notice of others. */
  readonly claims: ClaimQueue | undefined;
  /** Device classes that alone are wanted (`JEST_HARDWARE_ONLY`); undefined: all. */
  readonly only: readonly DeviceClass[] | undefined;
  /** Jest's advice to run in this process: also for one worker, one suite or a few fast ones. */
  readonly serial: boolean;
  readonly emit: Emit;
  /** Every event as it happens, the first one is `run-started`. */
  onEvent(event: RunEvent): void;
}

/** One run of Jest's suites on this machine. */
export class HardwareRun {
  readonly #input: RunInput;
  readonly #suites: readonly PreparedSuite[];
  readonly #lookup: RunLookup;
  readonly #workers: Workers;
  readonly #inBand: boolean;
  readonly #fairThreads: number;
  readonly #delivery: Delivery;
  readonly #children: LocalExecutor<SuiteResult>;
  readonly #live: LiveRun<SuiteResult>;
  readonly #scheduler: Scheduler;
  #sensors: SensorWatch | undefined;
  #claims: RunClaims | undefined;
  /** Workers for suites that have another device than the CPU. */
  #more = 0;
  #memory: MemoryLook | undefined;
  #failedTests = 0;
  #explained = false;

  constructor(input: RunInput) {
    const { tests, machine, globalConfig, options, emit } = input;
    this.#input = input;
    this.#lookup = new RunLookup(machine);
    this.#delivery = new Delivery(emit);
    this.#workers = workersOf(globalConfig, machine.machine.cpuBudget);
    this.#fairThreads = fairThreadsOf(machine, this.#workers.count);
    const serial = input.serial && runsInBand(globalConfig, this.#workers, tests);
    this.#children = this.#startChildren();
    // Workers take longer to start than docblocks to read. In band there may be none.
    if (!serial && input.only === undefined) this.#children.warm(Math.min(this.#workers.count, tests.length));
    this.#suites = input.prepare().map((suite) => narrowed(suite, input.only));
    this.#lookup.takeSuites(this.#suites);
    this.#inBand =
      serial && (wantsInBand(globalConfig, this.#workers) || this.#lookup.profiles.every(asksForNothing));
    const startedMs = performance.now();
    this.#scheduler = new Scheduler({
      strategy: strategies[options.strategy],
      unsatisfiable: options.unsatisfiable,
      retryLost: options.retryLost,
      takenMemory: options.takenMemory,
      speculate: options.speculate,
      finishWithinMs: options.finishWithin,
      // A sequencer of the user's own decides the order.
      keepOrder: options.testSequencer !== undefined,
      estimates: new Estimates(input.history),
    });
    this.#live = new LiveRun({
      scheduler: this.#scheduler,
      executor: { run: (placement, attempt, signal) => this.#hold(placement, attempt, signal) },
      inProcess: this.#inBand,
      nowMs: () => Math.round(performance.now() - startedMs),
      onEvent: (event) => {
        input.onEvent(event);
        this.#report(event);
        if (!event.type.startsWith('permit-')) this.#claims?.wake();
      },
      afterEvent: () => this.#claims?.review(),
      onOutcome: (placement, outcome) =>
        this.#delivery.outcome(this.#lookup.test(placement.suiteId), placement, outcome),
      cancelAfter: (outcome) => this.#bailAfter(outcome),
    });
  }

  /**
   * Runs every suite and hands each result to Jest.
   * @returns True when a worker had to be killed at the end, because something of its suites was still running.
   */
  async run(startedAt: Date): Promise<boolean> {
    const { globalConfig, options, only } = this.#input;
    const tell = (happening: Happening) => this.#live.tell(happening);
    // The suites before anything is waited for: a run that is cancelled meanwhile names each of them.
    tell(runStarted(globalConfig, options, only, startedAt));
    if (session.shard !== undefined) tell(session.shard.planned);
    for (const prepared of this.#suites) {
      if ('problems' in prepared) {
        tell({ type: 'suite-invalid', suiteId: prepared.id, problems: prepared.problems });
      } else if (only !== undefined && !isSelected(prepared.suite.profile, only)) {
        const reason = `not selected by JEST_HARDWARE_ONLY=${only.join(',')}`;
        tell({ type: 'suite-not-selected', suiteId: prepared.id, reason });
      } else {
        const failed = this.#input.failedLast.has(prepared.id);
        tell({ type: 'suite-queued', suite: { ...prepared.suite, ...(failed && { failedLast: true }) } });
      }
    }
    await this.#lookCloser();
    tell({ type: 'machine-known', machine: this.#lookup.machine });
    for (const slot of this.#lookup.slots) tell({ type: 'slot-up', slot });
    this.#sensors = this.#watchSensors();
    this.#claims = this.#openClaims();
    try {
      tell({ type: 'run-opened' });
      await this.#live.ended;
    } finally {
      this.#sensors?.stop();
      this.#memory?.close();
      this.releaseClaims();
    }
    const forced = await this.#children.end();
    await this.#delivery.settled();
    return forced;
  }

  #openClaims(): RunClaims | undefined {
    const { claims: queue } = this.#input;
    if (queue === undefined) return undefined;
    const { machine, profiles } = this.#lookup;
    this.#memory = new MemoryLook({
      host: liveHost(),
      machine,
      profiles,
      tell: (happening) => void this.#live.tell(happening),
      say,
      endIdleWorkers: () => this.#children.endIdle(),
    });
    const claims = new RunClaims({
      queue,
      machine,
      workers: this.#workers.count + this.#more,
      demand: () => this.#scheduler.permitDemand,
      tell: (happening) => void this.#live.tell(happening),
      lookAt: ({ deviceIds }) => this.#memory?.look(deviceIds),
      beforeRelease: ({ deviceIds }) =>
        deviceIds.length === 0 ? undefined : this.#children.endIdle(deviceIds),
      onWaiting: ({ deviceIds }) => {
        if (deviceIds.length > 0) this.#children.prepare(deviceIds);
      },
      say,
    });
    claims.open();
    return claims;
  }

  /** Sensors of devices that suites of this run may use. */
  #watchSensors(): SensorWatch {
    const { machine, profiles } = this.#lookup;
    const wanted = profiles.flatMap(({ hardware }) => hardware.map((need) => need.class));
    return new SensorWatch({
      machine: machine.machine.name,
      devices: machine.devices,
      sensors: sensorsOf(liveHost(), machine, new Set(wanted)),
      heat: this.#input.options.heat,
      tell: (happening) => void this.#live.tell(happening),
    });
  }

  /** Starts vendors' tools, browsers and the like only for a suite that asks for what they find. */
  async #lookCloser(): Promise<void> {
    const { only, detect, options } = this.#input;
    const { machine, profiles } = this.#lookup;
    const selected = profiles.filter((profile) => isSelected(profile, only));
    const lazy = lazyProbesFor(selected);
    const wanted = selected.flatMap(({ hardware }) => hardware.map((need) => need.class));
    const classes = [...new Set([...wanted, ...options.requireExecuted])];
    // Linux tells a CPU's features through files, which the first look has read; elsewhere the system must be asked.
    const asksCpu = machine.machine.platform !== 'linux' && selected.some(needsCpuLabels);
    if (asksCpu) classes.push('cpu');
    const closer = lazy.length > 0 || asksCpu || classes.some((each) => each !== 'cpu');
    const known = closer ? await detect(classes, lazy) : machine;
    this.#more = this.#workers.asked ? 0 : acceleratorsOf(known);
    this.#lookup.takeMachine(known, this.#workers.count, this.#more);
  }

  /** Starts nothing more and stops what is running; synchronous, so that it works while this process ends. */
  cancel(cause: CancelCause): void {
    this.#live.cancel(cause);
  }

  /** What Jest's reporters threw when they were told of suites. */
  get reporterErrors(): readonly unknown[] {
    return this.#delivery.errors;
  }

  /** Lets other runs have what this one holds; synchronous. */
  releaseClaims(): void {
    this.#claims?.close();
  }

  /** Ends every worker at once. */
  kill(): void {
    this.#children.kill();
  }

  #hold(placement: Placement, attempt: number, signal: AbortSignal): Promise<SuiteOutcome<SuiteResult>> {
    const run = () => this.#measure(placement, attempt, signal);
    return this.#claims?.hold(placement.claim, run) ?? run();
  }

  async #measure(
    placement: Placement,
    attempt: number,
    signal: AbortSignal,
  ): Promise<SuiteOutcome<SuiteResult>> {
    const end = this.#sensors?.begin(placement.claim.deviceIds);
    const leave = this.#memory?.begin(placement.claim.deviceIds);
    const outcome = await this.#execute(placement, attempt, signal);
    leave?.();
    const energyJoules = end?.() ?? {};
    return Object.keys(energyJoules).length === 0 ? outcome : { ...outcome, energyJoules };
  }

  async #execute(
    placement: Placement,
    attempt: number,
    signal: AbortSignal,
  ): Promise<SuiteOutcome<SuiteResult>> {
    const test = this.#lookup.test(placement.suiteId);
    const { globalConfig, context, emit } = this.#input;
    // As stock Jest in band: reporters have dealt with a suite before the next one starts.
    if (this.#inBand) await this.#delivery.settled();
    if (attempt === 1) {
      try {
        await emit('test-file-start', [test]);
      } catch (error) {
        // As stock Jest: the suite that a reporter stumbles over fails with the reporter's error.
        return { status: 'failed', durationMs: 0, executedTests: 0, result: { error: failureOf(error) } };
      }
    }
    if (!this.#inBand || attempt > 1 || !this.#lookup.isPlain(placement)) {
      if (attempt === 1) this.#explainChild(placement);
      return this.#children.run(placement, attempt, signal);
    }
    if (signal.aborted) return { status: 'cancelled', durationMs: 0 };
    const text = this.#lookup.placementText(placement, attempt, this.#fairThreads);
    return runInBand(test, text, globalConfig, context, (name, payload) => void emit(name, payload));
  }

  /** Said once a run: what the user asked for cannot be had for a suite that must be bound or stopped. */
  #explainChild(placement: Placement): void {
    const { globalConfig } = this.#input;
    const asked = globalConfig.runInBand
      ? '--runInBand'
      : globalConfig.detectOpenHandles
        ? '--detectOpenHandles'
        : globalConfig.workerThreads
          ? 'workerThreads'
          : undefined;
    if (this.#explained || asked === undefined || this.#lookup.isPlain(placement)) return;
    this.#explained = true;
    say(
      `jest-runner-hardware: ${placement.suiteId} and suites like it run in a child process in spite of ${asked}, because they need a device or a limit of their own.`,
    );
  }

  /** Suites that end without an attempt. */
  #report(event: RunEvent): void {
    if (event.type === 'suite-invalid') {
      this.#delivery.invalid(this.#lookup.test(event.suiteId), event.problems);
    } else if (event.type === 'suite-unplaceable') {
      this.#delivery.unplaceable(this.#lookup.test(event.suiteId), event.action, event.rejections);
    } else if (event.type === 'suite-not-selected') {
      this.#delivery.notSelected(this.#lookup.test(event.suiteId), event.reason);
    }
  }

  /** Jest counts failed tests the same way, but only after it was told of them: by then the next suites would run. */
  #bailAfter({ result }: SuiteOutcome<SuiteResult>): CancelCause | undefined {
    if (result !== undefined && 'testResult' in result)
      this.#failedTests += result.testResult.numFailingTests;
    const { bail } = this.#input.globalConfig;
    return bail > 0 && this.#failedTests >= bail ? 'bail' : undefined;
  }

  #startChildren(): LocalExecutor<SuiteResult> {
    const { tests, globalConfig, context, emit } = this.#input;
    return jestExecutor({
      globalConfig,
      context,
      lookup: this.#lookup,
      workers: () => this.#workers.count + this.#more,
      fairThreads: this.#fairThreads,
      tests,
      emit,
    });
  }
}

function isSelected({ hardware }: WorkloadProfile, only: RunInput['only']): boolean {
  return only === undefined || hardware.some((need) => only.includes(need.class));
}

/** Of what a suite asks for, the classes that alone are wanted: a suite for a GPU or a CPU runs on the GPU. */
function narrowed(prepared: PreparedSuite, only: RunInput['only']): PreparedSuite {
  if (only === undefined || !('suite' in prepared) || !isSelected(prepared.suite.profile, only))
    return prepared;
  const { profile } = prepared.suite;
  const hardware = profile.hardware.filter((need) => only.includes(need.class));
  return { ...prepared, suite: { ...prepared.suite, profile: { ...profile, hardware } } };
}

/** What each of the machine's workers can keep busy, when all of them run. */
function fairThreadsOf({ machine }: Machine, workers: number): number {
  return Math.max(1, Math.floor(machine.cpuBudget / workers));
}

/** The user's wish, as opposed to Jest's advice. */
function wantsInBand(
  { runInBand, detectOpenHandles, maxWorkers }: Config.GlobalConfig,
  { asked }: Workers,
): boolean {
  return runInBand || detectOpenHandles || (asked && maxWorkers <= 1);
}

/** A suite that stock Jest would run as well: it needs no binding and no limit. */
function asksForNothing({ hardware, maxTimeMs, cpuThreads }: WorkloadProfile): boolean {
  return (
    hardware.every((need) => need.class === 'cpu') && maxTimeMs === undefined && cpuThreads === undefined
  );
}

/** Whether what its CPU has decides about the suite. */
function needsCpuLabels({ hardware, features, precisions }: WorkloadProfile): boolean {
  const onCpu = hardware.length === 0 || hardware.some((need) => need.class === 'cpu');
  return onCpu && features.length + precisions.length > 0;
}
