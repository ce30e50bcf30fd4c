import type { Machine } from '../core/machine/machine.js';
import type { DeviceClass } from '../core/vocabulary/taxonomy.js';
import type { LazyProbeName } from '../detect/lazy-probes.js';
import type { MachineFile } from '../machine-file/read.js';
import type { PathChange } from '../sync/check-out.js';
import type { Removed } from '../sync/clean-cache.js';
import type { DeviceSetAside } from './set-aside-here.js';
import type { QueuedOutcome } from './task-queues.js';

/** Both sides must have the same. */
export const protocolVersion = 1;

/**
 * What a worker on another machine can be asked; by a run, from `detect` to `finish` in this order. A run that is followed by
 * another one ends with `rest`, and the next one begins with `cache`. Nothing here knows what a task is.
 */
export interface WorkerCalls {
  /** What the machine has. */
  detect(params: DetectParams): Promise<Machine>;
  /** Makes the cache of working states ready. */
  cache(params: { readonly treeId: string }): Promise<CacheState>;
  /**
   * Receives objects as `git receive-pack` does. What git writes comes as events `data`, and what it reads goes by
   * notices `receive-pack-input`: base64 each, null at the end.
   */
  receivePack(): Promise<void>;
  /** Gets a tree from a git remote, instead of receiving it. */
  fetchTree(params: FetchParams): Promise<void>;
  /** Checks a state out and sets it up. */
  prepare(params: PrepareParams): Promise<Prepared>;
  /**
   * Starts the program that runs tasks. One that rests goes on, where it is the same program and can go on with what has
   * changed in the checkout.
   */
  start(params: StartParams): Promise<void>;
  /**
   * Runs one task; events of the call are the task's own. A notice `take-back` with its number takes it back, unless it has
   * started.
   */
  run(params: RunParams): Promise<QueuedOutcome>;
  /** Ends what runs for this run; the checkout and, unless it tears something down, the program stay for the next one. */
  rest(params: null): Promise<void>;
  /** Ends the program in its own time. */
  finish(): Promise<void>;
  /** Answers at once, whatever is sent: how long that takes is the round trip. */
  ping(payload: string | null): Promise<null>;
  /** What there is for a run. Nothing is changed. */
  examine(params: ExamineParams): Promise<Examined>;
  /** Removes what no run has used lately. @returns What it was, or would be. */
  clean(params: CleanParams): Promise<readonly Removed[]>;
}

export interface RunParams {
  /** Tasks of one queue run one after another, in the order in which they are sent. */
  readonly queue: string;
  /** Names the task on this connection. */
  readonly number: number;
  readonly task: unknown;
}

export interface DetectParams {
  /** What the machine is called in this run. */
  readonly name: string;
  /** Classes of devices that tasks ask for. */
  readonly classes: readonly DeviceClass[];
  readonly lazy: readonly LazyProbeName[];
  /** What the user says about it; checked. */
  readonly machineFile?: MachineFile;
  readonly python?: string;
  /** Tells by notices `told` how much of the devices' memory is taken, before it answers. */
  readonly takenMemory?: boolean;
}

export interface ExamineParams {
  /** As in `PrepareParams`; left out: there is no project. */
  readonly project?: string;
  /** Where dependencies are installed, below the top of the repository; empty: the top itself. */
  readonly modules?: string;
}

export interface Examined {
  /** `v22.11.0`. */
  readonly nodeVersion: string;
  readonly platform: string;
  readonly arch: string;
  /** Left out: there is no git. */
  readonly gitVersion?: string;
  /** Where the worker keeps its files. */
  readonly directory: string;
  /** In that folder, for whoever has logged in. */
  readonly freeDiskBytes?: number;
  readonly freeMemoryBytes: number;
  /** Its clock, ms. */
  readonly epochMs: number;
  /** Names of the trees that need not be sent, the newest first. */
  readonly trees: readonly string[];
  /** Which setup the project's first checkout has; left out: none. */
  readonly doneSetupKey?: string;
}

export interface CleanParams {
  /** Checkouts that were used within this time stay, ms. */
  readonly unusedMs: number;
  /** Only tells what would go. */
  readonly dryRun: boolean;
}

interface CacheState {
  /** Whether the tree need not be sent. */
  readonly hasTree: boolean;
  /** Path of the repository there. */
  readonly repository: string;
}

export interface FetchParams {
  readonly treeId: string;
  /** An address of git. */
  readonly remote: string;
}

