import type { Happening } from '../core/events.js';
import { HeatWatch, heatLimitsOf } from '../core/machine/heat.js';
import type { Device } from '../core/machine/machine.js';
import { EnergyMeter } from './energy-meter.js';
import type { ReadingsByDevice, Sensors } from './sensors.js';

export interface SensorWatchOptions {
  readonly machine: string;
  readonly devices: readonly Device[];
  /** Devices without a source are not watched. */
  readonly sensors: Sensors;
  /**
   * True: tell when a device gets hot, and start tools to find out. False: measure energy alone, and only where files hold
   * it.
   */
  readonly heat: boolean;
  tell(happening: Happening): void;
}

const tuning = {
  /**
   * Between two readings by a tool while no suite holds its devices. Not tuned: a device cools down over minutes, and every
   * start of the tool costs tens of ms of CPU time.
   */
  toolIntervalMs: 5000,
  /** Between two readings of files. Half of the longest gap that the energy meter accepts ({@link EnergyMeter}). */
  fileIntervalMs: 500,
  /** How long a tool that reads repeatedly is kept for the next suite. Not tuned: no measurement is recorded. */
  lingerMs: 10_000,
  /** A device that has not cooled down after this long is used again, so that no run waits for ever. Not tuned: no measurement is recorded. */
  longestHotMs: 300_000,
} as const;

/**
 * Reads sensors at intervals, tells when a device gets hot or has recovered, and measures the energy of attempts. A device
 * whose sensor cannot be read counts as recovered, so that a run never waits for it.
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
  /** The tool cannot read repeatedly. It is started at intervals instead, too seldom to measure energy: that is estimated. */
  #cannotFollow = false;

  constructor(options: SensorWatchOptions) {
    this.#options = options;
    this.#tools = options.heat && options.sensors.withTools;
    if (options.sensors.sources.size > 0) this.#timer = setTimeout(() => void this.#readSensors(), 0);
  }

  /**
   * Call when an attempt starts to hold its devices.
   * @returns Call it when the attempt ends: it gives the energy of the attempt, in J by device.
   */
  begin(deviceIds: readonly string[]): () => Readonly<Record<string, number>> {
    const { sensors } = this.#options;
    const watched = deviceIds.filter((id) => sensors.sources.has(id));
    if (watched.length === 0) return () => ({});
    const attempt = {};
    this.#meter.addReadings(sensors.readFiles(), performance.now());
    this.#meter.startMetering(attempt, watched, performance.now());
    const byTool = watched.some((id) => sensors.toolDevices.has(id));
    if (byTool) this.#follow();
    return () => {
      this.#meter.addReadings(sensors.readFiles(), performance.now());
      if (byTool) this.#unfollow();
      return this.#meter.stopMetering(attempt, performance.now());
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
        this.#meter.addReadings(found, performance.now());
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
    }, tuning.lingerMs).unref();
  }

  async #readSensors(): Promise<void> {
    const { sensors, heat } = this.#options;
    // While the tool reads repeatedly, one more start of it would tell nothing new.
    const byTool = this.#tools && this.#endFollowing === undefined;
    const found = byTool ? await sensors.read(this.#stop.signal) : sensors.readFiles();
    if (this.#stop.signal.aborted) return;
    this.#meter.addReadings(found, performance.now());
    // Devices that the repeating tool reads are not among these readings: that says nothing about their sensors.
    if (heat) this.#tellHeat(found, (id) => found.has(id) || !this.#isFollowed(id));
    // A timeout, not an interval, so that a slow tool never runs twice at once. It keeps the process alive while all suites
    // wait for hot devices.
    this.#timer = setTimeout(
      () => void this.#readSensors(),
      byTool ? tuning.toolIntervalMs : tuning.fileIntervalMs,
    );
  }

  /** @param isAsked Whether this reading covered the device. */
  #tellHeat(found: ReadingsByDevice, isAsked: (deviceId: string) => boolean): void {
    const { machine, devices, sensors, tell } = this.#options;
    const nowMs = performance.now();
    for (const { id, class: deviceClass } of devices) {
      const source = sensors.sources.get(id)?.temperature;
      const waitedMs = nowMs - (this.#hotSince.get(id) ?? nowMs);
      if (source === undefined || (waitedMs <= tuning.longestHotMs && !isAsked(id))) continue;
      const degrees = waitedMs > tuning.longestHotMs ? undefined : found.get(id)?.temperature;
      const hot = this.#heat.update(id, degrees, heatLimitsOf(deviceClass));
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
