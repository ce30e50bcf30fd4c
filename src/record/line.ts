import * as v from 'valibot';
import { type RunEvent, recordVersion } from '../core/events.js';
import { expectationOf } from '../core/vocabulary/expectation.js';
import { limits } from '../core/vocabulary/limits.js';
import { UsageError, type UsageProblem } from '../core/vocabulary/usage-error.js';
import { scanJson } from '../json/scan.js';
import type { LineReader } from './line-text.js';
import { eventSchemas } from './schema.js';
import { whereRecordsAre } from './text.js';

/** Reads the first line of a record. @throws UsageError unless it is `run-started` of this version. */
export function parseFirstLine(path: string, text: string, reader: LineReader): RunEvent {
  const value = parseJson(path, 1, text, reader);
  if (typeOf(value) !== 'run-started') throw notARecord(path, text);
  const problem = versionProblem(path, 1, value);
  if (problem !== undefined) throw new UsageError(problem);
  return eventOf(path, 1, text, value);
}

/** Reads a further line. @throws UsageError unless it is an event, and none that begins a run. */
export function parseLine(path: string, line: number, text: string, reader: LineReader): RunEvent {
  const value = parseJson(path, line, text, reader);
  if (typeOf(value) === 'run-started') throw new UsageError(secondRun(path, line));
  return eventOf(path, line, text, value);
}

/**
 * Reads a line of a record of whichever version, as far as this version understands it.
 * @returns The event, and what is wrong with the version of a run that begins with it.
 * @throws UsageError for everything else that is no event.
 */
export function parseAnyVersion(
  path: string,
  line: number,
  text: string,
  reader: LineReader,
): { readonly event: RunEvent; readonly problem?: UsageProblem } {
  const value = parseJson(path, line, text, reader);
  if (typeOf(value) !== 'run-started') return { event: eventOf(path, line, text, value) };
  const problem = versionProblem(path, line, value);
  if (problem === undefined) return { event: eventOf(path, line, text, value) };
  const read = { ...(value as object), version: recordVersion };
  return { event: eventOf(path, line, text, read), problem };
}

export function secondRun(file: string, line: number): UsageProblem {
  return { file, line, message: 'A second run begins here; a record holds one run.' };
}

function typeOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
}

function eventOf(path: string, line: number, text: string, value: unknown): RunEvent {
  const type = typeOf(value);
  if (!isEventType(type)) {
    throw problemAt(path, line, {
      message: 'The line is no event of a run.',
      expected: `type: one of ${Object.keys(eventSchemas).join(', ')}`,
      found: shortened(JSON.stringify(type) ?? text),
      remedy: 'If a newer jest-runner-hardware wrote this record, upgrade.',
    });
  }
  const result = v.safeParse(eventSchemas[type] as v.GenericSchema<unknown>, value, {
    message: expectationOf,
  });
  if (result.success) return value as RunEvent;
  const [issue] = result.issues;
  const field = v.getDotPath(issue);
  throw problemAt(path, line, {
    message: `The ${type} event is wrong${field === null ? '' : ` at ${field}`}.`,
    expected: issue.message,
    found: shortened(JSON.stringify(issue.input) ?? 'nothing'),
  });
}

function isEventType(type: unknown): type is RunEvent['type'] {
  return typeof type === 'string' && Object.hasOwn(eventSchemas, type);
}

function parseJson(path: string, line: number, text: string, reader: LineReader): unknown {
  if (scanJson(text).tooDeepAt !== undefined) {
    throw problemAt(path, line, {
      message: 'The line has too many levels.',
      expected: `at most ${limits.jsonDepth} levels of objects and lists`,
      found: shortened(text),
      remedy: whereRecordsAre,
    });
  }
  try {
    return reader.wholeEvent(JSON.parse(text));
  } catch (error) {
    throw problemAt(
      path,
      line,
      {
        message: 'The line is not JSON.',
        expected: 'one JSON object a line',
        found: shortened(text),
        remedy: 'The file was changed or damaged after the run; take an undamaged copy.',
      },
      error,
    );
  }
}

function versionProblem(file: string, line: number, value: unknown): UsageProblem | undefined {
  const version = (value as { version?: unknown }).version;
  if (version === recordVersion) return undefined;
  const newer = typeof version === 'number' && version > recordVersion;
  return {
    file,
    line,
    message: 'The record has a version this package does not read.',
    expected: `version ${recordVersion}`,
    found: version === undefined ? 'no version' : `version ${shortened(JSON.stringify(version))}`,
    remedy: newer
      ? 'Upgrade jest-runner-hardware: a newer one wrote this record.'
      : 'Write the record anew by running the tests.',
  };
}

/** The error for a file that is something else. */
export function notARecord(path: string, found: string): UsageError {
  return problemAt(path, 1, {
    message: 'The file does not begin as a record does.',
    expected: 'run-started as the first line',
    found: shortened(found),
    remedy: whereRecordsAre,
  });
}

function problemAt(file: string, line: number, problem: UsageProblem, cause?: unknown): UsageError {
  return new UsageError({ file, line, ...problem }, { cause });
}

/** The beginning of a text, for a message. */
export function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
