import type { Backend, DeviceClass, Feature, Precision, Sensitivity } from '../vocabulary/taxonomy.js';

/** What to do with a suite that no known device can run. */
export type UnsatisfiablePolicy =
  | { readonly action: 'fail' | 'skip' | 'degrade' }
  | { readonly action: 'wait'; readonly waitMs: number };

/** One alternative of `@hardware`: `count` devices of `class` on one machine at once. */
export interface HardwareRequirement {
  readonly class: DeviceClass;
  /** Integer ≥ 1. */
  readonly count: number;
}

/** What a suite needs and likes: the docblock merged over config, glob and named profile. */
export interface WorkloadProfile {
  /** Name of the workload (`@workload`), `general` when none is given. */
  readonly workload: string;
  /** Any of these will do; the order says nothing, estimates decide. Never empty: `cpu` when nothing is asked for. */
  readonly hardware: readonly HardwareRequirement[];
  /** All needed. */
  readonly backends: readonly Backend[];
  /** All needed. */
  readonly features: readonly Feature[];
  /** Any of these will do; empty: any. */
  readonly precisions: readonly Precision[];
  /** Used for ranking and learning only. */
  readonly operations: readonly string[];
  /** On the device: VRAM of a GPU, budget of a CPU. 0 when not given. */
  readonly minMemoryBytes: number;
  readonly preferredMemoryBytes?: number;
  /** RAM the suite's process takes; left out: learned. */
  readonly hostMemoryBytes?: number;
  /** CPU threads it keeps busy, integer ≥ 1; left out: 1 for admission, a fair share of the machine for thread pools. */
  readonly cpuThreads?: number;
  readonly batchSizes: readonly number[];
  readonly optimalBatchSize?: number;
  /** 1…5, higher first. Default 3. */
  readonly priority: number;
  /** The attempt is stopped after this long; left out: never. */
  readonly maxTimeMs?: number;
  readonly sensitivity?: Sensitivity;
  /** Whether an adapter that is emulated on the CPU will do. Default false. */
  readonly softwareAdapter?: boolean;
  readonly exclusive: boolean;
  readonly locks: readonly string[];
  /** Left out: the run's policy. */
  readonly unsatisfiable?: UnsatisfiablePolicy;
}

/** What one source (docblock, glob, named workload) says; fields it is silent about are left out. */
export type ProfilePart = Partial<WorkloadProfile>;

/** Where a field was written, for messages about two fields that exclude each other. */
export interface Origin {
  /** As the user wrote it, with its place: "`@hardware cpu` (line 2)". */
  readonly text: string;
  readonly file?: string;
  readonly line?: number;
}

/** One source of a profile with the origin of each field it sets. */
export interface ProfileLayer {
  readonly part: ProfilePart;
  readonly origins: Readonly<Partial<Record<keyof WorkloadProfile, Origin>>>;
}

/** Profiles that the options give, for every file of the run. */
export interface ConfiguredProfiles {
  /** By name; a name that is also built in replaces the built-in one. */
  readonly workloads: Readonly<Record<string, ProfileLayer>>;
  /** In the order of the options. */
  readonly profiles: readonly { readonly glob: string; readonly layer: ProfileLayer }[];
}

/** What a suite has that nobody said anything about. Its `hardware` gives way to what its backends need. */
export const defaultProfile: WorkloadProfile = {
  workload: 'general',
  hardware: [{ class: 'cpu', count: 1 }],
  backends: [],
  features: [],
  precisions: [],
  operations: [],
  minMemoryBytes: 0,
  batchSizes: [],
  priority: 3,
  exclusive: false,
  locks: [],
};
