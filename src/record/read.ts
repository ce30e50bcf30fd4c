import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as v from 'valibot';
import { type RunEvent, recordVersion } from '../core/events.js';
import { expectationOf } from '../core/vocabulary/expectation.js';
import { limits } from '../core/vocabulary/limits.js';
import { UsageError, type UsageProblem } from '../core/vocabulary/usage-error.js';
import { messageOf } from '../host/system-error.js';
import { scanJson } from '../json/scan.js';
import { eventSchemas } from './schema.js';

export interface ReadRecord {
  readonly events: readonly RunEvent[];
  /** True when the last line breaks off (the run was killed while writing it); that line is left out. */
  readonly truncated: boolean;
}

/**
 * Reads and checks a record. Its first event is `run-started`, and there is no second one.
 * @param path As the user knows it; stands in error messages. The file may be packed by gzip.
 * @throws UsageError with file and line for whatever is not a record of this version.
 */
export function readRecord(path: string): ReadRecord {
  const lines = readRecordText(path).split('\n');
  // A whole line ends with a newline, so what follows the last one is empty or the start of a line.
  const rest = lines.pop() ?? '';
  const restIsWhole = isJson(rest);
  if (restIsWhole) lines.push(rest);

  const events = lines.map((line, index) => parseEvent(path, index + 1, line));
  if (events.length === 0) throw notARecord(path, 'nothing');
  return { events, truncated: rest !== '' && !restIsWhole };
}

/** The text of a record, unpacked. @throws UsageError when it cannot be read. */
export function readRecordText(path: string): string {
  try {
    const bytes = readFileSync(path);
    return (isGzip(bytes) ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (error) {
    throw new UsageError(
      {
        file: path,
        message: 'The record cannot be read.',
        found: messageOf(error),
        remedy: 'Name a run-….jsonl file; runs write them to their output directory (.jest-hardware).',
      },
      { cause: error },
    );
  }
}

/** By content: browsers and services that unpack a download leave `.gz` in its name. */
function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function parseEvent(path: string, line: number, text: string): RunEvent {
  const value = parseJson(path, line, text);
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
  if (line === 1) {
    if (type !== 'run-started') throw notARecord(path, text);
    checkVersion(path, value);
  } else if (type === 'run-started') {
    throw problemAt(path, line, { message: 'A second run begins here; a record holds one run.' });
  }
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

function parseJson(path: string, line: number, text: string): unknown {
  if (scanJson(text).tooDeepAt !== undefined) {
    throw problemAt(path, line, {
      message: 'The line has too many levels.',
      expected: `at most ${limits.jsonDepth} levels of objects and lists`,
      found: shortened(text),
      remedy: 'Name a run-….jsonl file; runs write them to their output directory (.jest-hardware).',
    });
  }
  try {
    return JSON.parse(text);
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

function checkVersion(path: string, value: unknown): void {
  const version = (value as { version?: unknown }).version;
  if (version === recordVersion) return;
  const newer = typeof version === 'number' && version > recordVersion;
  throw problemAt(path, 1, {
    message: 'The record has a version this package does not read.',
    expected: `version ${recordVersion}`,
    found: version === undefined ? 'no version' : `version ${shortened(JSON.stringify(version))}`,
    remedy: newer
      ? 'Upgrade jest-runner-hardware: a newer one wrote this record.'
      : 'Write the record anew by running the tests.',
  });
}

function notARecord(path: string, found: string): UsageError {
  return problemAt(path, 1, {
    message: 'The file does not begin as a record does.',
    expected: 'run-started as the first line',
    found: shortened(found),
    remedy: 'Name a run-….jsonl file; runs write them to their output directory (.jest-hardware).',
  });
}

function problemAt(file: string, line: number, problem: UsageProblem, cause?: unknown): UsageError {
  return new UsageError({ file, line, ...problem }, { cause });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
