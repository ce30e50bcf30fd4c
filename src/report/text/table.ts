export interface Column {
  readonly title: string;
  /** Whether cells are right-aligned, as figures are. Default false. */
  readonly right?: boolean;
  /** Whether the column gets narrower when the table is too wide. Default false. */
  readonly shrinks?: boolean;
}

/**
 * Lines of a plain table: titles first, no spaces at line ends.
 * @param width Most characters a line should have. Only columns that may shrink give way. Default: no limit.
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
/** Characters that a shrunken cell keeps, so that it still says something. */
const leastWidth = 8;

function linesOf(
  rows: readonly (readonly string[])[],
  columns: readonly Column[],
  width: number,
): readonly string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const natural = Array.from({ length: count }, (_, index) =>
    Math.max(...rows.map((row) => row[index]?.length ?? 0)),
  );
  const excess = natural.reduce((sum, size) => sum + size + gap.length, -gap.length) - width;
  const widths = natural.map((size, index) =>
    columns[index]?.shrinks === true && excess > 0
      ? Math.max(Math.min(size, leastWidth), size - excess)
      : size,
  );
  return rows.map((row) =>
    widths
      .map((size, index) => {
        const cell = shortened(row[index] ?? '', size);
        return columns[index]?.right === true ? cell.padStart(size) : cell.padEnd(size);
      })
      .join(gap)
      .trimEnd(),
  );
}

function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
