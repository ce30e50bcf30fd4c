/** What sensors said of one device: watts drawn now, or joules counted so far. */
export interface EnergyReading {
  readonly power?: number;
  readonly energy?: number;
}

interface Share {
  /** Whether the counter could be read when the attempt began. */
  readonly counts: boolean;
  joules: number;
  /** Watts at each look while the attempt ran, and how many there were. */
  watts: number;
  looks: number;
}

interface Meter {
  /** The counter when it was last looked at; undefined: not yet, or it could not be read. */
  counted: number | undefined;
  readonly shares: Map<object, Share>;
}

/** Divides what devices draw among the attempts that hold them: equally, at every moment. */
export class EnergyMeter {
  readonly #devices = new Map<string, Meter>();

  /** Everything that was counted since the last look belongs to the attempts that hold the device now. */
  see(readings: ReadonlyMap<string, EnergyReading>): void {
    for (const [device, { power, energy }] of readings) {
      const meter = this.#meterOf(device);
      const joules = energy === undefined || meter.counted === undefined ? 0 : energy - meter.counted;
      meter.counted = energy;
      for (const share of meter.shares.values()) {
        share.joules += joules / meter.shares.size;
        if (power === undefined) continue;
        share.watts += power / meter.shares.size;
        share.looks++;
      }
    }
  }

  /** @param attempt Any object of its own. To be called right after a look, so that nothing of before is counted. */
  begin(attempt: object, deviceIds: readonly string[]): void {
    for (const device of deviceIds) {
      const { counted, shares } = this.#meterOf(device);
      shares.set(attempt, { counts: counted !== undefined, joules: 0, watts: 0, looks: 0 });
    }
  }

  /**
   * To be called right after a look.
   * @returns Joules by device; devices that nobody looked at while the attempt ran are left out.
   */
  end(attempt: object, durationMs: number): Readonly<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const [device, { counted, shares }] of this.#devices) {
      const share = shares.get(attempt);
      if (share === undefined) continue;
      shares.delete(attempt);
      const { counts, joules, watts, looks } = share;
      if (counts && counted !== undefined) found[device] = round(joules);
      else if (looks > 0) found[device] = round((watts / looks / 1000) * durationMs);
    }
    return found;
  }

  #meterOf(device: string): Meter {
    const meter = this.#devices.get(device) ?? { counted: undefined, shares: new Map() };
    this.#devices.set(device, meter);
    return meter;
  }
}

function round(joules: number): number {
  return Math.round(joules * 1000) / 1000;
}
