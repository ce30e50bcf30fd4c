/**
 * Device factors by a two-way multiplicative model, duration = suite level × device factor, fitted by median polish (Tukey
 * 1977). Factors of a workload are shrunk towards those of all suites.
 */

/** What a suite took on each device kind that it was seen on. */
export interface SeenOnDevices {
  /** Undefined: nobody said. */
  readonly workload: string | undefined;
  readonly durations: readonly { readonly kind: string; readonly durationMs: number }[];
}

/**
 * Half and double by `node bench/prediction.mjs DIR`: root mean square of ln(measured / estimate) on a device never run on,
 * 0.555, 0.550 and 0.549 in three projects.
 */
const tuning = {
  /** Suites to fit. 1000 and 4000: flat. */
  suitesLookedAt: 2000,
  /** Rounds of median polish, within which the factors settle. 2: ±0.005; 8: flat. */
  rounds: 4,
  /** Prior weight of the factor over all suites, in suites of the workload. 1.5: 0.550, 0.546, 0.540; 6: 0.562, 0.556, 0.562. */
  priorWeight: 3,
} as const;

/**
 * Factor of each device kind, over all suites and by workload. Medians, so that a few odd suites change nothing. Only
 * additions, products and quotients, so that all engines agree.
 */
export class DeviceEffects {
  readonly #kinds = new Map<string, number>();
  /** By workload and kind: a factor on top of the kind's. */
  readonly #workloads = new Map<string, number>();

  /** @param suites Those of a single kind say nothing. Kinds that no suite was seen on both of count as equally fast. */
  constructor(suites: Iterable<SeenOnDevices>) {
    const looked: SeenOnDevices[] = [];
    for (const suite of suites) {
      if (looked.length === tuning.suitesLookedAt) break;
      if (suite.durations.length > 1) looked.push(suite);
    }
    const factor = (kind: string) => this.#kinds.get(kind) ?? 1;
    for (let round = 0; round < tuning.rounds; round++) {
      const ratios = ratiosBy(looked, factor, (_, kind) => kind);
      for (const [kind, list] of ratios) this.#kinds.set(kind, median(list));
    }
    const byWorkload = ratiosBy(looked, factor, (workload, kind) =>
      workload === undefined ? undefined : keyOf(workload, kind),
    );
    for (const [key, list] of byWorkload) {
      const kind = key.slice(key.indexOf('\0') + 1);
      const own = median(list) / factor(kind);
      this.#workloads.set(key, (own * list.length + tuning.priorWeight) / (list.length + tuning.priorWeight));
    }
  }

  /** Duration on the kind over the suite's level; 1 where nothing is known. */
  factorOf(workload: string | undefined, kind: string): number {
    const ofKind = this.#kinds.get(kind) ?? 1;
    return workload === undefined ? ofKind : ofKind * (this.#workloads.get(keyOf(workload, kind)) ?? 1);
  }
}

/** Durations over the level of their suite. The level is the mean of its durations, each divided by the factor of its kind. */
function ratiosBy(
  suites: readonly SeenOnDevices[],
  factor: (kind: string) => number,
  keyFor: (workload: string | undefined, kind: string) => string | undefined,
): ReadonlyMap<string, number[]> {
  const ratios = new Map<string, number[]>();
  for (const { workload, durations } of suites) {
    const level =
      durations.reduce((sum, { kind, durationMs }) => sum + durationMs / factor(kind), 0) / durations.length;
    for (const { kind, durationMs } of durations) {
      const key = keyFor(workload, kind);
      if (key === undefined) continue;
      const list = ratios.get(key) ?? [];
      ratios.set(key, list);
      list.push(durationMs / level);
    }
  }
  return ratios;
}

function keyOf(workload: string, kind: string): string {
  return `${workload}\0${kind}`;
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  const upper = values[middle] ?? 1;
  return values.length % 2 === 1 ? upper : ((values[middle - 1] ?? upper) + upper) / 2;
}
