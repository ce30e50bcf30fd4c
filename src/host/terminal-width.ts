import type { WriteStream } from 'node:tty';

/** Columns of a terminal; infinite for a file or a log, whose readers wrap lines themselves and search in whole ones. */
export function terminalWidth({
  isTTY,
  columns = 80,
}: Partial<Pick<WriteStream, 'isTTY' | 'columns'>>): number {
  return isTTY === true && columns > 0 ? columns : Number.POSITIVE_INFINITY;
}
