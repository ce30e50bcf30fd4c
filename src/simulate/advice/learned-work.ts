import { Estimates, type Observation } from '../../core/estimate/estimate.js';
import type { Estimate, RunEvent, Suite } from '../../core/events.js';
import { deviceKindOf, type Slot } from '../../core/machine/machine.js';
import { hashOf } from '../../core/vocabulary/hash.js';
import { randomFrom } from '../../core/vocabulary/random.js';
import { normalFrom } from '../normal.js';

/** What a record lets expect of the next run of its suites. */
export interface LearnedWork {
  readonly suites: readonly Suite[];
  readonly observations: readonly Observation[];
  /** σ of ln(duration / expected) of suites on a device where they ran; left out when the record has too few. */
  readonly logSd?: number;
  /** CPU time by suite, ms, where it was measured. */
  readonly cpuMs: ReadonlyMap<string, number>;
  /** Suites that gave no result: nobody knows how long they take. */
  readonly unknown: readonly string[];
}

const tuning = {
  /** α of the EWMA of logarithms with which a history learns a duration (record/learn.ts). */
  newestWeight: 0.3,
  /** So many suites that had run before are needed to tell how far durations are from expected ones. Not tuned. */
  leastSamples: 20,
  /** The measured σ is believed within these limits. Not tuned. */
  leastLogSd: 0.03,
  mostLogSd: 1,
} as const;

/** From the median absolute deviation to σ, for a normal distribution. */
const madToSd = 1.4826;

/** The suites of a run with the durations that a history would have learned after it. */
export function learnedWorkOf(events: readonly RunEvent[]): LearnedWork {
  const kindOf = new Map(
    events.flatMap((event) =>
      event.type === 'slot-up' ? [[event.slot.id, deviceKindOf(event.slot.device)] as const] : [],
    ),
  );
  const expected = new Map<string, Estimate>();
  const observations = new Map<string, Observation>();
  const cpuMs = new Map<string, number>();
  const deviations: number[] = [];
  for (const event of events) {
    if (event.type === 'suite-started') {
      expected.set(`${event.placement.suiteId}\0${event.placement.slotId}`, event.placement.estimate);
    }
    if (event.type !== 'suite-ended' || (event.status !== 'passed' && event.status !== 'failed')) continue;
    const { suiteId, slotId, durationMs, peakMemoryBytes } = event;
    const before = expected.get(`${suiteId}\0${slotId}`);
    const measuredMs = Math.max(1, durationMs);
    if (before?.basis === 'own-device') deviations.push(Math.abs(Math.log(measuredMs / before.durationMs)));
    observations.set(suiteId, {
      suiteId,
      deviceKind: kindOf.get(slotId) ?? 'cpu',
      durationMs: learnedMs(before, measuredMs),
      samples: (before?.basis === 'own-device' ? before.samples : 0) + 1,
      ...(peakMemoryBytes !== undefined && { peakMemoryBytes }),
    });
    if (event.cpuMs !== undefined) cpuMs.set(suiteId, event.cpuMs);
  }
  const queued = events.flatMap((event) => (event.type === 'suite-queued' ? [event.suite] : []));
  return {
    suites: queued.filter(({ id }) => observations.has(id)),
    observations: [...observations.values()],
    ...logSdOf(deviations),
    cpuMs,
    unknown: queued.flatMap(({ id }) => (observations.has(id) ? [] : [id])),
  };
}

function learnedMs(before: Estimate | undefined, measuredMs: number): number {
  if (before?.basis !== 'own-device') return measuredMs;
  const weight = Math.max(tuning.newestWeight, 1 / (before.samples + 1));
  return before.durationMs * Math.exp(weight * Math.log(measuredMs / before.durationMs));
}

function logSdOf(deviations: readonly number[]): { logSd?: number } {
  if (deviations.length < tuning.leastSamples) return {};
  const median = deviations.toSorted((a, b) => a - b)[Math.floor(deviations.length / 2)] ?? 0;
  return { logSd: Math.min(tuning.mostLogSd, Math.max(tuning.leastLogSd, madToSd * median)) };
}

/** Durations of seeded runs: each suite is off from what is expected of it by as much as such durations are. */
export class DrawnRuns {
  readonly #estimates: Estimates;
  readonly #logSd: number | undefined;
  readonly #seed: number;
  readonly #usual = new Map<string, Estimate>();
  readonly #draws = new Map<string, number>();

  constructor({ suites, observations, logSd }: LearnedWork, seed: number) {
    this.#estimates = new Estimates(observations);
    for (const suite of suites) this.#estimates.announce(suite);
    this.#logSd = logSd;
    this.#seed = seed;
  }

  /** What is expected, ms. */
  usualMs(suite: Suite, { device }: Pick<Slot, 'device'>): number {
    return this.#estimateOf(suite, deviceKindOf(device)).durationMs;
  }

  /** Equal on every fleet, so that fleets differ by their machines alone. Ms > 0. */
  drawnMs(suite: Suite, { device }: Pick<Slot, 'device'>, run: number): number {
    const { durationMs, basis, spread } = this.#estimateOf(suite, deviceKindOf(device));
    const logSd = basis === 'own-device' ? (this.#logSd ?? spread) : spread;
    return Math.max(1, Math.round(durationMs * Math.exp(logSd * this.#drawOf(suite.id, run))));
  }

  #estimateOf(suite: Suite, kind: string): Estimate {
    const key = `${kind}\0${suite.id}`;
    let estimate = this.#usual.get(key);
    if (estimate === undefined) {
      estimate = this.#estimates.estimateOf(suite, kind);
      this.#usual.set(key, estimate);
    }
    return estimate;
  }

  #drawOf(suiteId: string, run: number): number {
    const key = `${run} ${suiteId}`;
    let draw = this.#draws.get(key);
    if (draw === undefined) {
      draw = normalFrom(randomFrom(hashOf(`${this.#seed} advice ${key}`)));
      this.#draws.set(key, draw);
    }
    return draw;
  }
}
