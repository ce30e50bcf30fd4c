import type { RunEvent } from '../core/events.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { parseFirstLine, parseLine } from './line.js';
import { LineReader } from './line-text.js';
import { linesOf } from './read.js';
import { readRecordText } from './text.js';

/** Reports that look back must not take longer than the run: so much of records is read, the newest first. Unpacked characters. */
const mostCharacters = 48_000_000;

export interface KeptEvents {
  /** By record, in the order of the paths, as far as they could be read. */
  readonly records: readonly (readonly RunEvent[])[];
  /** How many could not be read, or were too many. */
  readonly unread: number;
}

/**
 * Reads some types of events of several records. Never throws: what cannot be read is counted.
 * @param paths The most important first.
 * @param types Lines of other types are passed over unread.
 */
export function readKeptEvents(paths: readonly string[], types: readonly RunEvent['type'][]): KeptEvents {
  const wanted: ReadonlySet<string> = new Set(types);
  const records: (readonly RunEvent[])[] = [];
  let room = mostCharacters;
  for (const path of paths) {
    if (room <= 0) break;
    try {
      const text = readRecordText(path);
      room -= text.length;
      const events = eventsOf(path, text, wanted);
      if (events.length > 0) records.push(events);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
    }
  }
  return { records, unread: paths.length - records.length };
}

function eventsOf(path: string, text: string, wanted: ReadonlySet<string>): readonly RunEvent[] {
  const reader = new LineReader();
  return linesOf(text).lines.flatMap((line, index) => {
    if (index === 0) return [parseFirstLine(path, line, reader)];
    const [, type] = leadingType.exec(line) ?? [];
    // It gives the ids of the suites that other lines name by numbers.
    const isRead = type === undefined || type === 'suite-queued' || wanted.has(type);
    const event = isRead ? parseLine(path, index + 1, line, reader) : undefined;
    return event !== undefined && wanted.has(event.type) ? [event] : [];
  });
}

/** Where our own records have the type of an event. A line that has it elsewhere is parsed. */
const leadingType = /^\{"atMs":\d+,"type":"([a-z-]+)"/;
