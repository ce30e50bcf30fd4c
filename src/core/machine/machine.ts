import { limits } from '../vocabulary/limits.js';
import type {
  Architecture,
  Backend,
  Confidence,
  ContainerEngine,
  DeviceClass,
  Feature,
  Precision,
  Vendor,
  Virtualization,
} from '../vocabulary/taxonomy.js';
import { UsageError } from '../vocabulary/usage-error.js';

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

/** What a device's sensor can tell. Energy is a counter: only the difference of two readings says something. */
export type Quantity = 'temperature' | 'power' | 'energy';

/** What a sensor said when it was asked. */
export interface Reading {
  readonly value: number;
  readonly unit: '°C' | 'W' | 'J';
  /** Who said so, for a person. */
  readonly source: string;
}

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
  /** Its highest clock, as far as the system tells. */
  readonly maxFrequencyMHz?: number;
  /** The power that its driver or firmware lets it draw for long; left out when nobody tells. */
  readonly ratedWatts?: number;
  /** What it drew on average while suites held it in earlier runs, W > 0; left out where that was never measured. */
  readonly measuredWatts?: number;
  /** Where it sits, such as `0000:01:00.0`. */
  readonly pciAddress?: string;
  /** The maker's own name for this one chip: `GPU-…` of NVIDIA, a slice's `MIG-…`. Left out where there is none. */
  readonly uuid?: string;
  /** Kernel driver or driver package with its version: `nvidia 580.95.05`, `amdgpu`. */
  readonly driver?: string;
  /** The maker's word for the generation that programs are compiled for: `8.9` (CUDA), `gfx1151` (ROCm). */
  readonly capability?: string;
  /** Of `memoryBytes`, what nobody had taken when the machine was detected, ≥ 0. Never kept; left out where nobody tells. */
  readonly freeMemoryBytes?: number;
  /** How many suites may use the device at once, ≥ 1. Default 1, for a CPU: as many as the machine has workers. */
  readonly shares?: number;
  /** False when it is present but gets no slot: it cannot compute (no driver, masked: `problems` says why) or is cut into slices, which are devices of their own. */
  readonly usable: boolean;
  /** Why it is not usable, as the end of a sentence about it: `is hidden by CUDA_VISIBLE_DEVICES=-1`. */
  readonly unusableBecause?: string;
  /** Why a word that was looked for is not among its labels, by word, as a clause: `python3 was not found`. */
  readonly lacks?: Readonly<Record<string, string>>;
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
  /** Read when the machine was detected, where that was asked for. Null: there is a sensor, and it could not be read. */
  readonly sensors?: Readonly<Partial<Record<Quantity, Reading | null>>>;
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
  /** Parts of the memory that are nearer to some CPUs than to others, ≥ 1. */
  readonly numaNodes?: number;
  /** Whose container this process runs in; left out where it runs in none. */
  readonly container?: ContainerEngine;
  /** What kind of virtual machine this is; left out on bare metal and where nothing tells. */
  readonly virtualization?: Virtualization;
  /** The CI service, such as `GitHub Actions`. */
  readonly ci?: string;
  /** What a laptop runs on just now; left out on machines without a battery. */
  readonly powerSource?: PowerSource;
  readonly evidence?: Readonly<Record<string, Evidence>>;
}

export const powerSources = ['mains', 'battery'] as const;
export type PowerSource = (typeof powerSources)[number];

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
export function deviceKindOf({ class: deviceClass, model }: Pick<Device, 'class' | 'model'>): string {
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
  /**
   * Ms from a decision until the machine could have answered to it, an integer > 0: it is far away. Left out: decisions take
   * effect at once. The same for all slots of a machine; `link-measured` tells when it changes.
   */
  readonly leadMs?: number;
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
 * @param more How many more may run where they have another device than the CPU, see {@link acceleratorsOf}. Default 0.
 * @throws {UsageError} for more slots than {@link limits} say.
 */
export function slotsOf(machine: Machine, workers: number, more = 0): readonly Slot[] {
  // Workers beyond the budget are the user's explicit wish (`--maxWorkers`): then the wish is the budget.
  const machineCpuThreads = Math.max(machine.machine.cpuBudget, workers) + more;
  const machineWorkers = workers + more;
  const countOf = (device: Device) =>
    device.class === 'cpu' ? workers : Math.min(device.shares ?? 1, machineWorkers);
  const usable = machine.devices.filter((device) => device.usable);
  refuseSlots(
    machine.machine.name,
    usable.reduce((sum, device) => sum + countOf(device), 0),
  );
  return usable.flatMap((device) => {
    const type = `${machine.machine.name}/${device.id}`;
    const count = countOf(device);
    return Array.from({ length: count }, (_, index) => ({
      id: `${type}#${index + 1}`,
      type,
      machine: machine.machine,
      device,
      machineWorkers,
      machineCpuThreads,
    }));
  });
}

/**
 * The slots of a machine that runs suites for others.
 * @param workers How many run there at once; left out: one for each CPU thread, and one for each accelerator.
 */
export function slotsToOffer(machine: Machine, workers: number | undefined): readonly Slot[] {
  return workers === undefined
    ? slotsOf(machine, Math.max(1, Math.floor(machine.machine.cpuBudget)), acceleratorsOf(machine))
    : slotsOf(machine, workers);
}

/** @throws {UsageError} when `what` would have more slots than {@link limits} say. */
export function refuseSlots(what: string, slots: number): void {
  if (slots <= limits.slots) return;
  throw new UsageError({
    message: `${what} has too many places where suites run`,
    expected: `at most ${limits.slots} slots`,
    found: `${slots} slots`,
    remedy: 'take fewer workers, devices, `shares` or machines',
  });
}

/**
 * Devices that compute beside the CPU: each has a worker of its own unless the user gave a number of workers, or it would
 * stand idle on a small machine. What a browser offers is a part of a device that is counted, or emulated on the CPU.
 */
export function acceleratorsOf({ devices }: Machine): number {
  return devices.filter(
    ({ class: deviceClass, usable, software, architecture }) =>
      usable && !software && deviceClass !== 'cpu' && architecture !== 'gpu-webgpu',
  ).length;
}
