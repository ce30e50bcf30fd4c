import { HeatWatch, heatLimitsOf } from '../core/heat.js';
import type { Device, Quantity } from '../core/machine.js';
import { EnergyMeter } from './energy-meter.js';
import type { Happening } from './live-run.js';

type Readings = ReadonlyMap<string, Partial<Record<Quantity, number>>>;

export interface SensorWatchOptions {
  readonly machine: string;
  readonly devices: readonly Device[];
  readonly sensors: {
    /** What reads each quantity of each device, by device id; other devices are not watched. */
    readonly sources: ReadonlyMap<string, Partial<Record<Quantity, string>>>;
    /** True when `read` starts a tool. */
    readonly withTools: boolean;
    readFiles(): Readings;
    /** Must not reject; the signal says that nobody waits any more. */
    read(signal: AbortSignal): Promise<Readings>;
  };
  /** Tell when a device gets hot, and start tools for it. False: energy alone is measured, where files tell it. */
  readonly heat: boolean;
  tell(happening: Happening): void;
}

/** Devices warm up over minutes; a tool costs tens of milliseconds of CPU time. */
const toolIntervalMs = 5000;
const fileIntervalMs = 1000;
/** A device that does not cool down in this time never will: it is used all the same. */
const longestMs = 300_000;

/**
 * Reads sensors now and then: tells when a device gets hot or has recovered, and measures the energy of attempts. A
 * sensor that cannot be read counts as recovered: a run never waits for it.
 */
export class SensorWatch {
  readonly #options: SensorWatchOptions;
  readonly #tools: boolean;
  readonly #stop = new AbortController();
  readonly #meter = new EnergyMeter();
  readonly #heat = new HeatWatch();
  readonly #hotSince = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SensorWatchOptions) {
    this.#options = options;
    this.#tools = options.heat && options.sensors.withTools;
    if (options.sensors.sources.size > 0) this.#timer = setTimeout(() => void this.#look(), 0);
  }

  /**
   * The attempt holds its devices from now on.
   * @returns Says that it does no more: the energy it took, in J by device.
   */
  begin(deviceIds: readonly string[]): () => Readonly<Record<string, number>> {
    const { sources } = this.#options.sensors;
    const watched = deviceIds.filter((id) => sources.has(id));
    if (watched.length === 0) return () => ({});
    const attempt = {};
    const startedMs = performance.now();
    this.#meter.see(this.#options.sensors.readFiles());
    this.#meter.begin(attempt, watched);
    return () => {
      this.#meter.see(this.#options.sensors.readFiles());
      return this.#meter.end(attempt, performance.now() - startedMs);
    };
  }

  stop(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const { sensors, heat } = this.#options;
    const found = this.#tools ? await sensors.read(this.#stop.signal) : sensors.readFiles();
    if (this.#stop.signal.aborted) return;
    this.#meter.see(found);
    if (heat) this.#tellHeat(found);
    // Not an interval: a slow tool is not started twice. It keeps the process alive while everything waits to cool down.
    this.#timer = setTimeout(() => void this.#look(), this.#tools ? toolIntervalMs : fileIntervalMs);
  }

  #tellHeat(found: Readings): void {
    const { machine, devices, sensors, tell } = this.#options;
    const nowMs = performance.now();
    for (const { id, class: deviceClass } of devices) {
      const source = sensors.sources.get(id)?.temperature;
      if (source === undefined) continue;
      const waitedMs = nowMs - (this.#hotSince.get(id) ?? nowMs);
      const degrees = waitedMs > longestMs ? undefined : found.get(id)?.temperature;
      const hot = this.#heat.see(id, degrees, heatLimitsOf(deviceClass));
      if (hot === undefined) continue;
      if (hot) this.#hotSince.set(id, nowMs);
      else this.#hotSince.delete(id);
      const reading = degrees === undefined ? {} : { celsius: degrees };
      tell({ type: 'device-heat', machine, deviceId: id, hot, ...reading, source });
    }
  }
}
