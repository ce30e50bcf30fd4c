import type { Claim, Machine, Slot } from './machine/machine.js';
import type { Permit } from './machine/permits.js';
import type { DeviceClass } from './vocabulary/taxonomy.js';
import type { WorkloadProfile } from './workload/profile.js';

/** Version of the record's format: one JSON object a line, each a `RunEvent`. */
export const recordVersion = 1;

/** One test file of one Jest project. */
export interface Suite {
  /** Path relative to the global rootDir, `/` separated; several projects: `<project> › <path>`. */
  readonly id: string;
  readonly profile: WorkloadProfile;
  /** Size of the test file; 0 when unknown. */
  readonly fileBytes: number;
  /** Its last run failed: it goes before others of its priority. */
  readonly failedLast?: true;
  /**
   * Ms by kind of device (`deviceKindOf`), where somebody knows them beforehand: a scenario, a program with tasks of its own.
   * They count before everything learned, and a kind that is left out cannot run the suite. 0: it can, nobody knows how long.
   */
  readonly expectedMs?: Readonly<Record<string, number>>;
}

/** What a duration or memory figure rests on. */
export type EstimateBasis =
  | 'given'
  | 'own-device'
  | 'other-device'
  | 'workload'
  | 'directory'
  | 'file-size'
  | 'mean'
  | 'default';

export interface Estimate {
  /** Integer > 0. */
  readonly durationMs: number;
  /** Peak of the suite's process; 0 when nothing is known. */
  readonly hostMemoryBytes: number;
  readonly basis: EstimateBasis;
  /** How many earlier runs it rests on. */
  readonly samples: number;
  /** Standard deviation of the logarithm of the duration, as far as can be told: 0.3 is about ± 30 %. */
  readonly spread: number;
}

export interface Placement {
  readonly suiteId: string;
  readonly slotId: string;
  /** Slots of the further devices it holds (`gpu:2`), in the order of the claim's devices; left out when there are none. */
  readonly partnerSlotIds?: readonly string[];
  readonly claim: Claim;
  readonly estimate: Estimate;
  /** True when the device lies outside the suite's requirement (`degrade`). */
  readonly degraded: boolean;
}

/** Why a suite could not go to a slot. */
export interface Rejection {
  /** A slot, or the slot type when it holds for all of them; of a device that is not usable, `<machine>/<device>`. */
  readonly slotId: string;
  /** Name of the filter. */
  readonly filter: string;
  /** One clause for a person: `needs gpu: this device is a cpu`. */
  readonly reason: string;
  /** What would make the slot's device usable, where that is what is wrong. */
  readonly remedy?: string;
  /** `never`: no waiting helps; `now`: something is busy. */
  readonly until: 'never' | 'now';
}

export const suiteStatuses = ['passed', 'failed', 'skipped', 'timed-out', 'lost', 'cancelled'] as const;
/** How an attempt ended. `lost`: without a result (process killed, machine gone), never the same as failed. */
export type SuiteStatus = (typeof suiteStatuses)[number];

export type CancelCause = 'bail' | 'interrupt';

/** Everything that happens in a run; also the record's file format and the scheduler's language. */
export type RunEvent = { /** Integer ms since the run started. */ readonly atMs: number } & (
  | RunStarted
  | ShardPlanned
  | { readonly type: 'machine-known'; readonly machine: Machine }
  | { readonly type: 'slot-up'; readonly slot: Slot }
  /** A device got so hot that it gets no new suites (a CPU fewer), or has recovered. */
  | {
      readonly type: 'device-heat';
      /** Name of its machine. */
      readonly machine: string;
      readonly deviceId: string;
      readonly hot: boolean;
      /** Left out when the sensor could not be read. */
      readonly celsius?: number;
      /** What told so: `nvidia-smi`, `simulated`. */
      readonly source: string;
    }
  /** Other runs use the machine too: from now on nothing starts there without a permit. */
  | {
      readonly type: 'machine-shared';
      readonly machine: string /** Those that are claimed. */;
      readonly deviceIds: readonly string[];
    }
  /** How much of a device's memory others than suites of this run have taken, as far as anything tells. */
  | {
      readonly type: 'device-memory';
      readonly machine: string;
      readonly deviceId: string;
      readonly takenBytes: number;
      /** `pid 4711 (python) holds 10 GiB`; left out where nobody tells. */
      readonly by?: string;
    }
  /** What a permit is for is held by others. */
  | {
      readonly type: 'permit-awaited';
      readonly machine: string;
      readonly permit: Permit /** `gpu0 is held by pid 4711 in ../app` */;
      readonly by: string;
    }
  | { readonly type: 'permit-granted'; readonly machine: string; readonly permit: Permit }
  /** Others wait for it: what runs on it goes on, nothing further starts. */
  | { readonly type: 'permit-withdrawn'; readonly machine: string; readonly permit: Permit }
  | { readonly type: 'slot-down'; readonly slotId: string; readonly reason: string }
  | { readonly type: 'suite-queued'; readonly suite: Suite }
  /** Named by the run's own filter (`JEST_HARDWARE_ONLY`): handed to us, not wanted in this run. */
  | { readonly type: 'suite-not-selected'; readonly suiteId: string; readonly reason: string }
  /** Its docblock has mistakes: it fails with them and is never placed. */
  | { readonly type: 'suite-invalid'; readonly suiteId: string; readonly problems: readonly string[] }
  /** Known slots and suites are announced: decide from here on. */
  | { readonly type: 'run-opened' }
  /** Time has passed; only what waits needs it, the core has no clock. */
  | { readonly type: 'tick' }
  | {
      readonly type: 'suite-started';
      readonly placement: Placement;
      readonly attempt: number;
      /** True for a second attempt beside one that takes far longer than expected: the first result counts. */
      readonly speculative?: true;
      /** For how long other runs on the machine kept suites like it from starting, and who; left out: not at all. */
      readonly waitedMs?: number;
      readonly waitedFor?: string;
    }
  /** Another attempt gave the suite's result: this one is to be stopped, and ends as cancelled. */
  | {
      readonly type: 'attempt-stopped';
      readonly suiteId: string;
      readonly slotId: string;
      readonly attempt: number;
      readonly cause: string;
    }
  | SuiteEnded
  /** A lost attempt is tried again, alone on its machine. */
  | {
      readonly type: 'suite-requeued';
      readonly suiteId: string;
      /** The attempt to come. */
      readonly attempt: number;
      readonly cause: string;
    }
  | {
      readonly type: 'suite-unplaceable';
      readonly suiteId: string;
      readonly action: 'fail' | 'skip';
      readonly rejections: readonly Rejection[];
    }
  | { readonly type: 'run-cancelled'; readonly cause: CancelCause }
  | { readonly type: 'suite-not-started'; readonly suiteId: string; readonly cause: CancelCause }
  | { readonly type: 'run-ended' }
);