export interface PrepareParams {
  /** Names the project's folder there, which stays the same from run to run. */
  readonly project: string;
  readonly treeId: string;
  /** The project's directory below the top of its repository; empty: the top itself. */
  readonly prefix: string;
  /** What installs the dependencies; left out: what the lockfile asks for; false: nothing. */
  readonly setup?: string | false;
  readonly env: Readonly<Record<string, string>>;
}

export interface Prepared {
  /** Where the top of the repository is there. */
  readonly root: string;
  /** Whether the dependencies had to be installed. */
  readonly hasSetUp: boolean;
}

export interface StartParams {
  /** Directory of the program, below the top of the repository. */
  readonly directory: string;
  /** Flags for Node.js. */
  readonly nodeArgs: readonly string[];
  /** A module and its path below a package: `jest/bin/jest`, found from the directory. */
  readonly module: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Sent to the program before its first task. */
  readonly setup: unknown;
  /** Starts it with the first task: it sets something up that a machine without tasks needs not, for one run. */
  readonly lazy: boolean;
}

/** What a program that rests is told for the next run. It answers whether it can go on. */
export interface Renewal {
  readonly setup: unknown;
  /** What differs in the checkout; absolute paths. */
  readonly changes: readonly PathChange[];
}

/** What a run asks a machine of a fleet first, by the call `open`. */
export interface OpenParams {
  /** {@link protocolVersion} of the run's side. */
  readonly protocol: number;
  /** Names the project for everybody: its git remote, and its directory below the top of the repository. */
  readonly project: string;
  /** The git remote by which its code comes. */
  readonly remote: string;
  /** How much of what is free it gets beside other runs: one of 2 gets twice as much as one of 1. */
  readonly weight: number;
  /** Its code comes from somebody who may not push to the project, such as a pull request from a fork. */
  readonly isForeign: boolean;
}

/** What a machine of a fleet says about itself when it joins. */
export interface FleetAbout {
  readonly protocol: number;
  /** Of this package. */
  readonly version: string;
  readonly machine: Machine;
  /** How many suites run there at once; left out: one for each CPU thread, and one for each accelerator. */
  readonly workers?: number;
  /** Projects that it serves; left out: all. */
  readonly only?: readonly string[];
  /** Devices that runs leave alone. */
  readonly setAside: readonly DeviceSetAside[];
  /** Whoever works on the machine uses it, so that no suite starts. */
  readonly inUseByOthers: boolean;
  /** What it does now. */
  readonly load: {
    readonly runs: number;
    /** Suites that run, by the id of their device. */
    readonly suites: Readonly<Record<string, number>>;
  };
}

/**
 * What a machine of a fleet can be asked, beside {@link WorkerCalls}, by whoever has the fleet's secret. A run that has opened
 * says by notices `set-aside` that a device there is not to be used any more, and hears the same of others by notices `told`.
 */
export interface ClearParams {
  /** Devices that runs are to use again; none: all. */
  readonly deviceIds: readonly string[];
}

/** What a run tells a machine of a fleet of a device there. */
export interface SetAsideParams {
  readonly deviceId: string;
  /** The evidence, as the end of a sentence about it; at most {@link mostReasonCharacters}. */
  readonly reason: string;
}

/** Longer evidence is cut: all machines' is read by everybody who looks at the fleet, once a second. */
export const mostReasonCharacters = 500;

/** What a worker tells without being asked. */
export type WorkerNotice =
  | {
      readonly name: 'output';
      readonly payload: { readonly stream: 'stdout' | 'stderr'; readonly text: string };
    }
  /** What the program tells without being asked, which whoever sent its setup knows; and what the machine tells of its devices. */
  | { readonly name: 'told'; readonly payload: { readonly name: string; readonly payload: unknown } }
  /** What the program answered to its setup. */
  | { readonly name: 'ready'; readonly payload: unknown }
  /** No task can run there any more: why the program is gone, or does not start. It comes before tasks that this ends. */
  | { readonly name: 'ended'; readonly payload: string }
  /** The machine is told to end: it should get no further tasks. Those that run there may end before `ended` comes. */
  | { readonly name: 'leaving'; readonly payload: null }
  /** A line for the person at the terminal, about the machine. */
  | { readonly name: 'progress'; readonly payload: string };

/** The file descriptor by which the program that runs tasks talks to the worker; its variable holds the number. */
export const channelDescriptor = 3;
export const channelVariable = 'JEST_HARDWARE_CHANNEL';

/**
 * A line that the program writes to standard output and standard error when it is about to begin. What it says before is
 * said here too, by the same program, and is shown only if it never begins.
 */
export const beginLine = '\u001ejest-runner-hardware begins';
