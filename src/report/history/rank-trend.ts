/**
 * Whether a series rises or falls: Mann-Kendall's rank test (Mann 1945, Kendall 1975). It asks only which of two values is
 * larger, so that one outlier decides nothing, and no shape of the rise is assumed.
 * @returns z, normally distributed with σ = 1 where there is no trend; > 0: it rises. 0 for fewer than 3 values.
 */
export function rankTrend(values: readonly number[]): number {
  const count = values.length;
  if (count < 3) return 0;
  let pairs = 0;
  for (const [later, value] of values.entries()) {
    for (let earlier = 0; earlier < later; earlier++) pairs += Math.sign(value - (values[earlier] ?? value));
  }
  const variance = (count * (count - 1) * (2 * count + 5)) / 18;
  return (pairs - Math.sign(pairs)) / Math.sqrt(variance);
}

/** 0 for no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
