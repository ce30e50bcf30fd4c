/**
 * The candidate that a mistyped word most likely meant, by edit distance and ignoring case; on a tie the first one.
 * Up to a third of the word's letters may be edited, at least one and at most three (not tuned).
 * @returns Undefined when no candidate is that near.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let limit = Math.min(3, Math.max(1, Math.floor(word.length / 3)));
  let found: string | undefined;
  for (const candidate of candidates) {
    // The distance is at least the difference of lengths: a long text from outside is not compared at all.
    if (Math.abs(word.length - candidate.length) > limit) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= limit) {
      found = candidate;
      limit = distance - 1;
    }
  }
  return found;
}

/**
 * The Damerau–Levenshtein distance in its restricted form (optimal string alignment, Damerau 1964): insertions, deletions,
 * replacements and swaps of neighbours, none of which edits the same place twice. Three rows of the dynamic programme are kept.
 */
export function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (same ? 0 : 1),
        swapped && column > 1 && row > 1 ? (beforePrevious[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[to.length] ?? 0;
}
