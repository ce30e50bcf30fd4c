import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import type { Injector } from '../../chaos/injector.js';
import type { RunClaims } from '../../claims/run-claims.js';
import type { Executor } from '../../execute/executor.js';
import type { LocalWorkers } from '../../execute/local-workers.js';
import { measured } from '../../execute/measured.js';
import type { SensorWatch } from '../../sensors/watch.js';
import type { RemoteMachines } from '../remote/remote-machines.js';
import { say } from '../session.js';
import type { SuiteResult } from '../suite.js';
import { announced } from './announced.js';
import type { Delivery, Emit } from './delivery.js';
import { withDeviceFaults } from './device-faults.js';
import { withFailures } from './failures.js';
import { inBandOr } from './in-band.js';
import type { withSecondOpinion } from './second-opinion.js';
import type { SuiteTests } from './suite-tests.js';
import { onWorkers } from './suite-workers.js';

interface ExecutorsOptions {
  readonly globalConfig: Config.GlobalConfig;
  readonly context: TestRunnerContext;
  readonly tests: SuiteTests;
  readonly emit: Emit;
  readonly delivery: Delivery;
  readonly workers: LocalWorkers<SuiteResult>;
  readonly fairThreads: number;
  /** Plain suites run in this process. */
  readonly inBand: boolean;
  readonly fast: boolean;
  /** Suites that failed run again, see the option `secondOpinion`. */
  readonly secondOpinion: boolean;
  readonly sensors: SensorWatch;
  /** Undefined: this run ignores other runs. */
  readonly claims: RunClaims | undefined;
  /** Undefined: no other machine takes part. */
  readonly machines: RemoteMachines | undefined;
  /** Undefined: no faults are injected. */
  readonly injector: Injector | undefined;
  /** Name of the machine that this is. */
  readonly localName: string;
}

/**
 * The stack of executors of a run, outermost last: place (this process, a worker or another machine), device faults, failures,
 * announcement, energy, second opinion, permits, faults.
 */
export async function executorsOf(options: ExecutorsOptions): Promise<Executor<SuiteResult>> {
  const { tests, emit, workers, fairThreads, sensors, claims, machines, injector } = options;
  const suites = inBandOr(onWorkers(workers, tests, fairThreads, emit), options);
  const judged = await judgement(options);
  const metered = measured(told(suites, options), sensors);
  const opinionated = judged(metered, onWorkers(workers, tests, fairThreads, tellNobody));
  const here = claims?.around(opinionated) ?? opinionated;
  const injected = (executor: Executor<SuiteResult>) => injector?.around(executor) ?? executor;
  if (machines === undefined) return injected(here);
  const { byMachine, onMachines } = await import('../remote/on-machines.js');
  const there = told(onMachines({ machines, tests, emit, say }), options);
  const quiet = onMachines({ machines, tests, emit: tellNobody, say });
  // Other machines have their own permits.
  return injected(byMachine(here, judged(there, quiet), options.localName));
}

/** Adds what the run and Jest hear of a suite beside its result. */
function told(
  executor: Executor<SuiteResult>,
  { globalConfig: { rootDir }, tests, emit, inBand, delivery }: ExecutorsOptions,
): Executor<SuiteResult> {
  const explained = withFailures(withDeviceFaults(executor, rootDir), rootDir);
  return announced(explained, { tests, emit, ...(inBand && { first: delivery }) });
}

/** Runs suites that failed again, where that is asked for; loaded only then. */
async function judgement({ secondOpinion }: ExecutorsOptions): Promise<typeof withSecondOpinion> {
  if (!secondOpinion) return (executor) => executor;
  return (await import('./second-opinion.js')).withSecondOpinion;
}

const tellNobody: Emit = async () => {};
