import type { Estimate, Suite } from '../events.js';
import { roundedUpToEighth } from '../vocabulary/rounding.js';
import { DeviceEffects, type SeenOnDevices } from './device-effects.js';
import { HierarchicalMeans, type KnownSuite, priorLogSd } from './hierarchical-shrinkage.js';

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

/** σ of ln(duration / estimate) by basis, as `node bench/prediction.mjs DIR` shows it on real timing files. */
const logSds = { given: 0.3, 'own-device': 0.3, 'other-device': 0.6, default: priorLogSd };
/** The estimate when nothing is known. */
const defaultDurationMs = 1000;
/** No suite is believed to take longer than this: about 31 years, still exact in sums of many. */
const maxDurationMs = 1e12;
/** 1 PiB, likewise. */
const maxMemoryBytes = 2 ** 50;

/** The models are fitted again when this share of the observations is new. Not tuned: bounds the cost of fitting. */
const renewedShare = 0.1;

/**
 * Expected duration and memory of a suite on a device kind: its own measured duration there; otherwise its duration on other
 * kinds times the device factor; otherwise the mean of its groups. Deterministic.
 */
export class Estimates {
  /** suite → kind of device → what is known. */
  readonly #known = new Map<string, Map<string, Known>>();
  readonly #announced = new Map<string, Suite>();
  #observations = 0;
  #effects = new DeviceEffects([]);
  #effectsOf = 0;
  #groups = new HierarchicalMeans([]);
  #groupsOf = 0;

  readonly #mostSuites: number;

  /** @param mostSuites How many suites are remembered, those observed last. Default: all. */
  constructor(observations: Iterable<Observation> = [], mostSuites = Number.POSITIVE_INFINITY) {
    this.#mostSuites = mostSuites;
    for (const observation of observations) this.observe(observation);
  }

  /** Makes a suite's profile known: groups of suites and workloads are built from it. */
  announce(suite: Suite): void {
    if (this.#announced.has(suite.id)) return;
    this.#announced.set(suite.id, suite);
    if (suite.expectedMs !== undefined) this.#observations++;
    if (!this.#known.has(suite.id)) return;
    this.#effectsOf = 0;
    this.#groupsOf = 0;
  }

  /** The newest observation of a suite on a device replaces the one before. Figures are clamped to what is possible. */
  observe({ suiteId, deviceKind, durationMs, peakMemoryBytes = 0, samples = 1 }: Observation): void {
    const devices = this.#known.get(suiteId) ?? new Map<string, Known>();
    const known = {
      durationMs: bounded(durationMs, 1, maxDurationMs),
      peakMemoryBytes: bounded(peakMemoryBytes, 0, maxMemoryBytes),
      samples: bounded(samples, 1, Number.MAX_SAFE_INTEGER),
    };
    // Deleted first, so that it becomes the last entry of the map.
    if (Number.isFinite(this.#mostSuites)) this.#known.delete(suiteId);
    this.#known.set(suiteId, devices.set(deviceKind, known));
    this.#observations++;
    if (this.#known.size <= this.#mostSuites) return;
    const [oldest = suiteId] = this.#known.keys();
    this.#known.delete(oldest);
    this.#announced.delete(oldest);
  }

  /** Forgets the profile of a finished suite that was never observed. */
  forget(suiteId: string): void {
    if (!this.#known.has(suiteId)) this.#announced.delete(suiteId);
  }

  /** @param deviceKind `deviceKindOf` the device. */
  estimateOf(suite: Suite, deviceKind: string): Estimate {
    const hostMemoryBytes = this.hostMemoryOf(suite);
    const resting = (basis: keyof typeof logSds, durationMs: number, samples: number): Estimate => ({
      durationMs: bounded(durationMs, 1, maxDurationMs),
      hostMemoryBytes,
      basis,
      samples,
      spread: logSds[basis],
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
    const unseen = this.#fitGroups().estimateOf(suite);
    if (unseen === undefined) return resting('default', defaultDurationMs, 0);
    return { ...unseen, durationMs: bounded(unseen.durationMs * factor, 1, maxDurationMs), hostMemoryBytes };
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
    return roundedUpToEighth(peakBytes);
  }

  /** Level of a suite: its duration on a device whose factor is 1, averaged over the kinds that it was seen on. */
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

  #fitGroups(): HierarchicalMeans {
    if (this.#isOld(this.#groupsOf)) {
      this.#groupsOf = this.#observations;
      const known: KnownSuite[] = [];
      for (const { id, workload, fileBytes, durations } of this.#seen()) {
        known.push({ id, workload, fileBytes, durationMs: this.#levelOf(workload, durations) });
      }
      this.#groups = new HierarchicalMeans(known);
    }
    return this.#groups;
  }

  /** All suites with a known duration, measured or given. */
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
