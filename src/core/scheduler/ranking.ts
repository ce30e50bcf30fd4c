import type { Device } from '../machine/machine.js';
import { comparableSpeeds } from '../machine/speed/comparable-speeds.js';
import type { RankingBasis, Speed } from '../machine/speed/speed.js';
import { suitabilityOf } from '../machine/suitability.js';
import type { Precision } from '../vocabulary/taxonomy.js';
import type { WorkloadProfile } from '../workload/profile.js';
import { meetsRequirements } from './feasibility.js';

/** A device with the number by which it was ranked, the basis of that number, and the reason. */
export interface RankedDevice extends Speed {
  readonly device: Device;
}

/** The device that suits a workload best, the basis of the choice, and the reason. */
export interface OptimalDevice {
  readonly device: Device;
  readonly basis: RankingBasis;
  readonly reason: string;
}

/**
 * Devices by the speed at which they should do an operation, fastest first. Each is ranked by the best number there is:
 * measured on it, else from its data sheet or machine file, else estimated from its generation, else typical of its
 * class; `basis` says which. Measured numbers are lower than those of data sheets. Where some devices of a class were
 * measured, the numbers of the others are therefore lowered in the same ratio. Devices that are not usable or do not
 * compute the precision are left out. Adapters that are emulated on the CPU come last.
 * @param operation A name as in `@operation`: `matmul`, `conv2d`, `softmax` …; one that is not known counts as mixed work.
 */
export function performanceRanking(
  devices: readonly Device[],
  operation: string,
  precision: Precision,
): readonly RankedDevice[] {
  const able = devices.filter((device) => device.usable && device.precisions.includes(precision));
  const speedFor = comparableSpeeds(able);
  return able
    .map((device) => {
      const { comparable, isMeasuredScale, ...speed } = speedFor(device, operation, precision);
      return { comparable, ranked: { device, ...speed } };
    })
    .sort(
      (a, b) =>
        Number(a.ranked.device.software) - Number(b.ranked.device.software) ||
        b.comparable - a.comparable ||
        trust[a.ranked.basis] - trust[b.ranked.basis],
    )
    .map(({ ranked }) => ranked);
}

/**
 * The device that suits a workload best among those that meet its requirements, by the same numbers, and by rules of thumb
 * where nothing was measured. Undefined when none of them can run it. A run does not use this for suites whose durations it
 * has learned.
 */
export function findOptimalDevice(
  devices: readonly Device[],
  profile: WorkloadProfile,
): OptimalDevice | undefined {
  const able = devices.filter((device) => device.usable && meetsRequirements(profile, device));
  const speedFor = comparableSpeeds(able);
  const [best] = able
    .map((device) => ({
      device,
      ...suitabilityOf(profile, device, (...work) => {
        const { comparable, ...speed } = speedFor(...work);
        return { ...speed, value: comparable };
      }),
    }))
    .sort((a, b) => b.score - a.score || trust[a.basis] - trust[b.basis]);
  return best && { device: best.device, basis: best.basis, reason: best.reason };
}

const trust: Readonly<Record<RankingBasis, number>> = { measured: 0, spec: 1, estimated: 2, prior: 3 };
