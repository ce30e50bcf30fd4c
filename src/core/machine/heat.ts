import type { DeviceClass } from '../vocabulary/taxonomy.js';

/** Hysteresis: between the two limits a device stays hot or cool, whichever it was. In °C. */
export interface HeatLimits {
  /** At this temperature and above the device gets no new suites, a CPU fewer. */
  readonly throttleC: number;
  /** At this temperature and below a hot device has recovered. */
  readonly recoverC: number;
}

/**
 * Temperatures near which devices throttle by data sheets: CPUs at 100 °C or more (some are built to work at 95), GPUs from
 * 87. The 7 °C between the limits are not tuned: no measurement is recorded.
 */
const limits: Partial<Record<DeviceClass, HeatLimits>> & { readonly gpu: HeatLimits } = {
  cpu: { throttleC: 100, recoverC: 93 },
  gpu: { throttleC: 87, recoverC: 80 },
};

export function heatLimitsOf(deviceClass: DeviceClass): HeatLimits {
  return limits[deviceClass] ?? limits.gpu;
}

/** Keeps which devices are hot, with hysteresis. */
export class HeatWatch {
  readonly #hot = new Set<string>();

  /**
   * Takes a new temperature of a device.
   * @param celsius Undefined: unknown. The device then counts as cool, so that a broken sensor never holds up a run.
   * @returns True when the device has just become hot, false when it has just recovered, undefined when nothing changed.
   */
  update(
    device: string,
    celsius: number | undefined,
    { throttleC, recoverC }: HeatLimits,
  ): boolean | undefined {
    const wasHot = this.#hot.has(device);
    const isHot = celsius !== undefined && (wasHot ? celsius > recoverC : celsius >= throttleC);
    if (isHot === wasHot) return undefined;
    if (isHot) this.#hot.add(device);
    else this.#hot.delete(device);
    return isHot;
  }
}

/**
 * Newton's law of cooling (a first-order lag): the temperature after some time under a constant load.
 * @param steadyC The temperature that this load leads to in the long run.
 * @param timeConstantMs Time after which 63 % (1 - 1/e) of the difference is gone, > 0.
 */
export function temperatureAfter(
  celsius: number,
  steadyC: number,
  timeConstantMs: number,
  elapsedMs: number,
): number {
  return steadyC + (celsius - steadyC) * Math.exp(-elapsedMs / timeConstantMs);
}

/** Ms until the temperature reaches a limit on its way; undefined when it does not. */
export function timeToReach(
  limitC: number,
  celsius: number,
  steadyC: number,
  timeConstantMs: number,
): number | undefined {
  const left = (limitC - steadyC) / (celsius - steadyC);
  return left > 0 && left < 1 ? -timeConstantMs * Math.log(left) : undefined;
}
