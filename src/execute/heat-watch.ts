import { HeatWatch, heatLimitsOf } from '../core/heat.js';
import type { Device } from '../core/machine.js';
import type { Happening } from './live-run.js';

export interface HeatWatchOptions {
  readonly machine: string;
  readonly devices: readonly Device[];
  /** What reads each device's temperature, by id; other devices are not watched. */
  readonly sources: ReadonlyMap<string, string>;
  /** °C by device; one that is left out cannot be read just now. Must not reject; the signal says that nobody waits any more. */
  read(signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  tell(happening: Happening): void;
}

/** Devices warm up over minutes. */
const intervalMs = 5000;
/** A device that does not cool down in this time never will: it is used all the same. */
const longestMs = 300_000;

/**
 * Reads temperatures now and then, and tells when a device gets hot or has recovered. A sensor that cannot be read counts as
 * recovered: a run never waits for it.
 * @returns Ends it.
 */
export function watchHeat({ machine, devices, sources, read, tell }: HeatWatchOptions): () => void {
  if (sources.size === 0) return () => {};
  const watch = new HeatWatch();
  const hotSince = new Map<string, number>();
  const stop = new AbortController();
  const look = async () => {
    const celsius = await read(stop.signal);
    if (stop.signal.aborted) return;
    for (const { id, class: deviceClass } of devices) {
      const source = sources.get(id);
      if (source === undefined) continue;
      const waitedMs = performance.now() - (hotSince.get(id) ?? performance.now());
      const degrees = waitedMs > longestMs ? undefined : celsius.get(id);
      const hot = watch.see(id, degrees, heatLimitsOf(deviceClass));
      if (hot === undefined) continue;
      if (hot) hotSince.set(id, performance.now());
      else hotSince.delete(id);
      const reading = degrees === undefined ? {} : { celsius: degrees };
      tell({ type: 'device-heat', machine, deviceId: id, hot, ...reading, source });
    }
    // Not an interval: a slow tool is not started twice. It keeps the process alive while everything waits to cool down.
    timer = setTimeout(() => void look(), intervalMs);
  };
  let timer = setTimeout(() => void look(), 0);
  return () => {
    stop.abort();
    clearTimeout(timer);
  };
}
