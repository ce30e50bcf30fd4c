import { columnsOf, cutTo, padded, wrappedTo } from './columns.js';

export interface Column {
  readonly title: string;
  /** Whether cells are right-aligned, as figures are. Default false. */
  readonly right?: boolean;
  /**
   * How the column gets narrower when the table is too wide: `wraps` onto further lines, or loses its `end` or its `start`.
   * Left out: it keeps its width.
   */
  readonly gives?: 'wraps' | 'end' | 'start';
}

/**
 * Lines of a plain table: titles first, no spaces at line ends.
 * @param width Most characters a line should have. Only columns that may give way do, the widest first. Default: no limit.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): readonly string[] {
  return linesOf([columns.map(({ title }) => title), ...rows], columns, width);
}

/** Lines of a table without titles, all columns left-aligned. */
export function untitledTable(rows: readonly (readonly string[])[]): readonly string[] {
  return linesOf(rows, [], Number.POSITIVE_INFINITY);
}

const gap = '  ';
/** Columns that a narrowed cell keeps, so that it still says something. */
const leastWidth = 8;

function linesOf(
  rows: readonly (readonly string[])[],
  columns: readonly Column[],
  width: number,
): readonly string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const natural = Array.from({ length: count }, (_, index) =>
    rows.reduce((widest, row) => Math.max(widest, columnsOf(row[index] ?? '')), 0),
  );
  const widths = narrowed(natural, columns, width);
  return rows.flatMap((row) => {
    const cells = widths.map((size, index) => cellLines(row[index] ?? '', size, columns[index]?.gives));
    const height = Math.max(1, ...cells.map(({ length }) => length));
    return Array.from({ length: height }, (_, line) =>
      widths
        .map((size, index) => padded(cells[index]?.[line] ?? '', size, columns[index]?.right))
        .join(gap)
        .trimEnd(),
    );
  });
}

/** Takes what is too much from the widest of the columns that give way, until they are equally wide. */
function narrowed(natural: readonly number[], columns: readonly Column[], width: number): readonly number[] {
  const widths = [...natural];
  let excess = natural.reduce((sum, size) => sum + size + gap.length, -gap.length) - width;
  const giving = natural.flatMap((_, index) => (columns[index]?.gives === undefined ? [] : [index]));
  while (excess > 0) {
    const sizes = giving.map((index) => widths[index] ?? 0);
    const widest = Math.max(0, ...sizes);
    if (widest <= leastWidth) break;
    const next = Math.max(leastWidth, ...sizes.filter((size) => size < widest));
    const among = giving.filter((index) => widths[index] === widest);
    const less = Math.min(widest - next, Math.ceil(excess / among.length));
    for (const index of among) widths[index] = widest - less;
    excess -= less * among.length;
  }
  return widths;
}

function cellLines(text: string, width: number, gives: Column['gives']): readonly string[] {
  if (gives === undefined) return [text];
  return gives === 'wraps' ? wrappedTo(text, width) : [cutTo(text, width, gives === 'end' ? 'start' : 'end')];
}
