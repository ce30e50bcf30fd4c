import { styleText } from 'node:util';
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
import { parseEnvironment } from '../config/environment.js';
import { type RunPaths, runPaths } from '../config/run-paths.js';
import type { RunEvent } from '../core/events.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { defaultProfile } from '../core/workload/profile.js';
import { detectMachine } from '../detect/detect.js';
import { lazyProbesFor } from '../detect/lazy-probes.js';
import { showsColors } from '../host/colors.js';
import { onProcessEnd } from '../host/process-end.js';
import type { MachineFile } from '../machine-file/read.js';
import { openRecord } from '../record/file.js';
import { failedLastOf, historyUnder, observationsOf } from '../record/history.js';
import { readHistory, updateHistory } from '../record/history-file.js';
import { unlearnedText } from '../record/learn.js';
import { withMeasuredWatts } from '../record/measured-watts.js';
import { prepareOutputDirectory } from '../record/output-directory.js';
import { type RunSummary, summarise, unusableOf } from '../report/summary/summary.js';
import { printable } from '../report/text/printable.js';
import { missingFrom } from '../shard/plan/machine-difference.js';
import { jestPackages } from './interop.js';
import type { Emit } from './run/delivery.js';
import { HardwareRun, type RunInput } from './run/hardware-run.js';
import { KeptCoverage } from './run/kept-coverage.js';
import { readRunnerOptions } from './runner-options.js';
import { say, session } from './session.js';
import { prepareSuites } from './suites.js';

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

  /** Called by Jest once a run, with every suite it wants a result for. */
  async runTests(tests: Test[], watcher: TestWatcher, { serial }: TestRunnerOptions): Promise<void> {
    const environment = parseEnvironment(process.env);
    // Collecting (`--collectTests`) runs no test: there is nothing to place, to fail or to learn.
    const { collectTests } = this.#globalConfig;
    if (!environment.enabled || collectTests) return this.#runAsStock(tests, watcher, serial);
    requireOurSequencer(this.#globalConfig);

    const options = readRunnerOptions(this.#rawOptions);
    const { rootDir } = this.#globalConfig;
    const paths = runPaths(options, rootDir);
    prepareOutputDirectory(paths.outputDirectory);
    const history = paths.history === undefined ? undefined : readHistory(paths.history, paths.project);
    if (history?.problem !== undefined && history.state !== 'missing') say(history.problem);
    const machineFile = await checkedMachine(environment.machineFile ?? paths.machine);
    const python = environment.python ?? paths.python;
    const detect: RunInput['detect'] = async (classes, lazy) =>
      withMeasuredWatts(
        await detectMachine({
          projectDir: rootDir,
          classes,
          lazy,
          ...(python !== undefined && { python }),
          ...(machineFile === undefined ? {} : { machineFile }),
        }),
        history?.history.watts ?? new Map(),
      );
    // Inside a suite of another run: that one holds what it claimed until we have ended, and must not be waited for.
    const isNested = process.env['JEST_HARDWARE_PLACEMENT'] !== undefined;
    const claims = isNested ? undefined : openClaims(environment.claims ?? paths.claims, say);
    // What suites want is not known yet: no tool is started for devices that nobody may ask for.
    const machine = await detect([], []);
    await refuseOtherMachine(detect);
    const startedAt = new Date();
    const events: RunEvent[] = [];
    const record = openRecord(paths.outputDirectory, startedAt);
    session.runs.push({ events, recordPath: record.path });
    const coverage = new KeptCoverage(this.#globalConfig);
    const run = new HardwareRun({
      tests,
      prepare: () => prepareSuites(tests, this.#globalConfig, options),
      machine,
      detect,
      history:
        history === undefined
          ? []
          : observationsOf(historyUnder(this.#globalConfig.collectCoverage, history.history)),
      failedLast: history === undefined ? new Set() : failedLastOf(history.history),
      globalConfig: this.#globalConfig,
      context: this.#context,
      options,
      claims,
      only: environment.only,
      serial,
      emit: coverage.watched(this.#emit),
      onEvent: (event) => {
        events.push(event);
        record.write(event);
      },
    });
    const unwatch = watcher.on('change', ({ interrupted }) => {
      if (interrupted) run.cancel('interrupt');
    });
    const dispose = onProcessEnd(() => {
      run.cancel('interrupt');
      run.kill();
      run.releaseClaims();
      record.close();
    });
    try {
      const ended = run.run(startedAt);
      if (watcher.isInterrupted()) run.cancel('interrupt');
      const forced = await ended;
      if (forced) say(showsColors(process.stderr) ? yellow(forceExitedText) : forceExitedText);
      this.#failFor(run.reporterErrors);
    } finally {
      unwatch();
      dispose();
      record.close();
    }
    // Shards must go on planning from one history: `merge` teaches it.
    const learns = this.#globalConfig.shard === undefined;
    const unlearned =
      paths.history === undefined || !learns
        ? undefined
        : updateHistory(paths.history, events, paths.project);
    const { watch, watchAll } = this.#globalConfig;
    const untaught =
      paths.history === undefined || watch || watchAll || unlearned !== undefined
        ? undefined
        : unlearnedText(events);
    const unkept = coverage.write(startedAt, paths.outputDirectory);
    const problems = [record.problem, unlearned, untaught, unkept];
    for (const problem of problems) if (problem !== undefined) say(problem);
    const summary = summarise(events);
    this.#refuseStates(summary);
    requireExecuted(summary);
  }

  /**
   * A reporter that throws fails the run, and nothing else: Jest goes on with summary, teardown and what other reporters
   * write.
   */
  #failFor(reporterErrors: readonly unknown[]): void {
    if (reporterErrors.length === 0) return;
    this.#fail(...reporterErrors);
    for (const error of reporterErrors) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      say(
        `jest-runner-hardware: a reporter threw an error when it was told of a suite, so the run fails:\n${text}`,
      );
    }
  }

  /** The option `failOn`: results, teardown and other reporters are as in any run that fails. */
  #refuseStates({ refused, suites }: RunSummary): void {
    if (refused.length === 0) return;
    const causes = new Map(suites.map(({ id, reasons }) => [id, reasons]));
    const error = new UsageError(
      refused.map(({ state, suiteIds }) => ({
        message: `the run fails, because the option failOn names ${state}`,
        found: suiteIds.map((id) => printable([id, ...(causes.get(id) ?? [])].join(': '))).join('; '),
        remedy: `see why they were ${state}, or take the word out of failOn`,
      })),
    );
    this.#fail(error);
    say(error.message);
  }

  /** Our reporter tells Jest; where a user left it out, the exit code alone does. */
  #fail(...errors: readonly unknown[]): void {
    session.failures.push(...errors);
    const { watch, watchAll } = this.#globalConfig;
    if (!watch && !watchAll) process.exitCode = 1;
  }

  /** `JEST_HARDWARE=off`. */
  async #runAsStock(tests: Test[], watcher: TestWatcher, serial: boolean): Promise<void> {
    const stock = new jestPackages.StockRunner(this.#globalConfig, this.#context);
    for (const name of forwardedEvents) stock.on(name, (payload) => this.#emit(name, payload));
    await stock.runTests(tests, watcher, { serial });
  }
}

/** Our sequencer tells us the projects and checks that no tagged file runs elsewhere: without it we could not keep our word. */
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

/** Checking is loaded only when there is something to check: most runs declare nothing. */
async function checkedMachine(machine: RunPaths['machine']): Promise<string | MachineFile | undefined> {
  if (typeof machine !== 'object') return machine;
  const { parseMachine } = await import('../machine-file/read.js');
  return parseMachine(machine, 'option machine');
}

/** A shard that lacks what it was declared to have would not run what the others left to it. */
async function refuseOtherMachine(detect: RunInput['detect']): Promise<void> {
  const { planned, declared } = session.shard ?? {};
  if (planned === undefined || declared === undefined) return;
  // Browsers and some backends are found on demand alone; what was declared is a demand.
  const demands = declared.machine.devices.flatMap(({ usable, class: deviceClass, backends, features }) =>
    usable && deviceClass !== 'cpu' ? [{ ...defaultProfile, backends, features }] : [],
  );
  const classes = declared.machine.devices.map((device) => device.class);
  const missing = missingFrom(await detect(classes, lazyProbesFor(demands)), declared.machine);
  if (missing.length === 0) return;
  throw new UsageError({
    message: `this machine is not the one declared for shard ${planned.index} of ${planned.total} (${planned.machine})`,
    expected: missing.map((clause) => clause.split(': ')[0]).join('; '),
    found: missing.map((clause) => clause.split(': ')[1]).join('; '),
    remedy: 'run the shard on such a machine, or correct the option `shards`',
  });
}

function requireExecuted(summary: RunSummary): void {
  const { unmetRequirements } = summary;
  if (unmetRequirements.length === 0) return;
  const unusable = unmetRequirements
    .flatMap((deviceClass) => unusableOf(summary, deviceClass))
    .map(printable);
  throw new UsageError({
    message: `no suite of class ${unmetRequirements.join(', ')} executed a test in this run`,
    expected: `at least one executed test on a device of each class in requireExecuted`,
    ...(unusable.length > 0 && { found: unusable.join('; ') }),
    remedy:
      'run where such a device is usable, tag a suite with @hardware, or take the class out of requireExecuted',
  });
}

function yellow(text: string): string {
  return styleText('yellow', text, { validateStream: false });
}

/** Jest's own words, which people search for. */
const forceExitedText =
  'A worker process has failed to exit gracefully and has been force exited. ' +
  'This is likely caused by tests leaking due to improper teardown. ' +
  'Try running with --detectOpenHandles to find leaks. ' +
  'Active timers can also cause this, ensure that .unref() was called on them.';
