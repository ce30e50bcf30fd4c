import type { Config } from '@jest/types';
import type { TestRunnerContext } from 'jest-runner';
import type { Machine } from '../../core/machine/machine.js';
import type { Start, SuiteOutcome } from '../../execute/executor.js';
import type { Renewal } from '../../remote/protocol.js';
import type { SuiteResult } from '../suite.js';
import type { RunFlags } from './run-flags.js';
import type { Sensed } from './served-sensors.js';
import type { SourceMaps } from './source-maps.js';

/** What Jest on another machine gets before its first suite. */
export interface ServedSetup {
  /** As it was detected there. */
  readonly machine: Machine;
  /** How many suites run there at once. */
  readonly workers: number;
  readonly fast: boolean;
  readonly flags: RunFlags;
  readonly sensed: Sensed;
  /** Which files are covered where only changed ones are: the sets that Jest gives its runners, as lists of paths there. */
  readonly context: { readonly [Key in keyof TestRunnerContext]: readonly string[] };
}

/** What it gets before each further run. */
export interface ServedRenewal extends Renewal {
  readonly setup: ServedSetup;
}

/** What it answers. */
export interface ServedProjects {
  readonly configs: readonly Config.ProjectConfig[];
}

export type ServedTask = Omit<Start, 'machine'>;

export interface ServedOutcome {
  readonly outcome: SuiteOutcome<SuiteResult>;
  /** By which V8's coverage is converted here. */
  readonly sourceMaps: SourceMaps;
  /** Files that the suite's snapshots have changed. */
  readonly files: readonly ChangedFile[];
}

export interface ChangedFile {
  /** Absolute, there. */
  readonly path: string;
  /** SHA-256 of what was there before; null: nothing. */
  readonly before: string | null;
  /** Undefined: it was deleted. */
  readonly content?: string;
}
