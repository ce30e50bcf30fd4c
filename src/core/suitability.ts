import type { Device } from './machine.js';
import type { DeviceClass } from './taxonomy.js';
import type { WorkloadProfile } from './workload.js';

/**
 * What a placement costs a suite by what it is sensitive to: expected ms, or for `@sensitive power` expected joules.
 * Comparable between devices for one suite only.
 */
export function costOf(profile: WorkloadProfile, device: Device, durationMs: number): number {
  return profile.sensitivity === 'power' ? (durationMs / 1000) * typicalWatts[device.class] : durationMs;
}

/**
 * How well a device suits a suite beyond what the suite requires, 0…3. A prior: it decides where expected costs are
 * equal, as they are for a suite that was never measured; measured durations count before it.
 */
export function suitabilityOf(profile: WorkloadProfile, device: Device): number {
  const isTensorWork = profile.operations.some((operation) => tensorOperations.has(operation));
  const isTensorDevice = tensorClasses.has(device.class);
  const { preferredMemoryBytes } = profile;
  return [
    isTensorWork && isTensorDevice,
    isTensorWork && device.features.includes('tensor-cores'),
    preferredMemoryBytes !== undefined && (device.memoryBytes ?? 0) >= preferredMemoryBytes,
  ].filter(Boolean).length;
}

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

const tensorClasses: ReadonlySet<DeviceClass> = new Set(['gpu', 'tpu', 'npu', 'asic']);

/** Names of `@operation` that are dense linear algebra, whatever a framework calls them. */
const tensorOperations: ReadonlySet<string> = new Set([
  'matmul',
  'gemm',
  'attention',
  'conv',
  'conv1d',
  'conv2d',
  'depthwise-conv2d',
  'convolution',
  'linear',
  'dense',
  'fft',
]);
