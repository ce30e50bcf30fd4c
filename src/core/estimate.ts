import type { Estimate, EstimateBasis, Suite } from './events.js';

/** What one suite took on one device, from a history or from this run. */
export interface Observation {
  readonly suiteId: string;
  /** `kindOf` the device. */
  readonly deviceKind: string;
  readonly durationMs: number;
  readonly peakMemoryBytes?: number;
  /** How many runs the figures stand for, ≥ 1. Default 1. */
  readonly samples?: number;
}

/** Of the logarithm of a duration, by what the estimate rests on: seen on real timing files. */
const spreads: Readonly<Record<EstimateBasis, number>> = {
  given: 0.1,
  'own-device': 0.3,
  'other-device': 0.6,
  'file-size': 1,
  default: 1.2,
};
/** Given when nothing at all is known. */
const defaultDurationMs = 1000;
/** No suite is believed to take longer than this: about 31 years, still exact in sums of many. */
const maxDurationMs = 1e12;
/** 1 PiB, likewise. */
const maxMemoryBytes = 2 ** 50;

/** What a suite will probably take on a device, from what was observed. Deterministic. */
export class Estimates {
  /** suite → device type → what is known. */
  readonly #known = new Map<string, Map<string, Known>>();
  readonly #fileBytes = new Map<string, number>();
  /** Sorted ms per byte of every observation whose file size is known. */
  readonly #msPerByte: number[] = [];

  constructor(observations: Iterable<Observation> = []) {
    for (const observation of observations) this.observe(observation);
  }

  /** Tells the size of a suite's file, by which durations of unknown suites are judged. Called once per suite. */
  announce(suite: Suite): void {
    if (suite.fileBytes <= 0 || this.#fileBytes.has(suite.id)) return;
    this.#fileBytes.set(suite.id, suite.fileBytes);
    for (const known of this.#known.get(suite.id)?.values() ?? []) this.#rate(known, suite.fileBytes);
  }

  /** The newest observation of a suite on a device replaces the one before. Figures that make no sense are bounded. */
  observe({ suiteId, deviceKind, durationMs, peakMemoryBytes = 0, samples = 1 }: Observation): void {
    const devices = this.#known.get(suiteId) ?? new Map<string, Known>();
    const known = {
      durationMs: bounded(durationMs, 1, maxDurationMs),
      peakMemoryBytes: bounded(peakMemoryBytes, 0, maxMemoryBytes),
      samples: bounded(samples, 1, Number.MAX_SAFE_INTEGER),
    };
    this.#known.set(suiteId, devices.set(deviceKind, known));
    const fileBytes = this.#fileBytes.get(suiteId);
    if (fileBytes !== undefined) this.#rate(known, fileBytes);
  }

  /** @param deviceKind `kindOf` the device. */
  of(suite: Suite, deviceKind: string): Estimate {
    const devices = this.#known.get(suite.id);
    const own = devices?.get(deviceKind);
    const hostMemoryBytes = this.hostMemoryOf(suite);
    const given = suite.expectedMs?.[deviceKind];
    if (given !== undefined) {
      const durationMs = bounded(given, 1, maxDurationMs);
      return { durationMs, hostMemoryBytes, basis: 'given', samples: 0, spread: spreads.given };
    }
    if (own) return estimate(own, hostMemoryBytes, 'own-device');
    const other = devices && mostObserved(devices);
    if (other) return estimate(other, hostMemoryBytes, 'other-device');
    const samples = this.#msPerByte.length;
    const median = this.#msPerByte[samples >> 1];
    if (median === undefined || suite.fileBytes <= 0) {
      return {
        durationMs: defaultDurationMs,
        hostMemoryBytes,
        basis: 'default',
        samples: 0,
        spread: spreads.default,
      };
    }
    const durationMs = bounded(median * suite.fileBytes, 1, maxDurationMs);
    return { durationMs, hostMemoryBytes, basis: 'file-size', samples, spread: spreads['file-size'] };
  }

  /**
   * The highest peak of the suite's process on any device, rounded up to the next of eight steps an octave: a little
   * room above what was seen, and few different claims among many suites. 0 when nothing is known.
   */
  hostMemoryOf(suite: Suite): number {
    const peaks = [...(this.#known.get(suite.id)?.values() ?? [])].map((known) => known.peakMemoryBytes);
    const peakBytes = Math.max(0, ...peaks);
    let step = 1;
    while (step * 16 <= peakBytes) step *= 2;
    return Math.ceil(peakBytes / step) * step;
  }

  #rate({ durationMs }: Known, fileBytes: number): void {
    const rate = durationMs / fileBytes;
    let low = 0;
    let high = this.#msPerByte.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#msPerByte[middle] ?? 0) < rate) low = middle + 1;
      else high = middle;
    }
    this.#msPerByte.splice(low, 0, rate);
  }
}

interface Known {
  readonly durationMs: number;
  readonly peakMemoryBytes: number;
  readonly samples: number;
}

function estimate(known: Known, hostMemoryBytes: number, basis: EstimateBasis): Estimate {
  return {
    durationMs: known.durationMs,
    hostMemoryBytes,
    basis,
    samples: known.samples,
    spread: spreads[basis],
  };
}

/** Ties go to the name that sorts first, so that the order of the history does not matter. */
function mostObserved(devices: ReadonlyMap<string, Known>): Known | undefined {
  const [best] = [...devices].sort(
    ([typeA, a], [typeB, b]) => b.samples - a.samples || (typeA < typeB ? -1 : 1),
  );
  return best?.[1];
}

function bounded(value: number, least: number, most: number): number {
  return Number.isNaN(value) ? least : Math.round(Math.min(most, Math.max(least, value)));
}
