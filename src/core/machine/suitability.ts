import type { DeviceClass, Precision } from '../vocabulary/taxonomy.js';
import type { WorkloadProfile } from '../workload/profile.js';
import type { Device, Slot } from './machine.js';
import { operationKindOf, type Speed, speedOf } from './speed/speed.js';

/**
 * What a placement costs a suite by what it is sensitive to: expected ms, or for `@sensitive power` expected joules.
 * Comparable between devices for one suite only.
 */
export function costOf(profile: WorkloadProfile, device: Device, durationMs: number): number {
  return profile.sensitivity === 'power' ? (durationMs / 1000) * wattsOf(device) : durationMs;
}

/** What a device draws while a suite keeps it busy: as measured in earlier runs, else what it is rated for, else typical of its class. */
export function wattsOf(device: Device | undefined): number {
  return device?.measuredWatts ?? device?.ratedWatts ?? typicalWatts[device?.class ?? 'cpu'];
}

/** Of that, the part of one slot: suites that run on a device at once share what it draws. */
export function slotWattsOf({ device, machineWorkers }: Pick<Slot, 'device' | 'machineWorkers'>): number {
  const shares = device.class === 'cpu' ? machineWorkers : (device.shares ?? 1);
  return wattsOf(device) / Math.max(1, shares);
}

/** Factors of the score. Not tuned: no measurement is recorded. */
const tuning = {
  /** For each belief that holds: an order of magnitude. */
  belief: 10,
  /** The device has less memory than the suite prefers. */
  tooLittleMemory: 0.05,
  /** The device is emulated on the CPU: its score is below that of every real device. */
  emulated: 1e-9,
  /** From this batch size on a batch is large: a systolic array is busy most of the time. */
  largeBatch: 64,
} as const;

export interface Suitability extends Pick<Speed, 'basis' | 'reason'> {
  /** Higher is better; comparable between devices for one profile only. */
  readonly score: number;
}

type SpeedLookup = (
  device: Device,
  operation: string,
  precision: Precision,
) => Speed & {
  /** Comparable with what was measured on other devices of its class. Default: it was measured itself. */
  readonly isMeasuredScale?: boolean;
};

/**
 * How well a device suits a suite beyond what the suite requires: the best number known for its operations, times what
 * is generally believed of such a pair. It decides where expected costs are equal, as they are for a suite that was
 * never run; durations that were learned count before it, and a number measured on the device before any belief.
 */
export function suitabilityOf(
  profile: WorkloadProfile,
  device: Device,
  speedFor: SpeedLookup = speedOf,
): Suitability {
  const operation =
    profile.operations.find((each) => operationKindOf(each) === 'tensor') ??
    profile.operations.find((each) => operationKindOf(each) === 'memory') ??
    profile.operations[0] ??
    'mixed';
  const best = precisionsFor(profile, device)
    .map((precision) => speedFor(device, operation, precision))
    .reduce((fastest, speed) => (speed.value > fastest.value ? speed : fastest));
  const { value, unit, basis, reason } = best;
  const isMeasured = best.isMeasuredScale ?? basis === 'measured';
  const lifts =
    isMeasured || unit === 'relative' ? [] : beliefs.filter((each) => each.holds(profile, device));
  const { preferredMemoryBytes = 0 } = profile;
  const score =
    (value / (profile.sensitivity === 'power' ? wattsOf(device) : 1)) *
    lifts.reduce((factor) => factor * tuning.belief, 1) *
    (preferredMemoryBytes > (device.memoryBytes ?? 0) ? tuning.tooLittleMemory : 1) *
    (device.software ? tuning.emulated : 1);
  return { score, basis, reason: [reason, ...lifts.map((each) => each.reason)].join('; ') };
}

/** Those asked for that the device has; fp32 where none is asked for, or whatever the device has instead. */
function precisionsFor(profile: WorkloadProfile, device: Device): readonly Precision[] {
  const asked = profile.precisions.filter((precision) => device.precisions.includes(precision));
  if (asked.length > 0) return asked;
  return device.precisions.length === 0 || device.precisions.includes('fp32') ? ['fp32'] : device.precisions;
}

/**
 * What is generally believed, where nothing is measured: each lifts a device by an order of magnitude.
 */
const beliefs: readonly {
  readonly reason: string;
  readonly holds: (profile: WorkloadProfile, device: Device) => boolean;
}[] = [
  {
    reason: 'NPUs suit quantised vision at the edge',
    holds: (profile, device) => isEdgeDevice(device) && isEdgeVision(profile),
  },
  {
    reason: 'TPUs suit large batches and matrix work',
    holds: (profile, device) =>
      device.class === 'tpu' && !isEdgeDevice(device) && (isLargeBatch(profile) || isMatrixWork(profile)),
  },
  {
    reason: 'Firefox suits audio on WebGPU',
    holds: ({ workload, operations }, device) =>
      isBrowser(device, 'firefox', 'webgpu') &&
      (workload === 'audio' || operations.includes('fft') || operations.includes('mel')),
  },
  {
    reason: 'Edge suits inference on WebNN',
    holds: ({ backends }, device) =>
      isBrowser(device, 'edge', 'webnn') && backends.some((backend) => inferenceBackends.has(backend)),
  },
  {
    reason: 'GPUs suit tensor work of vision and language',
    holds: (profile, device) =>
      device.class === 'gpu' &&
      !isEdgeVision(profile) &&
      !isLargeBatch(profile) &&
      !isMatrixWork(profile) &&
      profile.operations.some((operation) => operationKindOf(operation) === 'tensor'),
  },
];

function isEdgeDevice(device: Device): boolean {
  return device.class === 'npu' || /\b(coral|edge tpu)\b/i.test(device.model ?? '');
}

function isEdgeVision({ workload, operations, precisions }: WorkloadProfile): boolean {
  const quantised = precisions.some((precision) => precision.startsWith('int'));
  return workload === 'edge-vision' || (quantised && operations.some((each) => each.includes('conv2d')));
}

function isLargeBatch({
  batchSizes,
  optimalBatchSize = Math.max(0, ...batchSizes),
}: WorkloadProfile): boolean {
  return optimalBatchSize >= tuning.largeBatch;
}

function isMatrixWork({ operations }: WorkloadProfile): boolean {
  return (
    operations.length > 0 && operations.every((operation) => operation === 'matmul' || operation === 'gemm')
  );
}

function isBrowser(device: Device, name: string, backend: 'webgpu' | 'webnn'): boolean {
  const names = `${device.id} ${device.model ?? ''}`.toLowerCase();
  return device.backends.includes(backend) && new RegExp(`\\b${name}\\b`).test(names);
}

const inferenceBackends: ReadonlySet<string> = new Set(['webnn', 'onnx', 'tflite', 'openvino']);

/** Power of one device under load, in orders of magnitude from data sheets: enough to tell an NPU from a GPU. */
const typicalWatts: Record<DeviceClass, number> = {
  cpu: 65,
  gpu: 200,
  tpu: 150,
  npu: 10,
  dsp: 5,
  fpga: 40,
  asic: 40,
  hybrid: 65,
};
