import type { Estimate, Suite } from '../events.js';
import { DeviceEffects, type SeenOnDevices } from './device-effects.js';
import { Kinship, type KnownSuite, kinSpread } from './hierarchical-shrinkage.js';

/** What one suite took on one device, from a history or from this run. */
export interface Observation {
  readonly suiteId: string;
  /** `deviceKindOf` the device. */
  readonly deviceKind: string;
  readonly durationMs: number;
  readonly peakMemoryBytes?: number;
  /** How many runs the figures stand for, ≥ 1. Default 1. */
  readonly samples?: number;
}

/** Of the logarithm of a duration, by what the estimate rests on: seen on real timing files (`bench/prediction.mjs`). */
const spreads = { given: 0.3, 'own-device': 0.3, 'other-device': 0.6, default: kinSpread };
/** Given when nothing at all is known. */
const defaultDurationMs = 1000;
/** No suite is believed to take longer than this: about 31 years, still exact in sums of many. */
const maxDurationMs = 1e12;
/** 1 PiB, likewise. */
const maxMemoryBytes = 2 ** 50;

/** What is learned from all suites together is learned anew when this share of the observations is new. */
const renewedShare = 0.1;

/**
 * What a suite will probably take on a device, from what was observed: its own duration there; else its duration on
 * other devices times how much faster this one is; else what suites like it take. Deterministic.
 */
export class Estimates {
  /** suite → kind of device → what is known. */
  readonly #known = new Map<string, Map<string, Known>>();
  readonly #announced = new Map<string, Suite>();
  #observations = 0;
  #effects = new DeviceEffects([]);
  #effectsOf = 0;
  #kinship = new Kinship([]);
  #kinshipOf = 0;

  readonly #mostSuites: number;

  /** @param mostSuites Of how many suites it is remembered what they took, the last ones. Default: of all. */
  constructor(observations: Iterable<Observation> = [], mostSuites = Number.POSITIVE_INFINITY) {
    this.#mostSuites = mostSuites;
    for (const observation of observations) this.observe(observation);
  }

