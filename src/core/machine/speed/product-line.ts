import type { DeviceClass, Vendor } from '../../vocabulary/taxonomy.js';
import data from './data-sheets.json' with { type: 'json' };

/** One product line of a maker: its generations from the oldest to the newest. */
export interface ProductLine {
  readonly name: string;
  readonly maker: Vendor;
  readonly classes: readonly DeviceClass[];
  readonly generations: readonly Generation[];
}

interface Generation {
  readonly name: string;
  /** CUDA's compute capabilities or AMD's gfx names, each with the tier of that chip; null: the chip does not tell. */
  readonly codes?: Readonly<Record<string, number | null>>;
  /** How model names of this generation begin: `40` in RTX 4090, `A` in A100. */
  readonly series?: readonly string[];
}

/** Where a device stands among its maker's products. Of two places of one line, the one at which both numbers are at least as high is the faster. */
export interface Place {
  readonly line: string;
  /** Index into the line's generations; their number stands for everything newer. */
  readonly generation: number;
  /** 60 in RTX 4060, a little more for Ti and SUPER. */
  readonly tier: number;
}

export const productLines: ReadonlyMap<string, ProductLine> = new Map(
  (data.lines as unknown as readonly ProductLine[]).map((line) => [line.name, line]),
);

/** The generation after those that are listed. */
export const newer = 'newer';

/** The place by the beginning of a model's number or by its letter. */
export function placed(lineName: string, series: string, tier: number): Place | undefined {
  const line = productLines.get(lineName);
  if (line === undefined) return undefined;
  const generation = line.generations.findIndex((each) => each.series?.includes(series));
  if (generation >= 0) return { line: lineName, generation, tier };
  // A number above all that are listed is of a generation that is newer than this table.
  const numbers = line.generations
    .flatMap((each) => each.series ?? [])
    .map((each) => Number.parseInt(each, 10));
  const newest = Math.max(...numbers.filter((each) => !Number.isNaN(each)));
  return Number(series) > newest ? { line: lineName, generation: line.generations.length, tier } : undefined;
}

/** The place by the generation's name. */
export function named(lineName: string, generationName: string, tier: number): Place | undefined {
  const generations = productLines.get(lineName)?.generations ?? [];
  const generation =
    generationName === newer
      ? generations.length
      : generations.findIndex(({ name }) => name === generationName);
  return generation < 0 ? undefined : { line: lineName, generation, tier };
}
