import type { RunEvent } from '../core/events.js';
import { UsageError, type UsageProblem } from '../core/vocabulary/usage-error.js';
import { notARecord, parseAnyVersion, secondRun, shortened } from './line.js';
import { LineReader } from './line-text.js';
import { linesOf } from './read.js';
import { readableRecordText } from './text.js';

export interface SalvagedRecord {
  /** What is whole, of one run, in the order of the file. At least one event. */
  readonly events: readonly RunEvent[];
  /** What is not, with file and line. Empty: the record is sound. */
  readonly damage: readonly UsageProblem[];
}

/** More damaged lines than these are counted. */
const linesNamed = 5;

/** Where one writer's line went into another's, both may still be whole: every event begins with its time. */
const weldedLine = /(?<=\})(?=\{"atMs":)/;

/**
 * Reads of a record what is whole: for a report, which is better with gaps than not at all.
 * @param path As for `readRecord`.
 * @throws UsageError when the file cannot be opened or holds no event at all.
 */
export function salvageRecord(path: string): SalvagedRecord {
  const { text, problem } = readableRecordText(path);
  const { lines, brokenLine } = linesOf(text);
  const events: RunEvent[] = [];
  const damage: UsageProblem[] = [];
  const reader = new LineReader();
  for (const [index, line] of lines.entries()) {
    const found = eventsOf(path, index + 1, line, reader);
    damage.push(...found.damage);
    const secondAt = found.events.findIndex(
      ({ type }, at) => type === 'run-started' && events.length + at > 0,
    );
    events.push(...found.events.slice(0, secondAt === -1 ? undefined : secondAt));
    if (secondAt === -1) continue;
    // From here on, nobody can tell to which of the runs an event belongs.
    const left = lines.length - index;
    damage.push({ ...secondRun(path, index + 1), found: `${left} lines from here on, which are left out` });
    break;
  }
  const end = endDamage(path, lines.length + 1, problem, brokenLine);
  if (events.length === 0) {
    throw problem === undefined ? notARecord(path, lines[0] ?? brokenLine ?? 'nothing') : new UsageError(end);
  }
  return {
    events,
    damage: [...named(path, damage), ...end],
  };
}

function eventsOf(path: string, line: number, text: string, reader: LineReader): SalvagedRecord {
  const parts = text.split(weldedLine);
  const events: RunEvent[] = [];
  const damage: UsageProblem[] = [];
  for (const part of parts) {
    try {
      const { event, problem } = parseAnyVersion(path, line, part, reader);
      events.push(event);
      if (problem !== undefined) damage.push(problem);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      damage.push(...error.problems);
    }
  }
  const isWelded = parts.length > 1 && damage.length === 0;
  return { events, damage: isWelded ? [{ file: path, line, message: weldedText(parts.length) }] : damage };
}

function weldedText(count: number): string {
  return `${count} events stand in one line: several processes wrote to the file at once.`;
}

function named(file: string, damage: readonly UsageProblem[]): readonly UsageProblem[] {
  const more = damage.length - linesNamed;
  if (more <= 1) return damage;
  return [...damage.slice(0, linesNamed), { file, message: `${more} more such places.` }];
}

function endDamage(
  file: string,
  line: number,
  problem: string | undefined,
  brokenLine: string | undefined,
): readonly UsageProblem[] {
  const remedy = 'The file was cut, or its run was killed; take the whole file, or run the tests again.';
  if (problem !== undefined) {
    const message = 'The packed record cannot be unpacked beyond this line.';
    return [{ file, line, message, found: problem, remedy }];
  }
  if (brokenLine === undefined) return [];
  return [
    { file, line, message: 'The record breaks off in this line.', found: shortened(brokenLine), remedy },
  ];
}
