import type {
  Architecture,
  Backend,
  Confidence,
  DeviceClass,
  Feature,
  Precision,
  Vendor,
} from './taxonomy.js';

/** Where one label of a device comes from. */
export interface Evidence {
  readonly confidence: Confidence;
  /** What said so, for a person: `nvidia-smi compute_cap 8.9`, `/proc/cpuinfo flags`, `hardware.json`. */
  readonly source: string;
}

/** How fast a device does one kind of work. */
export interface Performance extends Evidence {
  /** > 0, at its best. */
  readonly value: number;
  readonly unit: PerformanceUnit;
}

/** 10⁹ floating-point operations, integer operations, or bytes per second. */
export type PerformanceUnit = 'GFLOPS' | 'GOPS' | 'GB/s';

/** One thing that computes: the CPU of a machine, one GPU, one MIG slice, one browser's WebGPU adapter, one NPU. */
export interface Device {
  /** Unique on its machine: `cpu`, `gpu0`, `gpu1`, `npu0` … */
  readonly id: string;
  readonly class: DeviceClass;
  readonly vendor?: Vendor;
  readonly architecture?: Architecture;
  readonly model?: string;
  /** VRAM of a GPU; the memory budget of the machine for its CPU. Left out when unknown. */
  readonly memoryBytes?: number;
  /** How many suites may use the device at once, ≥ 1. Default 1, for a CPU: as many as the machine has workers. */
  readonly shares?: number;
  /** False when it is present but gets no slot: it cannot compute (no driver, masked: `problems` says why) or is cut into slices, which are devices of their own. */
  readonly usable: boolean;
  /** True for an adapter that is emulated on the CPU (SwiftShader, lavapipe). */
  readonly software: boolean;
  readonly backends: readonly Backend[];
  readonly precisions: readonly Precision[];
  readonly features: readonly Feature[];
  /** Evidence by label: a field name (`model`, `memoryBytes`, `class` …) or a word of the lists above. */
  readonly evidence: Readonly<Record<string, Evidence>>;
  /**
   * Environment that binds a process to this device alone, set before the process starts
   * (`CUDA_VISIBLE_DEVICES`, `ROCR_VISIBLE_DEVICES` …). For a suite on several devices, equal names are joined by comma.
   */
  readonly bindingEnv?: Readonly<Record<string, string>>;
  /**
   * Measured or declared speed by work: `<operation>/<precision>` such as `matmul/fp32`, or `memory` for what it reads
   * of its memory. Null: tried, and nothing could be measured. Left out: nobody tried.
   */
  readonly performance?: Readonly<Record<string, Performance | null>>;
}

/** Something on the machine that is not as its owner thinks, with the remedy. */
export interface MachineProblem {
  readonly message: string;
  readonly remedy?: string;
}

/** Budgets and identity: what `detect --json` prints under `machine`. */
export interface MachineFacts {
  /** Short name for reports; `local` unless a machine file names it. Never the host name. */
  readonly name: string;
  readonly platform: string;
  readonly arch: string;
  /** CPU threads that may really be used at once (affinity and every cgroup quota counted), > 0, may be fractional. */
  readonly cpuBudget: number;
  /** Memory the run may really take (RAM or the smallest cgroup limit), > 0. */
  readonly memoryBudgetBytes: number;
  readonly evidence?: Readonly<Record<string, Evidence>>;
}

/** One machine as detected or declared; the shape of `detect --json` and of a machine file, version 1. */
export interface Machine {
  readonly version: 1;
  readonly machine: MachineFacts;
  readonly devices: readonly Device[];
  readonly problems: readonly MachineProblem[];
}

/**
 * Devices of one kind are expected to take equally long for a suite, on whatever machine: `gpu NVIDIA A10`, `cpu`.
 * What is learned is kept by kind, so that machines and cards that are alike share it.
 */
export function kindOf({ class: deviceClass, model }: Pick<Device, 'class' | 'model'>): string {
  return model === undefined ? deviceClass : `${deviceClass} ${model}`;
}

/** One place where one suite runs at a time. */
export interface Slot {
  /** `<machine>/<device>#<n>`, n from 1. */
  readonly id: string;
  /** Slots of equal type are interchangeable: `<machine>/<device>`. */
  readonly type: string;
  readonly machine: MachineFacts;
  readonly device: Device;
  /** How many suites may run on the machine at once, over all its slots. */
  readonly machineWorkers: number;
  /** CPU threads that running suites may claim together on the machine. */
  readonly machineCpuThreads: number;
}

/** What a running suite takes from its machine. */
export interface Claim {
  readonly deviceIds: readonly string[];
  readonly cpuThreads: number;
  readonly hostMemoryBytes: number;
  readonly deviceMemoryBytes: number;
  readonly locks: readonly string[];
  readonly exclusive: boolean;
}

/**
 * The slots of a machine: each usable device as often as it can be shared, a CPU once per worker.
 * @param workers How many suites may run at once on the machine, an integer ≥ 1.
 */
export function slotsOf(machine: Machine, workers: number): readonly Slot[] {
  // Workers beyond the budget are the user's explicit wish (`--maxWorkers`): then the wish is the budget.
  const machineCpuThreads = Math.max(machine.machine.cpuBudget, workers);
  return machine.devices
    .filter((device) => device.usable)
    .flatMap((device) => {
      const type = `${machine.machine.name}/${device.id}`;
      const count = device.class === 'cpu' ? workers : Math.min(device.shares ?? 1, workers);
      return Array.from({ length: count }, (_, index) => ({
        id: `${type}#${index + 1}`,
        type,
        machine: machine.machine,
        device,
        machineWorkers: workers,
        machineCpuThreads,
      }));
    });
}
