import type { Test, TestEvents } from '@jest/test-result';
import type { Config } from '@jest/types';
import type {
  EmittingTestRunnerInterface,
  TestRunnerContext,
  TestRunnerOptions,
  TestWatcher,
  UnsubscribeFn,
} from 'jest-runner';
import { openClaims } from '../claims/open.js';
import { chaosOf } from '../config/chaos.js';
import { connectTo } from '../config/connect.js';
import { type HardwareEnvironment, parseEnvironment } from '../config/environment.js';
import type { HardwareOptions } from '../config/options.js';
import { type RunPaths, runPaths } from '../config/run-paths.js';
import type { RunEvent } from '../core/events.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { closeKeptModules } from '../host/kept-modules.js';
import { onProcessEnd } from '../host/process-end.js';
import { openRecord } from '../record/file.js';
import { emptyHistory, failedLastOf, historyUnder, observationsOf } from '../record/history.js';
import { readHistory } from '../record/history-file.js';
import { prepareOutputDirectory } from '../record/output-directory.js';
import { unwrittenLines } from '../record/unwritten.js';
import { reportedRun } from '../report/formats/format.js';
import { fastPathText } from './fast/fast-path.js';
import { jestPackages } from './interop.js';
import type { Emit } from './run/delivery.js';
import { detectionOf, refuseOtherMachine } from './run/detection.js';
import { forceExitedText } from './run/force-exited.js';
import { HardwareRun } from './run/hardware-run.js';
import { HistorySink } from './run/history-sink.js';
import { KeptCoverage } from './run/kept-coverage.js';
import { Progress } from './run/progress.js';
import { sendReport, writeReports } from './run/reports.js';
import type { ResultCount } from './run/result-count.js';
import type { RunInput } from './run/run-input.js';
import { sourcesIn } from './run/sources.js';
import { failForReporters, failForResults, failForStates, requireExecuted } from './run/verdict.js';
import { readRunnerOptions } from './runner-options.js';
import { say, session } from './session.js';
import { SuiteDevices } from './suite-devices.js';

const forwardedEvents = [
  'test-file-start',
  'test-file-success',
  'test-file-failure',
  'test-case-start',
  'test-case-result',
] as const satisfies readonly (keyof TestEvents)[];

/** The Jest runner: `runner: ['jest-runner-hardware', options]`. */
export class HardwareRunner implements EmittingTestRunnerInterface {
  readonly supportsEventEmitters = true;
  readonly #globalConfig: Config.GlobalConfig;
  readonly #context: TestRunnerContext;
  readonly #rawOptions: unknown;
  readonly #emitter = new jestPackages.Emittery<TestEvents>();
  readonly #emit: Emit = (name, payload) => this.#emitter.emit(name, payload);

  /** @param rawOptions The second element of the `runner` tuple. */
  constructor(globalConfig: Config.GlobalConfig, context: TestRunnerContext, rawOptions?: unknown) {
    this.#globalConfig = globalConfig;
    this.#context = context;
    this.#rawOptions = rawOptions;
  }

  on<Name extends keyof TestEvents>(
    name: Name,
    listener: (data: TestEvents[Name]) => void | Promise<void>,
  ): UnsubscribeFn {
    return this.#emitter.on(name, listener);
  }

