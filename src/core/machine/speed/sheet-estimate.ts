import type { Place } from './product-line.js';
import type { Figure } from './spec-sheets.js';

/** A model of a product line with what its maker says of it. */
export type ModelRow = Pick<Place, 'generation' | 'tier'> & { readonly [figure in Figure]?: number };

const tuning = {
  /** Factor of a generation that is newer than the table over its newest. Typical of the steps between its rows. */
  newerGeneration: 1.3,
  /** Factor of an older generation over the oldest of the table. Not tuned: no measurement is recorded. */
  olderGeneration: 0.6,
  /** Factors of the largest and the smallest card over those that a generation has. Not tuned: no measurement is recorded. */
  largestCard: 1.15,
  smallestCard: 0.4,
} as const;

/**
 * A figure of a model that is not listed: the geometric mean of the fastest listed model that it is at least level with
 * and the slowest that is at least level with it, in generation and tier. Both bounds can only grow with generation and
 * tier, so estimates never order two models against these, and an estimate is never above a listed model that is at
 * least level, nor below one that it is level with, unless data sheets themselves disagree.
 * @returns Undefined for a line of which no model tells anything.
 */
export function estimateAt(
  rows: readonly ModelRow[],
  place: Pick<Place, 'generation' | 'tier'>,
  figure: Figure,
): number | undefined {
  const points = pointsOf(rows, figure);
  // Half and small precisions run at least as fast as fp32 wherever a GPU has them.
  if (points.length === 0)
    return figure === 'memory' || figure === 'fp32' ? undefined : estimateAt(rows, place, 'fp32');
  const below = points.filter((each) => each.generation <= place.generation && each.tier <= place.tier);
  const above = points.filter((each) => each.generation >= place.generation && each.tier >= place.tier);
  const low = Math.max(...below.map(({ value }) => value));
  const high = Math.min(...above.map(({ value }) => value));
  return Math.sqrt(low * high);
}

interface Point {
  readonly generation: number;
  readonly tier: number;
  readonly value: number;
}

/** The listed models in a frame of made-up ones, so that every place has some below and some above it. */
function pointsOf(rows: readonly ModelRow[], figure: Figure): readonly Point[] {
  const listed = rows.flatMap((row): Point[] => {
    const { generation, tier, [figure]: value } = row;
    return value === undefined ? [] : [{ generation, tier, value }];
  });
  if (listed.length === 0) return [];
  const generations = [...new Set(listed.map(({ generation }) => generation))].sort((a, b) => a - b);
  const [oldest = 0, newest = oldest] = [generations[0], generations.at(-1)];
  // A newer model is not below any listed one that it is level with, nor an older one above.
  const older = listed
    .filter(({ generation }) => generation === oldest)
    .map(({ tier, value }) => {
      const above = listed.filter((each) => each.tier >= tier).map(figureOf);
      return { generation: -1, tier, value: Math.min(value * tuning.olderGeneration, ...above) };
    });
  const newer = listed
    .filter(({ generation }) => generation === newest)
    .map(({ tier, value }) => {
      const below = listed.filter((each) => each.tier <= tier).map(figureOf);
      return {
        generation: Number.POSITIVE_INFINITY,
        tier,
        value: Math.max(value * tuning.newerGeneration, ...below),
      };
    });
  const all = [...older, ...listed, ...newer];
  const ends = [-1, ...generations, Infinity].flatMap((generation): Point[] => {
    const smallest = Math.min(...all.filter((each) => each.generation >= generation).map(figureOf));
    const largest = Math.max(...all.filter((each) => each.generation <= generation).map(figureOf));
    return [
      { generation, tier: -Infinity, value: smallest * tuning.smallestCard },
      { generation, tier: Infinity, value: largest * tuning.largestCard },
    ];
  });
  return [...all, ...ends];
}

const figureOf = ({ value }: Point) => value;
