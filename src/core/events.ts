import type { Claim, Machine, Slot } from './machine/machine.js';
import type { Permit } from './machine/permits.js';
import type { DeviceClass } from './vocabulary/taxonomy.js';
import type { WorkloadProfile } from './workload/profile.js';

/** Version of the record's format, which is one JSON object a line, each a `RunEvent`. */
export const recordVersion = 1;

/** One test file of one Jest project. */
export interface Suite {
  /** Path relative to the global rootDir, `/` separated; several projects: `<project> › <path>`. */
  readonly id: string;
  readonly profile: WorkloadProfile;
  /** Size of the test file; 0 when unknown. */
  readonly fileBytes: number;
  /** Its last run failed, so it starts before others of its priority. */
  readonly failedLast?: true;
  /**
   * Ms by device kind (`deviceKindOf`), where they are known beforehand: from a scenario, or a program with tasks of its own.
   * They take precedence over everything learned. The suite cannot run on a kind that is left out. 0: it can run there, and
   * its duration is not known.
   */
  readonly expectedMs?: Readonly<Record<string, number>>;
}

/** What an estimated duration is based on, from the surest to the least sure. */
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
  /** Peak memory of the suite's process; 0 when not known. */
  readonly hostMemoryBytes: number;
  readonly basis: EstimateBasis;
  /** How many earlier runs it is based on. */
  readonly samples: number;
  /** Estimated standard deviation of the logarithm of the duration: 0.3 is about ± 30 %. */
  readonly spread: number;
}

export interface Placement {
  readonly suiteId: string;
  readonly slotId: string;
  /** Slots of further devices that the suite holds (`gpu:2`), in the order of the claim's devices; left out when none. */
  readonly partnerSlotIds?: readonly string[];
  readonly claim: Claim;
  readonly estimate: Estimate;
  /** True when the device misses something that the suite requires (`degrade`). */
  readonly degraded: boolean;
  /** After an earlier attempt ran out of device memory: the smaller batch size that this one is handed. Left out: the usual one. */
  readonly batchSize?: number;
}

/** Why a suite could not go to a slot. */
export interface Rejection {
  /** A slot; the slot pool when the rejection holds for all its slots; `<machine>/<device>` for a device that is not usable. */
  readonly slotId: string;
  /** Name of the filter. */
  readonly filter: string;
  /** One clause for a person: `needs gpu: this device is a cpu`. */
  readonly reason: string;
  /** How to make the slot's device usable, where that would help. */
  readonly remedy?: string;
  /** `never`: waiting does not help. `now`: something is busy. */
  readonly until: 'never' | 'now';
}

export const suiteStatuses = ['passed', 'failed', 'skipped', 'timed-out', 'lost', 'cancelled'] as const;
/** How an attempt ended. `lost`: without a result, as the process was killed or the machine is gone; not the same as failed. */
export type SuiteStatus = (typeof suiteStatuses)[number];

export type CancelCause = 'bail' | 'interrupt';

