import type { DeviceClass } from '../vocabulary/taxonomy.js';

/** Between the two a device stays what it was, so that it does not flicker. °C. */
export interface HeatLimits {
  /** From here on it is hot: it gets no new suites, a CPU fewer. */
  readonly throttleC: number;
  /** From here down it has recovered. */
  readonly recoverC: number;
}

/** Where such devices slow themselves down, by data sheets: CPUs at 100 °C or more (some are built to work at 95), GPUs from 87. */
const limits: Partial<Record<DeviceClass, HeatLimits>> & { readonly gpu: HeatLimits } = {
  cpu: { throttleC: 100, recoverC: 93 },
  gpu: { throttleC: 87, recoverC: 80 },
};

export function heatLimitsOf(deviceClass: DeviceClass): HeatLimits {
  return limits[deviceClass] ?? limits.gpu;
}

/** Tells hot devices from cool ones, with hysteresis. */
export class HeatWatch {
  readonly #hot = new Set<string>();

  /**
   * @param celsius Undefined: nobody knows any more, and what nobody knows does not hold up a run.
   * @returns Whether the device is hot now, when that has changed.
   */
  see(device: string, celsius: number | undefined, { throttleC, recoverC }: HeatLimits): boolean | undefined {
    const wasHot = this.#hot.has(device);
    const isHot = celsius !== undefined && (wasHot ? celsius > recoverC : celsius >= throttleC);
    if (isHot === wasHot) return undefined;
    if (isHot) this.#hot.add(device);
    else this.#hot.delete(device);
    return isHot;
  }
}

/**
 * First-order warming and cooling: the temperature after some time under a constant load, however often it is asked for.
 * @param steadyC Where the load leads in the long run.
 * @param timeConstantMs After this long 63 % of the way is done.
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
