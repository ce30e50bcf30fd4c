/** What sensors said of one device: watts drawn now, or joules counted so far. */
export interface EnergyReading {
  readonly power?: number;
  readonly energy?: number;
}

/**
 * Watts say what an attempt took only if they were looked at often enough while it ran. Else there is no figure: what
 * a card drew before or between says nothing.
 */
const enough = {
  /**
   * Looks inside the hold. On an H200 figures of holds of 7 to 16 s were within 6 % of the card's own counter, one of 1 s
   * with four looks was 65 % too high.
   */
  samples: 8,
  /** The longest time without a look, from the beginning to the end of the hold: this long … */
  gapMs: 1000,
  /** … or this part of the hold. */
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
  /** The counter when it was last looked at; undefined: not yet, or it could not be read. */
  counted: number | undefined;
  /** Watts at `untilMs`; undefined: not looked at since an attempt has held the device. */
  watts: number | undefined;
  /** Watts are assigned up to here. */
  untilMs: number;
  /** Time since then that waits for the first look. */
  waiting: { readonly ms: number; readonly sharers: readonly Share[] }[];
  readonly shares: Map<object, Share>;
}

/**
 * Divides what devices draw among the attempts that hold them: equally, at every moment. Between two looks the power is
 * taken as a straight line; before the first and after the last look inside a hold, as at that look.
 */
export class EnergyMeter {
  readonly #devices = new Map<string, Meter>();

  /** @param nowMs Never before that of an earlier call. */
  see(readings: ReadonlyMap<string, EnergyReading>, nowMs: number): void {
    for (const [device, { power, energy }] of readings) {
      const meter = this.#meterOf(device);
      const joules = energy === undefined || meter.counted === undefined ? 0 : energy - meter.counted;
      meter.counted = energy;
      for (const share of meter.shares.values()) share.counted += joules / meter.shares.size;
      if (power !== undefined) sample(meter, power, nowMs);
    }
  }

  /** @param attempt Any object of its own. To be called right after counters were looked at, so that nothing of before is counted. */
  begin(attempt: object, deviceIds: readonly string[], nowMs: number): void {
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
   * To be called right after counters were looked at.
   * @returns Joules by device; devices that were not looked at often enough while the attempt ran are left out.
   */
  end(attempt: object, nowMs: number): Readonly<Record<string, number>> {
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

/** Assigns the time up to now, over which the power went to `watts`, to those that hold the device. */
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
  const allowedMs = Math.max(enough.gapMs, enough.gapPart * (nowMs - beganMs));
  return samples >= enough.samples && Math.max(longestGapMs, nowMs - sampledMs) <= allowedMs;
}

function round(joules: number): number {
  return Math.round(joules * 1000) / 1000;
}
