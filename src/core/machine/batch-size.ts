import type { WorkloadProfile } from '../workload/profile.js';
import type { Device } from './machine.js';

/**
 * The batch size to hand to a suite on a device: the optimal one when it fits, else the largest that fits.
 * A size's memory is taken as linear between `minMemory` for the smallest size and `preferredMemory` for the optimal
 * (or largest) one; where one of the three figures is missing, every size counts as fitting.
 * @returns undefined when the suite gives no sizes.
 */
export function batchSizeOn(device: Device, profile: WorkloadProfile): number | undefined {
  const { optimalBatchSize, minMemoryBytes, preferredMemoryBytes } = profile;
  const sizes = sizesOf(profile);
  const smallest = Math.min(...sizes);
  const best = optimalBatchSize ?? Math.max(...sizes);
  const fits = (size: number) => {
    const { memoryBytes } = device;
    if (memoryBytes === undefined || preferredMemoryBytes === undefined || best === smallest) return true;
    const share = (size - smallest) / (best - smallest);
    return minMemoryBytes + share * (preferredMemoryBytes - minMemoryBytes) <= memoryBytes;
  };
  if (sizes.includes(best) && fits(best)) return best;
  const fitting = sizes.filter((size) => size < best && fits(size));
  return fitting.length > 0 ? Math.max(...fitting) : sizes.length > 0 ? smallest : undefined;
}

/** The next smaller size that the suite allows, after one was too large for its device; undefined when there is none. */
export function smallerBatchSize(profile: WorkloadProfile, than: number): number | undefined {
  const smaller = sizesOf(profile).filter((size) => size < than);
  return smaller.length === 0 ? undefined : Math.max(...smaller);
}

function sizesOf({ batchSizes, optimalBatchSize }: WorkloadProfile): readonly number[] {
  return batchSizes.length > 0 ? batchSizes : [optimalBatchSize ?? []].flat();
}
