import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RunEvent } from '../core/events.js';
import { UsageError } from '../core/usage-error.js';
import { type DeviceHistory, emptyHistory, type History, type SuiteHistory } from './history.js';
import { learn } from './learn.js';
import { codeOf, messageOf } from './system-error.js';

/**
 * Version of the history's format, JSON lines: first `{"version":1,"runs":[…]}`, then one line per suite, sorted by
 * id: `["<suite id>",{"<kind of device>":[<durationMs>,<samples>,<peakMemoryBytes>]},<failed last: 1>,<missed runs>]`.
 * Zeros at the end of an array are left out.
 */
const historyVersion = 1;

export interface ReadHistory {
  /** Empty unless `state` is `read`. */
  readonly history: History;
  /** `newer`: written by a later version of this package; do not write over it. */
  readonly state: 'read' | 'missing' | 'damaged' | 'newer';
  /** One line for a person, with the file and its line; left out when the history was read, or is yet to come. */
  readonly problem?: string;
}

/** Reads a history. Never throws: without one a run only orders its suites less well. */
export function readHistory(path: string): ReadHistory {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? { history: emptyHistory, state: 'missing' }
      : unread('damaged', `${path}: the history cannot be read: ${messageOf(error)}.`);
  }
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const header = parsed(lines[0] ?? '');
  if (!isHeader(header))
    return unread('damaged', `${path}:1: not the first line of a history; it starts anew.`);
  if (header.version > historyVersion) {
    return unread(
      'newer',
      `${path}:1: the history has version ${header.version}, this package reads ${historyVersion}; upgrade jest-runner-hardware.`,
    );
  }
  if (!isTexts(header.runs))
    return unread('damaged', `${path}:1: no list of runs in the history; it starts anew.`);

  const suites = new Map<string, SuiteHistory>();
  for (const [index, line] of lines.entries()) {
    if (index === 0) continue;
    const suite = parseSuite(parsed(line));
    if (suite === undefined || suites.has(suite.id)) {
      const what =
        suite === undefined ? 'not a suite of a history' : `${suite.id} stands twice in the history`;
      return unread('damaged', `${path}:${index + 1}: ${what}; it starts anew.`);
    }
    suites.set(suite.id, suite.history);
  }
  return { state: 'read', history: { learnedRuns: header.runs, suites } };
}

/**
 * Writes a history, the same bytes for the same content, at once: a reader sees the old file or the new one, and of two
 * runs that write together the last one wins. Parent directories are created.
 * @throws UsageError when it cannot be written.
 */
export function writeHistory(path: string, history: History): void {
  const header = JSON.stringify({ version: historyVersion, runs: history.learnedRuns });
  const lines = sorted(history.suites).map(([id, suite]) => suiteLine(id, suite));
  // Not the process id: runs in two containers may share a directory and have the same.
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, `${[header, ...lines].join('\n')}\n`);
    renameSync(temporary, path);
  } catch (error) {
    removeIfThere(temporary);
    throw new UsageError(
      {
        file: path,
        message: 'The history cannot be written.',
        found: messageOf(error),
        remedy: 'Make the file and its directory writable, or set the option `history` to another file.',
      },
      { cause: error },
    );
  }
}

/**
 * Adds one run to the history file: reads it again, as another run may have written it meanwhile, learns and writes.
 * A damaged history is replaced, a newer one left alone.
 * @returns Why nothing was learned; undefined when all is well.
 */
export function updateHistory(path: string, events: readonly RunEvent[]): string | undefined {
  const { history, state, problem } = readHistory(path);
  if (state === 'newer') return problem;
  const learned = learn(history, events);
  if (learned === history) return undefined;
  try {
    writeHistory(path, learned);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** `force` forgives a file that is not there, not a parent that is no directory. */
function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The error that led here is the one to report.
  }
}

function unread(state: 'damaged' | 'newer', problem: string): ReadHistory {
  return { history: emptyHistory, state, problem };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isHeader(value: unknown): value is { version: number; runs?: unknown } {
  return typeof value === 'object' && value !== null && 'version' in value && isCount(value.version);
}

function parseSuite(value: unknown): { id: string; history: SuiteHistory } | undefined {
  if (!Array.isArray(value)) return undefined;
  const [id, devices, failed = 0, missedRuns = 0] = value as unknown[];
  if (typeof id !== 'string' || !isPlainObject(devices)) return undefined;
  if (!isCount(failed) || !isCount(missedRuns)) return undefined;
  const byKind = new Map<string, DeviceHistory>();
  for (const [type, numbers] of Object.entries(devices)) {
    const device = parseDevice(numbers);
    if (device === undefined) return undefined;
    byKind.set(type, device);
  }
  return { id, history: { devices: byKind, failedLast: failed > 0, missedRuns } };
}

function parseDevice(value: unknown): DeviceHistory | undefined {
  if (!Array.isArray(value)) return undefined;
  const [durationMs, samples, peakMemoryBytes = 0] = value as unknown[];
  if (!isCount(durationMs) || !isCount(samples) || !isCount(peakMemoryBytes)) return undefined;
  if (durationMs < 1 || samples < 1) return undefined;
  return peakMemoryBytes === 0 ? { durationMs, samples } : { durationMs, samples, peakMemoryBytes };
}

function suiteLine(id: string, { devices, failedLast, missedRuns }: SuiteHistory): string {
  const byKind = Object.fromEntries(
    sorted(devices).map(([type, { durationMs, samples, peakMemoryBytes = 0 }]) => [
      type,
      withoutZerosAtEnd([durationMs, samples, peakMemoryBytes]),
    ]),
  );
  return JSON.stringify([id, byKind, ...withoutZerosAtEnd([failedLast ? 1 : 0, missedRuns])]);
}

function withoutZerosAtEnd(numbers: readonly number[]): readonly number[] {
  return numbers.slice(0, numbers.findLastIndex((number) => number !== 0) + 1);
}

/** By code unit: the order must not depend on anybody's locale. */
function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