  /** Called by Jest once a run, with every suite that it expects a result for. */
  async runTests(tests: Test[], watcher: TestWatcher, { serial }: TestRunnerOptions): Promise<void> {
    if (session.served !== undefined) return this.#serve(session.served);
    const environment = parseEnvironment({ ...process.env, ...session.fleetVariables });
    // `--collectTests` runs no test, so there is nothing to place or to measure.
    const { collectTests } = this.#globalConfig;
    if (!environment.enabled || collectTests) return this.#runAsStock(tests, watcher, serial);
    requireOurSequencer(this.#globalConfig);

    const options = withChaos(readRunnerOptions(this.#rawOptions), environment);
    const paths = runPaths(options, this.#globalConfig.rootDir);
    const hasRoom = prepareOutputDirectory(paths.outputDirectory);
    const input = await this.#inputOf(tests, serial, options, paths, environment);

    const startedAt = new Date();
    const record = openRecord(paths.outputDirectory, startedAt, hasRoom);
    const events: RunEvent[] = [];
    const { verbose } = this.#globalConfig;
    const fastPath = verbose ? fastPathText(this.#globalConfig, options.fast) : undefined;
    const devices = options.showDevice ? new SuiteDevices(events) : undefined;
    session.runs.push({ events, recordPath: record.path, fastPath, devices });
    const coverage = new KeptCoverage(this.#globalConfig);
    const results = await resultCountOf(options, tests, this.#globalConfig);
    const history = new HistorySink();
    const emit = coverage.watched(this.#emit);
    const run = new HardwareRun({ ...input, results, emit: results?.watched(emit) ?? emit });
    run.on({ event: (event) => events.push(event) });
    run.on({ event: (event) => record.write(event) });
    run.on(history);
    const progress = new Progress({ say, isTerminal: process.stderr.isTTY === true });
    // `--silent` asks for nothing but results.
    if (this.#globalConfig.silent !== true) run.on(progress);
    const unwatch = watcher.on('change', ({ interrupted }) => {
      if (interrupted) run.cancel('interrupt');
    });
    const dispose = onProcessEnd(() => {
      run.stopAtExit();
      record.close();
    });
    try {
      const ended = run.run(startedAt);
      if (watcher.isInterrupted()) run.cancel('interrupt');
      const forced = await ended;
      if (forced) say(forceExitedText());
      failForReporters(run.reporterErrors, this.#globalConfig);
    } finally {
      progress.close();
      unwatch();
      dispose();
      record.close();
      closeKeptModules();
    }
    const problems = [
      record.problem,
      // What faults have done to suites says nothing of them.
      options.chaos === undefined ? history.close(paths, this.#globalConfig) : undefined,
      coverage.write(startedAt, paths.outputDirectory),
    ];
    const reported = reportedRun(events);
    const { summary } = reported;
    problems.push(...(await writeReports(reported, options, record.path, this.#globalConfig)));
    for (const line of unwrittenLines(problems)) say(line);
    const unsent = await sendReport(reported);
    if (unsent !== undefined) say(unsent);
    failForStates(summary, this.#globalConfig);
    failForResults(summary, this.#globalConfig);
    requireExecuted(summary);
  }

  /** Reads the history, opens the claim queue and detects the machine, so far without starting a tool. */
  async #inputOf(
    tests: readonly Test[],
    serial: boolean,
    options: HardwareOptions,
    paths: RunPaths,
    environment: HardwareEnvironment,
  ): Promise<Omit<RunInput, 'emit' | 'results'>> {
    const globalConfig = this.#globalConfig;
    const sources = sourcesIn(globalConfig.rootDir);
    const read = paths.history === undefined ? undefined : readHistory(paths.history, paths.project);
    if (read?.problem !== undefined && read.state !== 'missing') say(read.problem);
    const history = read?.history ?? emptyHistory;
    const detect = await detectionOf(paths, environment, globalConfig.rootDir, history.watts);
    // Inside a suite of another run, which keeps its claims until this run has ended: waiting for them would never end.
    const isNested = process.env['JEST_HARDWARE_PLACEMENT'] !== undefined;
    const claims = isNested ? undefined : openClaims(environment.claims ?? paths.claims, say);
    const machine = await detect([], []);
    await refuseOtherMachine(detect);
    return {
      tests,
      machine,
      detect,
      history: observationsOf(historyUnder(globalConfig.collectCoverage, history)),
      failedLast: failedLastOf(history),
      globalConfig,
      context: this.#context,
      options,
      outputDirectory: paths.outputDirectory,
      claims,
      machines: isNested ? [] : (environment.machines ?? options.machines),
      connect: isNested ? undefined : connectOf(options, environment),
      only: environment.only,
      sources: await sources,
      serial,
    };
  }

  /** Jest calls once for each set of options, and the first call serves all suites. */
  async #serve({ descriptor, tests }: NonNullable<typeof session.served>): Promise<void> {
    if (tests.length === 0) return;
    const { ServedRun } = await import('./remote/served-run.js');
    const paths = runPaths(readRunnerOptions(this.#rawOptions), this.#globalConfig.rootDir);
    const claims = openClaims(parseEnvironment(process.env).claims ?? paths.claims, say);
    const served = new ServedRun(tests, this.#globalConfig, this.#context, claims);
    if (session.served !== undefined) session.served.tests = [];
    await served.serve(descriptor);
  }

  /** `JEST_HARDWARE=off`. */
  async #runAsStock(tests: Test[], watcher: TestWatcher, serial: boolean): Promise<void> {
    const stock = new jestPackages.StockRunner(this.#globalConfig, this.#context);
    for (const name of forwardedEvents) stock.on(name, (payload) => this.#emit(name, payload));
    await stock.runTests(tests, watcher, { serial });
  }
}

function connectOf(
  { connect }: HardwareOptions,
  { connect: address }: HardwareEnvironment,
): HardwareOptions['connect'] {
  if (address === undefined) return connect;
  return address === false ? undefined : connectTo(address, connect);
}

/** Faults are for the run that was asked for them, and not for one that a suite of it starts. */
function withChaos(options: HardwareOptions, environment: HardwareEnvironment): HardwareOptions {
  const { chaos: option, ...others } = options;
  const isNested = process.env['JEST_HARDWARE_PLACEMENT'] !== undefined;
  const chaos = isNested ? undefined : chaosOf(option, environment.chaos);
  return { ...others, ...(chaos !== undefined && { chaos }) };
}

/** Loaded only with the option `chaos`. */
async function resultCountOf(
  { chaos }: HardwareOptions,
  tests: readonly Test[],
  globalConfig: Config.GlobalConfig,
): Promise<ResultCount | undefined> {
  if (chaos === undefined) return undefined;
  const { ResultCount } = await import('./run/result-count.js');
  return new ResultCount(tests, globalConfig);
}

/** Our sequencer collects the projects and checks that no tagged file runs under another runner; the run relies on both. */
function requireOurSequencer({ testSequencer }: Config.GlobalConfig): void {
  if (session.contexts !== undefined) return;
  throw new UsageError({
    message: 'jest-runner-hardware runs the suites, but another test sequencer orders them',
    expected: "testSequencer: 'jest-runner-hardware/sequencer'",
    found: `testSequencer: '${testSequencer}'`,
    remedy:
      "wrap the config in withHardware() from 'jest-runner-hardware', or set testSequencer yourself; your own sequencer goes into the runner option testSequencer",
  });
}