/** Everything that happens in a run. The scheduler takes and gives these events, and the record is a file of them. */
export type RunEvent = { /** Integer ms since the run started. */ readonly atMs: number } & (
  | RunStarted
  | ShardPlanned
  | { readonly type: 'machine-known'; readonly machine: Machine }
  /** Another machine was asked to take part. Suites that only it may be able to run wait until it is settled. */
  | {
      readonly type: 'machine-awaited';
      /** Its name in this run. */
      readonly machine: string;
      /** How it is reached: `ssh://gpu-box`. */
      readonly address: string;
    }
  /** The awaited machine takes part from here on; its slots were announced before. */
  | {
      readonly type: 'machine-settled';
      readonly machine: string;
      /** Why it does not take part, for a person; left out: it does. */
      readonly problem?: string;
      /** Name of the git tree of which it has a checkout: the working state here. Left out with a problem. */
      readonly treeId?: string;
      /** Ms until it was known, for sending what it lacked, and for checking out and installing. Left out with a problem. */
      readonly tookMs?: { readonly connect: number; readonly send: number; readonly prepare: number };
    }
  | { readonly type: 'slot-up'; readonly slot: Slot }
  /** A machine is gone, with all its slots. What ran there is lost, which is not the suites' fault. */
  | {
      readonly type: 'machine-lost';
      readonly machine: string;
      /** For a person, with the machine's name: `gpu-box was lost: nothing was heard of it for 4 s`. */
      readonly reason: string;
    }
  /** The way to a machine has become slower or faster than was told before, with its slots or by this event. */
  | {
      readonly type: 'link-measured';
      readonly machine: string;
      /** As `Slot.leadMs`, of all its slots from here on. */
      readonly leadMs: number;
    }
  /**
   * A result came from an attempt that had been given up as lost, such as from a network that works again. It does not count:
   * the suite was started elsewhere, or has its result.
   */
  | {
      readonly type: 'late-result';
      readonly suiteId: string;
      readonly slotId: string;
      readonly attempt: number;
      /** What it would have been. */
      readonly status: SuiteStatus;
    }
  /** A device got so hot that it gets no new suites (a CPU: fewer), or it has cooled down. */
  | {
      readonly type: 'device-heat';
      /** Name of its machine. */
      readonly machine: string;
      readonly deviceId: string;
      readonly hot: boolean;
      /** Left out where the sensor could not be read. */
      readonly celsius?: number;
      /** What measured it: `nvidia-smi`, `simulated`. */
      readonly source: string;
    }
  /** Other runs use the machine too. From now on no suite starts there without a permit. */
  | {
      readonly type: 'machine-shared';
      readonly machine: string;
      /** Devices that need a permit. */
      readonly deviceIds: readonly string[];
    }
  /** How much of a device's memory is taken by others than suites of this run, as far as it can be read. */
  | {
      readonly type: 'device-memory';
      readonly machine: string;
      readonly deviceId: string;
      readonly takenBytes: number;
      /** `pid 4711 (python) holds 10 GiB`; left out where it is not known. */
      readonly by?: string;
    }
  /** Others hold what a permit is for. */
  | {
      readonly type: 'permit-awaited';
      readonly machine: string;
      readonly permit: Permit;
      /** `gpu0 is held by pid 4711 in ../app` */
      readonly by: string;
    }
  | { readonly type: 'permit-granted'; readonly machine: string; readonly permit: Permit }
  /** Others wait for it. What runs with it goes on, and no further suite starts with it. */
  | { readonly type: 'permit-withdrawn'; readonly machine: string; readonly permit: Permit }
  /**
   * Other runs use a device of the machine too, and the machine shares it among all of them. Suites of this run that are there
   * already go on. Told again when it changes.
   */
  | {
      readonly type: 'device-turns';
      readonly machine: string;
      readonly deviceId: string;
      /** How many suites of this run may run there at once without waiting for another run, ≥ 0. */
      readonly free: number;
      /**
       * How many get their turn there at once, sooner or later: they wait until suites of other runs have ended. 0: none does as
       * long as others than runs use the machine.
       */
      readonly share: number;
    }
  | { readonly type: 'slot-down'; readonly slotId: string; readonly reason: string }
  /**
   * No further suite starts on the device, or on any device of the machine. What runs there goes on. Decided after errors of
   * the device, or told by a run that kept it from an earlier one.
   */
  | {
      readonly type: 'set-aside';
      readonly machine: string;
      /** Left out: all of the machine, for the rest of this run. */
      readonly deviceId?: string;
      /** The evidence, as the end of a sentence about it: `fell off: GPU has fallen off the bus`. */
      readonly reason: string;
      /** When an earlier run set it aside, ISO 8601, UTC; left out: this run did. */
      readonly since?: string;
      /** The option `chaos` did so: later runs use it again. */
      readonly injected?: true;
    }
  /** The option `chaos` did this to the run, on purpose. */
  | FaultInjected
  /** After a run with `chaos`: how many results Jest was given for each suite that it handed over. One each is right. */
  | {
      readonly type: 'results-counted';
      readonly suites: number;
      /** Suites that Jest was given no result for, and those it was given several for. */
      readonly none: readonly string[];
      readonly several: readonly string[];
    }
  | { readonly type: 'suite-queued'; readonly suite: Suite }
  /** Jest handed the suite over, and the run's own filter (`JEST_HARDWARE_ONLY`) leaves it out. */
  | { readonly type: 'suite-not-selected'; readonly suiteId: string; readonly reason: string }
  /** The suite's docblock has mistakes. The suite fails with them and is never placed. */
  | { readonly type: 'suite-invalid'; readonly suiteId: string; readonly problems: readonly string[] }
  /** All slots and suites that are known at first have been announced. The scheduler decides from here on. */
  | { readonly type: 'run-opened' }
  /** Time has passed, and nothing else happened. The scheduler has no clock, so it needs this for suites that wait. */
  | { readonly type: 'tick' }
  | {
      readonly type: 'suite-started';
      readonly placement: Placement;
      readonly attempt: number;
      /** True for a second attempt, beside one that takes far longer than expected. The first result counts. */
      readonly speculative?: true;
      /** How long other runs on the machine kept suites with the same permit from starting; left out when they did not. */
      readonly waitedMs?: number;
      /** What held them up: `gpu0 is held by pid 4711 in ../app`. */
      readonly waitedFor?: string;
    }
  /**
   * The suite is sent ahead to the slot, where it starts as soon as what runs there has ended: its slot is told of decisions
   * late. `suite-started` follows when that end is known, unless the suite is returned before.
   */
  | { readonly type: 'successor-named'; readonly placement: Placement; readonly attempt: number }
  /** Another slot is free for the successor. It must be returned, unless it has started there. */
  | {
      readonly type: 'successor-recalled';
      readonly suiteId: string;
      readonly slotId: string;
      readonly attempt: number;
    }
  /** The successor has not started there, and waits for a start like others. Told, or decided where its slot is gone. */
  | {
      readonly type: 'successor-returned';
      readonly suiteId: string;
      readonly slotId: string;
      readonly attempt: number;
    }
  /** Another attempt gave the suite's result. This one must be stopped, and ends as cancelled. */
  | {
      readonly type: 'attempt-stopped';
      readonly suiteId: string;
      readonly slotId: string;
      readonly attempt: number;
      readonly cause: string;
    }
  | SuiteEnded
  /**
   * An attempt was lost, or ended by its device. The suite will be tried again: alone on its machine after its process died, and
   * as the cause says after a fault of its device.
   */
  | {
      readonly type: 'suite-requeued';
      readonly suiteId: string;
      /** Number of the coming attempt. */
      readonly attempt: number;
      readonly cause: string;
    }
  /** The suite is not tried again although it was lost or ended by its device: its last attempt counts. */
  | {
      readonly type: 'suite-given-up';
      readonly suiteId: string;
      /** Why nothing is left to try, with the evidence of its attempts. */
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
  /** Left out where neither the CI service nor git names one. */
  readonly commit?: string;
  /** True when files of the checkout differed from the commit; left out where they did not, or nobody looked. */
  readonly uncommitted?: true;
  /** Number of the shard, 1-based; left out when the run is not sharded. */
  readonly index?: number;
  readonly total?: number;
  /** True when suites or tests were left out by `-t`, a path pattern or the like. */
  readonly filtered: boolean;
  /** What left them out: `-t`, `paths`, `--onlyChanged` …; left out where nothing did, and in older records. */
  readonly narrowedBy?: readonly string[];
  /** True for all but the first run of a Jest process that watches; left out in older records. */
  readonly rerun?: true;
  /** The device classes to which `JEST_HARDWARE_ONLY` limits the run; left out: all. */
  readonly only?: readonly DeviceClass[];
  readonly coverage: boolean;
  /** Left out in runs without coverage, and in older records. */
  readonly coverageProvider?: 'babel' | 'v8';
  /**
   * Where the project was, without naming a folder of the machine: a hash of the checkout's folder, and Jest's rootDir
   * within it. Left out in older records.
   */
  readonly root?: { readonly checkoutHash: string; readonly rootDir: string };
  readonly requireExecuted: readonly DeviceClass[];
  /** States of suites that make the run fail although no test did; left out: none. */
  readonly failOn?: readonly FailOn[];
  /** Faults are injected into the run; left out: none. */
  readonly chaos?: Chaos;
}

/** What the option `chaos` injects. Equal seeds strike equal suites. */
export interface Chaos {
  readonly seed: number;
  /** Probability of a fault for each attempt of a suite and each message of a fleet, from 0 to 1. */
  readonly rate: number;
  readonly faults: readonly FaultName[];
}

/** Faults that the option `chaos` injects. */
export const faultNames = [
  'kill',
  'hang',
  'slow',
  'lose-machine',
  'revoke-device',
  'full-disk',
  'drop',
  'double',
  'delay',
] as const;
export type FaultName = (typeof faultNames)[number];

export interface FaultInjected {
  readonly type: 'fault-injected';
  readonly fault: FaultName;
  /** The attempt that was struck, or with whose start a machine or a device was taken away; left out for a message. */
  readonly suiteId?: string;
  readonly attempt?: number;
  /** The machine whose connection was cut, whose device was revoked, or whose message it was. */
  readonly machine?: string;
  readonly deviceId?: string;
  /** `sent 12`: its number in the conversation with the machine. */
  readonly message?: string;
}

/**
 * Whether a run was asked for everything: not narrowed by `-t`, paths, device classes or shards, and not started again by watch
 * mode.
 */
export function isWholeRun(started: Pick<RunStarted, 'filtered' | 'only' | 'total' | 'rerun'>): boolean {
  const { filtered, only, total, rerun } = started;
  return !filtered && only === undefined && total === undefined && rerun !== true;
}

/** States of a suite that did not fail, which the option `failOn` can turn into a failure of the run. */
export const failOnStates = ['flaky', 'degraded', 'skipped'] as const;
export type FailOn = (typeof failOnStates)[number];

/** How the suites of a sharded run were divided. Equal on every shard, except for the shard's own part. */
export interface ShardPlanned {
  readonly type: 'shard-planned';
  /** Equal where fleet, history, planner and number of shards are equal. */
  readonly planId: string;
  /** Hashes of these four, to find out which one differs. */
  readonly inputs: Readonly<Record<string, string>>;
  /** 1-based. */
  readonly index: number;
  readonly total: number;
  /** Name of the machine that was declared for the shard; left out: any machine. */
  readonly machine?: string;
  /** How long the suites whose durations are known should take, ms by shard. */
  readonly predictedMs: readonly number[];
  /** Lower bound: no division of these suites can take less time. Ms. */
  readonly boundMs: number;
  /** Suites that Jest handed to this shard, and which it left to other shards. */
  readonly elsewhere: readonly string[];
  /** Suites that this shard took, including those of other runners. */
  readonly own?: readonly string[];
  /** When the suites were divided, ISO 8601, UTC. Equal in all records of one attempt. */
  readonly dividedAt?: string;
  /** The run of the CI service (`GITHUB_RUN_ID 4711`), equal for all attempts of its jobs. Left out where it is not known. */
  readonly ciRun?: string;
  /** Number of the attempt, as counted by the CI service. */
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
  /** How many tests really ran (passed or failed); left out when the attempt gave no result. */
  readonly executedTests?: number;
  readonly peakMemoryBytes?: number;
  /** CPU time of the attempt's process, all its threads, without processes that it started. */
  readonly cpuMs?: number;
  /**
   * Measured energy by id of the devices that the attempt held. Where several attempts ran on a device at once, each gets
   * its part. A CPU's counter measures the whole package, other programs included. Left out for devices without a sensor.
   */
  readonly energyJoules?: Readonly<Record<string, number>>;
  /** What ended the attempt, with the evidence; for every status but passed and failed. */
  readonly cause?: string;
  /** For lost: true unless the suite ended its own process, such as for a kill from outside or a machine that is gone. */
  readonly infrastructure?: true;
  /** For cancelled: it was asked back, and had not started there although its slot was free. The suite is queued again. */
  readonly notStarted?: true;
  /** For lost: the last that its process wrote to stderr, at most 12 lines. Left out: nothing. */
  readonly lastOutput?: string;
  /** For failed and lost: its device ended it, not an assertion. On a CPU only for a full disk. */
  readonly deviceFault?: DeviceFault;
  /** For failed, where the option `secondOpinion` asks for it. The status stays that of the attempt itself. */
  readonly secondOpinion?: SecondOpinion;
  /** What failed, at most 10; for the status failed. Left out in older records. */
  readonly failures?: readonly TestFailure[];
  /** How many more tests failed; left out: none. */
  readonly moreFailures?: number;
  /** Tests that failed and passed when Jest tried them again (`jest.retryTimes`), at most 10; left out: none. */
  readonly retriedTests?: readonly string[];
}

/**
 * What became of a device under a suite: too little memory, an error of driver or hardware, a device that is gone from its
 * machine, or a browser or its adapter that was lost and that a new process gets anew. Or its machine's disk is full, which no
 * device is to blame for.
 */
export const deviceFaultKinds = ['out-of-memory', 'error', 'gone', 'context-lost', 'full-disk'] as const;
export type DeviceFaultKind = (typeof deviceFaultKinds)[number];

export interface DeviceFault {
  readonly kind: DeviceFaultKind;
  /** The line that says so, as the library or the driver wrote it, at most 300 characters. */
  readonly evidence: string;
}

/**
 * Why a suite failed, as far as running it again tells. `code`: it fails on the CPU too. `device`: it passes on the CPU.
 * `precision`: it passes on the CPU, and only numbers differ on the device. `flake`: it passes on the same device.
 * `repeatable`: it fails again on the same device, and may run on no other kind.
 */
export const opinions = ['code', 'device', 'precision', 'flake', 'repeatable'] as const;

export interface SecondOpinion {
  readonly verdict: (typeof opinions)[number];
  /** How it ended when it ran again, in order. */
  readonly again: readonly { readonly deviceIds: readonly string[]; readonly status: SuiteStatus }[];
}

/** A failed test, or a suite that failed as a whole. */
export interface TestFailure {
  /** `describe › test`; left out: the suite itself failed, such as by a syntax error. */
  readonly test?: string;
  /** As the test or Jest wrote it, several lines, without the stack; cut after 2,000 characters. */
  readonly message: string;
  /** Innermost line of the project's own code, relative to rootDir: `test/nlp.test.js:14`. Left out where the stack names none. */
  readonly at?: string;
}
