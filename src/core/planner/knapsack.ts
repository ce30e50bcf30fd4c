/**
 * 0/1 knapsack with a core (Balas, Zemel 1980): the items of the best value per ms are taken, the worst are left, and only
 * those around the break item, where greedy filling stops, are decided by dynamic programming. Capacity is divided into
 * cells, to which weights are rounded, so that the effort does not depend on the unit. The result is checked exactly.
 */

/** Chosen by the ETC instances of `node bench/plan.mjs`. */
const tuning = {
  /** Items of the core on each side of the break item. 40 (with 2048 cells): flat, in a sixth more time. */
  halfCore: 24,
  /** Cells of the capacity that is left for the core. 4096 (with 60 on each side): flat, in more time. */
  cells: 1024,
  /** Not tuned: fillings tried, as rounded weights may add up to more than the capacity. */
  mostTries: 60,
} as const;

/** Cells that dynamic programming looks at, at most, for one knapsack. */
export const knapsackCells = 2 * tuning.halfCore * tuning.cells;

export class Knapsack {
  readonly #bestValue = new Float64Array(tuning.cells + 1);
  readonly #isTaken = new Uint8Array(2 * tuning.halfCore * (tuning.cells + 1));

  /**
   * @param items In the order of value per weight, the best first.
   * @param weightOf By item, > 0.
   * @param worthOf By item, ≥ 0 and finite.
   * @returns Items of nearly the greatest value that weigh no more than the capacity.
   */
  fill(
    items: readonly number[],
    capacity: number,
    weightOf: (item: number) => number,
    worthOf: (item: number) => number,
  ): number[] {
    let breakAt = 0;
    let weight = 0;
    while (breakAt < items.length && weight + weightOf(items[breakAt] as number) <= capacity) {
      weight += weightOf(items[breakAt++] as number);
    }
    if (breakAt === items.length) return [...items];
    const taken = items.slice(0, Math.max(0, breakAt - tuning.halfCore));
    const left = taken.reduce((rest, item) => rest - weightOf(item), capacity);
    const core = items
      .slice(taken.length, breakAt + tuning.halfCore)
      .filter((item) => weightOf(item) <= left);
    const chosen = left > 0 ? this.#fillCore(core, left, weightOf, worthOf) : [];
    return chosen === undefined ? items.slice(0, breakAt) : [...taken, ...chosen];
  }

  /** @returns Undefined where every filling that was tried is too heavy. */
  #fillCore(
    core: readonly number[],
    capacity: number,
    weightOf: (item: number) => number,
    worthOf: (item: number) => number,
  ): number[] | undefined {
    const { cells, mostTries } = tuning;
    const weights = core.map((item) => Math.round((weightOf(item) * cells) / capacity));
    this.#solve(core.map(worthOf), weights);
    for (let attempt = 0; attempt < mostTries; attempt++) {
      let best = 0;
      for (let cell = 1; cell <= cells; cell++) {
        if ((this.#bestValue[cell] as number) > (this.#bestValue[best] as number)) best = cell;
      }
      const chosen = this.#itemsAt(best, core, weights);
      if (chosen.reduce((sum, item) => sum + weightOf(item), 0) <= capacity) return chosen;
      this.#bestValue[best] = -1;
    }
    return undefined;
  }

  /** Fills in the greatest value of each weight in cells, and which items it takes. */
  #solve(values: readonly number[], weights: readonly number[]): void {
    const best = this.#bestValue.fill(-1);
    const isTaken = this.#isTaken.fill(0);
    best[0] = 0;
    values.forEach((value, index) => {
      const weight = weights[index] as number;
      const row = index * (tuning.cells + 1);
      for (let cell = tuning.cells; cell >= weight; cell--) {
        const before = best[cell - weight] as number;
        if (before < 0 || before + value <= (best[cell] as number)) continue;
        best[cell] = before + value;
        isTaken[row + cell] = 1;
      }
    });
  }

  #itemsAt(cell: number, core: readonly number[], weights: readonly number[]): number[] {
    const chosen: number[] = [];
    let rest = cell;
    for (let index = core.length - 1; index >= 0; index--) {
      if (this.#isTaken[index * (tuning.cells + 1) + rest] === 0) continue;
      chosen.push(core[index] as number);
      rest -= weights[index] as number;
    }
    return chosen;
  }
}
