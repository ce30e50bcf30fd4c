import type { RunEvent } from '../core/events.js';
import { UsageError, type UsageProblem } from '../core/vocabulary/usage-error.js';
import { notARecord, parseFirstLine, parseLine } from './line.js';
import { LineReader } from './line-text.js';
import { readRecordText } from './text.js';

export interface ReadRecord {
  readonly events: readonly RunEvent[];
  /** True when the last line breaks off (the run was killed while writing it); that line is left out. */
  readonly truncated: boolean;
}

/**
 * Reads and checks a record. Its first event is `run-started`, and there is no second one.
 * @param path As the user knows it; stands in error messages. The file may be packed by gzip.
 * @throws UsageError with file and line for whatever is not a record of this version. See `salvageRecord`.
 */
export function readRecord(path: string): ReadRecord {
  const { lines, brokenLine } = linesOf(readRecordText(path));
  const reader = new LineReader();
  const events = lines.map((line, index) =>
    index === 0 ? parseFirstLine(path, line, reader) : parseLine(path, index + 1, line, reader),
  );
  if (events.length === 0) throw notARecord(path, 'nothing');
  return { events, truncated: brokenLine !== undefined };
}

/**
 * Reads several records.
 * @throws UsageError with everything that is wrong with any of them.
 */
export function readRecords(
  paths: readonly string[],
): readonly { readonly path: string; readonly events: readonly RunEvent[] }[] {
  const problems: UsageProblem[] = [];
  const records = paths.flatMap((path) => {
    try {
      return [{ path, events: readRecord(path).events }];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new UsageError(problems);
  return records;
}

interface Lines {
  readonly lines: readonly string[];
  /** The beginning of a line that was not written to its end; left out: there is none. */
  readonly brokenLine?: string;
}

export function linesOf(text: string): Lines {
  const lines = text.split('\n');
  // A whole line ends with a newline, so what follows the last one is empty or the start of a line.
  const rest = lines.pop() ?? '';
  if (rest === '') return { lines };
  return isJson(rest) ? { lines: [...lines, rest] } : { lines, brokenLine: rest };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
