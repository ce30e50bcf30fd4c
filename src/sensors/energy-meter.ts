/** What sensors said of one device: watts drawn now, or joules counted so far. */
export interface EnergyReading {
  readonly power?: number;
  readonly energy?: number;
}

/**
 * When samples of the power suffice to tell the energy of an attempt. With fewer or with longer gaps no figure is given: the
 * power before the attempt and between its samples is unknown.
 */
const tuning = {
  /**
   * Least number of samples while the attempt holds the device. Measured on an H200 against the counter of the card: attempts
   * of 7 to 16 s were within 6 %, one of 1 s with four samples was 65 % too high.
   */
  samples: 8,
  /** Longest gap without a sample, from the beginning to the end of the hold: this long, in ms. Not tuned: no measurement is recorded. */
  gapMs: 1000,
  /** Or this part of the hold, where that is longer. Not tuned: no measurement is recorded. */
  gapPart: 0.05,
} as const;

interface Share {
  readonly beganMs: number;
  /** Whether the counter could be read when the attempt began. */
  readonly counts: boolean;
  /** By the counter. */
  counted: number;
  /** By watts × time. */
  joules: number;
  samples: number;
  sampledMs: number;
  longestGapMs: number;
}

interface Meter {
  /** The counter at its last reading, in J; undefined: not read yet, or unreadable. */
  counted: number | undefined;
  /** Watts at `untilMs`; undefined: no sample since an attempt holds the device. */
  watts: number | undefined;
  /** Energy is assigned to attempts up to this time. */
  untilMs: number;
  /** Spans before the first sample, which are assigned when it comes. */
  waiting: { readonly ms: number; readonly sharers: readonly Share[] }[];
  readonly shares: Map<object, Share>;
}

/**
 * Energy of attempts, by counters where a device has one, else by integrating its power (trapezoidal rule). Attempts that hold
 * a device at the same time share its energy equally. Before the first and after the last sample of a hold the power is taken
 * as constant.
 */
export class EnergyMeter {
  readonly #devices = new Map<string, Meter>();

  /** @param nowMs Never before that of an earlier call. */
  addReadings(readings: ReadonlyMap<string, EnergyReading>, nowMs: number): void {
    for (const [device, { power, energy }] of readings) {
      const meter = this.#meterOf(device);
      const joules = energy === undefined || meter.counted === undefined ? 0 : energy - meter.counted;
      meter.counted = energy;
      for (const share of meter.shares.values()) share.counted += joules / meter.shares.size;
      if (power !== undefined) sample(meter, power, nowMs);
    }
  }

  /**
   * Call right after `addReadings` with the counters, so that nothing from before is counted.
   * @param attempt Any object of its own; `stopMetering` takes the same.
   */
  startMetering(attempt: object, deviceIds: readonly string[], nowMs: number): void {
    for (const device of deviceIds) {
      const meter = this.#meterOf(device);
      if (meter.shares.size === 0) {
        meter.watts = undefined;
        meter.waiting = [];
        meter.untilMs = nowMs;
      }
      advance(meter, nowMs, meter.watts);
      meter.shares.set(attempt, {
        beganMs: nowMs,
        counts: meter.counted !== undefined,
        counted: 0,
        joules: 0,
        samples: 0,
        sampledMs: nowMs,
        longestGapMs: 0,
      });
    }
  }

  /**
   * Call right after `addReadings` with the counters.
   * @returns Joules by device. Devices of which too few readings came while the attempt ran are left out.
   */
  stopMetering(attempt: object, nowMs: number): Readonly<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const [device, meter] of this.#devices) {
      const share = meter.shares.get(attempt);
      if (share === undefined) continue;
      advance(meter, nowMs, meter.watts);
      meter.shares.delete(attempt);
      if (share.counts && meter.counted !== undefined) found[device] = round(share.counted);
      else if (isCovered(share, nowMs)) found[device] = round(share.joules);
    }
    return found;
  }

  #meterOf(device: string): Meter {
    const meter = this.#devices.get(device) ?? {
      counted: undefined,
      watts: undefined,
      untilMs: 0,
      waiting: [],
      shares: new Map(),
    };
    this.#devices.set(device, meter);
    return meter;
  }
}

function sample(meter: Meter, watts: number, nowMs: number): void {
  if (meter.shares.size === 0) return;
  advance(meter, nowMs, watts);
  for (const { ms, sharers } of meter.waiting) assign(sharers, watts * ms);
  meter.waiting = [];
  meter.watts = watts;
  for (const share of meter.shares.values()) {
    share.samples++;
    share.longestGapMs = Math.max(share.longestGapMs, nowMs - share.sampledMs);
    share.sampledMs = nowMs;
  }
}

/** Assigns the energy of the time up to now, over which the power went to `watts`, to the attempts that hold the device. */
function advance(meter: Meter, nowMs: number, watts: number | undefined): void {
  const ms = Math.max(0, nowMs - meter.untilMs);
  meter.untilMs = nowMs;
  const sharers = [...meter.shares.values()];
  if (ms === 0 || sharers.length === 0) return;
  if (meter.watts === undefined) meter.waiting.push({ ms, sharers });
  else assign(sharers, ((meter.watts + (watts ?? meter.watts)) / 2) * ms);
}

function assign(sharers: readonly Share[], millijoules: number): void {
  for (const share of sharers) share.joules += millijoules / sharers.length / 1000;
}

function isCovered({ beganMs, samples, sampledMs, longestGapMs }: Share, nowMs: number): boolean {
  const allowedMs = Math.max(tuning.gapMs, tuning.gapPart * (nowMs - beganMs));
  return samples >= tuning.samples && Math.max(longestGapMs, nowMs - sampledMs) <= allowedMs;
}

function round(joules: number): number {
  return Math.round(joules * 1000) / 1000;
}