  /** Tells what a suite is like, by which durations of unknown suites are judged. */
  announce(suite: Suite): void {
    if (this.#announced.has(suite.id)) return;
    this.#announced.set(suite.id, suite);
    if (suite.expectedMs !== undefined) this.#observations++;
    if (!this.#known.has(suite.id)) return;
    this.#effectsOf = 0;
    this.#kinshipOf = 0;
  }

  /** The newest observation of a suite on a device replaces the one before. Figures that make no sense are bounded. */
  observe({ suiteId, deviceKind, durationMs, peakMemoryBytes = 0, samples = 1 }: Observation): void {
    const devices = this.#known.get(suiteId) ?? new Map<string, Known>();
    const known = {
      durationMs: bounded(durationMs, 1, maxDurationMs),
      peakMemoryBytes: bounded(peakMemoryBytes, 0, maxMemoryBytes),
      samples: bounded(samples, 1, Number.MAX_SAFE_INTEGER),
    };
    // Anew, so that it is the last one.
    if (Number.isFinite(this.#mostSuites)) this.#known.delete(suiteId);
    this.#known.set(suiteId, devices.set(deviceKind, known));
    this.#observations++;
    if (this.#known.size <= this.#mostSuites) return;
    const [oldest = suiteId] = this.#known.keys();
    this.#known.delete(oldest);
    this.#announced.delete(oldest);
  }

  /** Tells that the suite is over: of one that was never observed there is nothing to remember. */
  forget(suiteId: string): void {
    if (!this.#known.has(suiteId)) this.#announced.delete(suiteId);
  }

  /** @param deviceKind `deviceKindOf` the device. */
  estimateOf(suite: Suite, deviceKind: string): Estimate {
    const hostMemoryBytes = this.hostMemoryOf(suite);
    const resting = (basis: keyof typeof spreads, durationMs: number, samples: number): Estimate => ({
      durationMs: bounded(durationMs, 1, maxDurationMs),
      hostMemoryBytes,
      basis,
      samples,
      spread: spreads[basis],
    });
    const given = suite.expectedMs?.[deviceKind];
    if (given !== undefined && given !== 0) return resting('given', given, 0);
    const devices = this.#known.get(suite.id);
    const own = devices?.get(deviceKind);
    if (own) return resting('own-device', own.durationMs, own.samples);
    const factor = this.#fitEffects().factorOf(suite.profile.workload, deviceKind);
    if (devices) {
      const samples = Math.max(...[...devices.values()].map((known) => known.samples));
      const durations = [...devices].map(([kind, { durationMs }]) => ({ kind, durationMs }));
      return resting('other-device', this.#levelOf(suite.profile.workload, durations) * factor, samples);
    }
    const kin = this.#fitKinship().of(suite);
    if (kin === undefined) return resting('default', defaultDurationMs, 0);
    return { ...kin, durationMs: bounded(kin.durationMs * factor, 1, maxDurationMs), hostMemoryBytes };
  }

  /**
   * The highest peak of the suite's process on any device, rounded up to the next of eight steps an octave: a little
   * room above what was seen, and few different claims among many suites. 0 when nothing is known.
   */
  hostMemoryOf(suite: Suite): number {
    let peakBytes = 0;
    for (const known of this.#known.get(suite.id)?.values() ?? []) {
      peakBytes = Math.max(peakBytes, known.peakMemoryBytes);
    }
    let step = 1;
    while (step * 16 <= peakBytes) step *= 2;
    return Math.ceil(peakBytes / step) * step;
  }

  /** What a suite takes on a device of factor 1, by what it took on others. */
  #levelOf(workload: string | undefined, durations: SeenSuite['durations']): number {
    const effects = this.#fitEffects();
    let sum = 0;
    for (const { kind, durationMs } of durations) sum += durationMs / effects.factorOf(workload, kind);
    return sum / durations.length;
  }

  #fitEffects(): DeviceEffects {
    if (this.#isOld(this.#effectsOf)) {
      this.#effectsOf = this.#observations;
      this.#effects = new DeviceEffects(this.#seen());
    }
    return this.#effects;
  }

  #fitKinship(): Kinship {
    if (this.#isOld(this.#kinshipOf)) {
      this.#kinshipOf = this.#observations;
      const known: KnownSuite[] = [];
      for (const { id, workload, fileBytes, durations } of this.#seen()) {
        known.push({ id, workload, fileBytes, durationMs: this.#levelOf(workload, durations) });
      }
      this.#kinship = new Kinship(known);
    }
    return this.#kinship;
  }

  /** All suites of which a duration is known. */
  *#seen(): Iterable<SeenSuite> {
    for (const [id, devices] of this.#known) {
      const suite = this.#announced.get(id);
      yield {
        id,
        workload: suite?.profile.workload,
        fileBytes: suite?.fileBytes ?? 0,
        durations: [...devices].map(([kind, { durationMs }]) => ({ kind, durationMs })),
      };
    }
    for (const { id, profile, fileBytes, expectedMs = {} } of this.#announced.values()) {
      if (this.#known.has(id)) continue;
      const durations = Object.entries(expectedMs).flatMap(([kind, ms]) =>
        ms > 0 ? { kind, durationMs: bounded(ms, 1, maxDurationMs) } : [],
      );
      if (durations.length > 0) yield { id, workload: profile.workload, fileBytes, durations };
    }
  }

  #isOld(observations: number): boolean {
    return (
      this.#observations > observations * (1 + renewedShare) || (observations === 0 && this.#observations > 0)
    );
  }
}

interface SeenSuite extends SeenOnDevices {
  readonly id: string;
  readonly fileBytes: number;
}

interface Known {
  readonly durationMs: number;
  readonly peakMemoryBytes: number;
  readonly samples: number;
}

function bounded(value: number, least: number, most: number): number {
  return Number.isNaN(value) ? least : Math.round(Math.min(most, Math.max(least, value)));
}
