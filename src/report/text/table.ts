export interface Column {
  readonly title: string;
  /** Right-aligned, for figures. */
  readonly right?: boolean;
  /** Gives way when the table is wider than it may be. */
  readonly shrinks?: boolean;
}

const gap = '  ';
/** What a shrunken cell keeps, so that it still says something. */
const leastWidth = 8;

/**
 * Lines of a plain table, titles first, without spaces at their ends.
 * @param width Most characters a line should have; only columns that may shrink give way.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly string[] {
  const all = [columns.map(({ title }) => title), ...rows];
  const natural = columns.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
  const excess = natural.reduce((sum, size) => sum + size + gap.length, -gap.length) - width;
  const widths = natural.map((size, index) =>
    columns[index]?.shrinks === true && excess > 0
      ? Math.max(Math.min(size, leastWidth), size - excess)
      : size,
  );
  return all.map((row) =>
    columns
      .map(({ right = false }, index) => {
        const size = widths[index] ?? 0;
        const cell = shortened(row[index] ?? '', size);
        return right ? cell.padStart(size) : cell.padEnd(size);
      })
      .join(gap)
      .trimEnd(),
  );
}

function shortened(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
