/** What one of several wants of the same thing. */
export interface Demand {
  /** > 0: one of 2 gets twice as much as one of 1. */
  readonly weight: number;
  /** ≥ 0; may be infinite. */
  readonly wanted: number;
}

/**
 * Weighted max-min fairness (water filling): nobody gets more than it wants, and what that leaves is shared by the others.
 * @returns What each gets, in their order; together no more than the capacity.
 */
export function fairShares(capacity: number, demands: readonly Demand[]): readonly number[] {
  const shares = demands.map(() => 0);
  let left = capacity;
  let open = demands.map((demand, index) => ({ ...demand, index }));
  while (open.length > 0) {
    const level = left / open.reduce((sum, { weight }) => sum + weight, 0);
    const sated = open.filter(({ weight, wanted }) => wanted <= weight * level);
    for (const { index, weight, wanted } of sated.length > 0 ? sated : open)
      shares[index] = Math.min(wanted, weight * level);
    if (sated.length === 0) break;
    left -= sated.reduce((sum, { wanted }) => sum + wanted, 0);
    open = open.filter((each) => !sated.includes(each));
  }
  return shares;
}

/** Whole places that a share is at least: 3 is 3, though it was computed as 2.999… */
export function atLeast(share: number): number {
  return Math.floor(share + rounding);
}

/** Whole places that a share is at most. */
export function atMost(share: number): number {
  return Math.ceil(share - rounding);
}

const rounding = 1e-9;
