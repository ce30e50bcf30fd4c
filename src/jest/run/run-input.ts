import type { Test } from '@jest/test-result';
import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import type { ClaimQueue } from '../../claims/queue.js';
import type { ConnectConfig } from '../../config/connect.js';
import type { RemoteMachineConfig } from '../../config/machines.js';
import type { HardwareOptions } from '../../config/options.js';
import type { Observation } from '../../core/estimate/estimate.js';
import type { Machine } from '../../core/machine/machine.js';
import type { Emit } from './delivery.js';
import type { Detect } from './detection.js';
import type { ResultCount } from './result-count.js';
import type { OnlyClasses } from './selection.js';
import type { Sources } from './sources.js';

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