/** An event without its time, which whoever runs the suites adds. */
export type Happening = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, 'atMs'>
    : never
  : never;

export interface RunStarted {
  readonly type: 'run-started';
  readonly version: typeof recordVersion;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly packageVersion: string;
  readonly strategy: string;
  readonly commit?: string;
  /** Shard of the run, 1-based; left out when not sharded. */
  readonly index?: number;
  readonly total?: number;
  /** True when `-t`, a path pattern or the like left suites or tests out. */
  readonly filtered: boolean;
  /** The classes to which `JEST_HARDWARE_ONLY` limits the run; left out: all. */
  readonly only?: readonly DeviceClass[];
  readonly coverage: boolean;
  /** Left out in runs without coverage, and in records of before it was kept. */
  readonly coverageProvider?: 'babel' | 'v8';
  /**
   * Where the project was, without naming a folder of the machine: a hash of the checkout's folder, and Jest's rootDir
   * within it. Records of before it was kept lack it.
   */
  readonly root?: { readonly checkoutHash: string; readonly rootDir: string };
  readonly requireExecuted: readonly DeviceClass[];
  /** What makes the run fail although no test did; left out: nothing. */
  readonly failOn?: readonly FailOn[];
}

/** What a suite can be, without failing, that the option `failOn` may refuse. */
export const failOnStates = ['flaky', 'degraded', 'skipped'] as const;
export type FailOn = (typeof failOnStates)[number];

/** How the suites of a sharded run were divided; the same on every shard but for its own part. */
export interface ShardPlanned {
  readonly type: 'shard-planned';
  /** Equal where fleet, history, planner and number of shards are. */
  readonly planId: string;
  /** Hashes of these, to say which one differs. */
  readonly inputs: Readonly<Record<string, string>>;
  /** 1-based. */
  readonly index: number;
  readonly total: number;
  /** Name of the machine that was declared for the shard; left out: any. */
  readonly machine?: string;
  /** Of the suites whose durations are known, ms by shard. */
  readonly predictedMs: readonly number[];
  /** No division of these is over earlier, ms. */
  readonly boundMs: number;
  /** Suites that this shard saw and left to others. */
  readonly elsewhere: readonly string[];
  /** Suites that it took, those of other runners too. */
  readonly own?: readonly string[];
  /** ISO 8601, UTC: when it was divided; one for all records of one attempt. */
  readonly dividedAt?: string;
  /** The run of the CI service, equal over the attempts of its jobs: `GITHUB_RUN_ID 4711`. Left out where none is known. */
  readonly ciRun?: string;
  /** Number of the attempt, as the CI service counts. */
  readonly ciAttempt?: string;
}

export interface SuiteEnded {
  readonly type: 'suite-ended';
  readonly suiteId: string;
  readonly slotId: string;
  readonly attempt: number;
  readonly status: SuiteStatus;
  readonly degraded: boolean;
  readonly durationMs: number;
  /** Tests that really ran (passed or failed); left out when the attempt gave no result. */
  readonly executedTests?: number;
  readonly peakMemoryBytes?: number;
  /** CPU time of the attempt's process, all threads, without processes that it started. */
  readonly cpuMs?: number;
  /**
   * Measured, by id of the devices that the attempt held: its part, where several ran on a device at once. A CPU's
   * counter knows the whole package, other programs too. Left out for devices without a sensor.
   */
  readonly energyJoules?: Readonly<Record<string, number>>;
  /** For everything but passed and failed: what ended it, with the evidence. */
  readonly cause?: string;
}
