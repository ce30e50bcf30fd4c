import type { Executor } from './executor.js';

/** Measures what devices use while an attempt holds them. */
export interface EnergyMeter {
  /** @returns Ends the measurement: J by device id, of those that have a sensor. */
  begin(deviceIds: readonly string[]): () => Readonly<Record<string, number>>;
}

/** Adds to each outcome the energy that the attempt's devices used meanwhile. */
export function measured<Result>(executor: Executor<Result>, meter: EnergyMeter): Executor<Result> {
  return {
    async run(start, signal) {
      const end = meter.begin(start.placement.claim.deviceIds);
      const outcome = await executor.run(start, signal);
      const energyJoules = end();
      return Object.keys(energyJoules).length === 0 ? outcome : { ...outcome, energyJoules };
    },
  };
}
