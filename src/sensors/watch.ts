import type { Happening } from '../core/events.js';
import { HeatWatch, heatLimitsOf } from '../core/machine/heat.js';
import type { Device, Quantity } from '../core/machine/machine.js';
import { EnergyMeter } from './energy-meter.js';

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
    /** Devices that a tool reads. */
    readonly toolDevices: ReadonlySet<string>;
    /** Goes on reading those by one process, until what it returns is called or it ends by itself. */
    followTools(onReadings: (readings: Readings) => void, onEnd: () => void): () => void;
  };
  /** Tell when a device gets hot, and start tools for it. False: energy alone is measured, where files tell it. */
  readonly heat: boolean;
  tell(happening: Happening): void;
}

/** While no suite holds such a device: it cools down over minutes, and a start of the tool costs tens of ms of CPU time. */
const toolIntervalMs = 5000;
/** Attempts are measured by watts only where these are looked at once a second. */
const fileIntervalMs = 500;
/** A tool that reads on is kept this long for the next suite. */
const lingerMs = 10_000;
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
  /** Attempts on devices that a tool reads. */
  #holds = 0;
  #endFollowing: (() => void) | undefined;
  #linger: NodeJS.Timeout | undefined;
  /** It did not go on reading: it is asked now and then, and what attempts take is mostly an estimate. */
  #cannotFollow = false;

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
    const { sensors } = this.#options;
    const watched = deviceIds.filter((id) => sensors.sources.has(id));
    if (watched.length === 0) return () => ({});
    const attempt = {};
    this.#meter.see(sensors.readFiles(), performance.now());
    this.#meter.begin(attempt, watched, performance.now());
    const byTool = watched.some((id) => sensors.toolDevices.has(id));
    if (byTool) this.#follow();
    return () => {
      this.#meter.see(sensors.readFiles(), performance.now());
      if (byTool) this.#unfollow();
      return this.#meter.end(attempt, performance.now());
    };
  }

  stop(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#linger);
    this.#endFollowing?.();
    this.#endFollowing = undefined;
  }

  #follow(): void {
    this.#holds++;
    clearTimeout(this.#linger);
    if (!this.#tools || this.#cannotFollow || this.#endFollowing !== undefined) return;
    this.#endFollowing = this.#options.sensors.followTools(
      (found) => {
        this.#meter.see(found, performance.now());
        this.#tellHeat(found, (id) => found.has(id));
      },
      () => {
        this.#cannotFollow = true;
        this.#endFollowing = undefined;
      },
    );
  }

  #unfollow(): void {
    this.#holds--;
    if (this.#holds > 0 || this.#stop.signal.aborted) return;
    this.#linger = setTimeout(() => {
      this.#endFollowing?.();
      this.#endFollowing = undefined;
    }, lingerMs).unref();
  }

  async #look(): Promise<void> {
    const { sensors, heat } = this.#options;
    // The tool that reads on tells the same.
    const byTool = this.#tools && this.#endFollowing === undefined;
    const found = byTool ? await sensors.read(this.#stop.signal) : sensors.readFiles();
    if (this.#stop.signal.aborted) return;
    this.#meter.see(found, performance.now());
    // Of what the other process reads, silence here says nothing.
    if (heat) this.#tellHeat(found, (id) => found.has(id) || !this.#isFollowed(id));
    // Not an interval: a slow tool is not started twice. It keeps the process alive while everything waits to cool down.
    this.#timer = setTimeout(() => void this.#look(), byTool ? toolIntervalMs : fileIntervalMs);
  }

  /** @param isAsked Devices that were looked at. */
  #tellHeat(found: Readings, isAsked: (deviceId: string) => boolean): void {
    const { machine, devices, sensors, tell } = this.#options;
    const nowMs = performance.now();
    for (const { id, class: deviceClass } of devices) {
      const source = sensors.sources.get(id)?.temperature;
      const waitedMs = nowMs - (this.#hotSince.get(id) ?? nowMs);
      if (source === undefined || (waitedMs <= longestMs && !isAsked(id))) continue;
      const degrees = waitedMs > longestMs ? undefined : found.get(id)?.temperature;
      const hot = this.#heat.see(id, degrees, heatLimitsOf(deviceClass));
      if (hot === undefined) continue;
      if (hot) this.#hotSince.set(id, nowMs);
      else this.#hotSince.delete(id);
      const reading = degrees === undefined ? {} : { celsius: degrees };
      tell({ type: 'device-heat', machine, deviceId: id, hot, ...reading, source });
    }
  }

  #isFollowed(deviceId: string): boolean {
    return this.#endFollowing !== undefined && this.#options.sensors.toolDevices.has(deviceId);
  }
}
