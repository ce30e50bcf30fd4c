/** What a suite took on each kind of device that it was seen on. */
export interface SeenOnDevices {
  /** Undefined: nobody said. */
  readonly workload: string | undefined;
  readonly durations: readonly { readonly kind: string; readonly durationMs: number }[];
}

/** More tell nothing new. */
const suitesLookedAt = 2000;
/** The factors of suites and devices settle within these. */
const rounds = 4;
/** So many suites must agree before a workload's own factor counts as much as what holds for all suites. */
const doubt = 3;

/**
 * How much longer a kind of device takes than others, over all suites and for each workload: medians, so that a few odd
 * suites change nothing. Additions, products and quotients alone: the same numbers in every engine.
 */
export class DeviceEffects {
  readonly #kinds = new Map<string, number>();
  /** By workload and kind, times the one of the kind. */
  readonly #workloads = new Map<string, number>();

  /** @param suites Those of a single kind say nothing. Kinds that no suite was seen on both of count as equally fast. */
  constructor(suites: Iterable<SeenOnDevices>) {
    const looked: SeenOnDevices[] = [];
    for (const suite of suites) {
      if (looked.length === suitesLookedAt) break;
      if (suite.durations.length > 1) looked.push(suite);
    }
    const factor = (kind: string) => this.#kinds.get(kind) ?? 1;
    for (let round = 0; round < rounds; round++) {
      const ratios = ratiosBy(looked, factor, (_, kind) => kind);
      for (const [kind, list] of ratios) this.#kinds.set(kind, median(list));
    }
    const byWorkload = ratiosBy(looked, factor, (workload, kind) =>
      workload === undefined ? undefined : keyOf(workload, kind),
    );
    for (const [key, list] of byWorkload) {
      const kind = key.slice(key.indexOf('\0') + 1);
      const own = median(list) / factor(kind);
      this.#workloads.set(key, (own * list.length + doubt) / (list.length + doubt));
    }
  }

  /** Duration on the kind over the suite's level; 1 where nothing is known. */
  factorOf(workload: string | undefined, kind: string): number {
    const ofKind = this.#kinds.get(kind) ?? 1;
    return workload === undefined ? ofKind : ofKind * (this.#workloads.get(keyOf(workload, kind)) ?? 1);
  }
}

/** Durations over the level of their suite, which is their mean with the factors of the kinds taken out. */
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
