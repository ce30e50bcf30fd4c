import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { RunEvent } from '../core/events.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { codeOf, messageOf } from '../host/system-error.js';
import { scanJson } from '../json/scan.js';
import {
  type DeviceHistory,
  emptyHistory,
  type History,
  plannedFields,
  type RepeatableRun,
  type SuiteHistory,
  type SuiteNeeds,
} from './history.js';
import { learn } from './learn.js';
import { makeFolderOf } from './output-directory.js';

/**
 * Version of the history's format, JSON lines: first
 * `{"version":2,"project":"<name>","runs":[…],"reversion":[<towardsMean>,<ofMean>],"watts":{"<kind of device>":<measured>},
 * "kinds":["<kind of device>",…],"needs":[{<field of a profile>}…]}` (`watts` where any were), then one line per suite, sorted by id: `["<suite id>",
 * [[<index of kind>,<lastMs>,<meanMs>,<samples>,<peakMemoryBytes>],…],<failed last: 1>,<missed runs>,<number in needs>,<number of its shard>]`,
 * the last where the header has a `repeatable` run of shards.
 * A kind `… under coverage` holds what was measured while coverage was
 * collected. Zeros at the end of an array are left out; what a suite needs is numbered from 1, 0: nothing.
 */
const historyVersion = 2;

export interface ReadHistory {
  /** Empty unless `state` is `read`. */
  readonly history: History;
  /** `newer`, `foreign`: written by a later version of this package, or for another project; do not write over it. */
  readonly state: 'read' | 'missing' | 'damaged' | 'newer' | 'foreign';
  /** One line for a person, with the file and its line; left out when the history was read, or is yet to come. */
  readonly problem?: string;
}

/**
 * Reads a history. Never throws: without one a run only orders its suites less well.
 * @param project Whose history it must be, if it says so; left out: anybody's.
 */
export function readHistory(path: string, project?: string): ReadHistory {
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
  if (header.version < historyVersion) {
    return unread('damaged', `${path}:1: the history is of an older version; it starts anew.`);
  }
  const { runs, kinds, reversion, needs, watts = {}, repeatable } = header;
  if (!isTexts(runs)) return unread('damaged', `${path}:1: no list of runs in the history; it starts anew.`);
  if (!isTexts(kinds)) return unread('damaged', `${path}:1: no list of kinds of devices; it starts anew.`);
  if (!isReversion(reversion))
    return unread('damaged', `${path}:1: \`reversion\` is not two integers; it starts anew.`);
  if (!isNeeds(needs))
    return unread('damaged', `${path}:1: \`needs\` is not a list of profiles; it starts anew.`);
  if (!isWatts(watts))
    return unread(
      'damaged',
      `${path}:1: \`watts\` is not an object of watts by kind of device; it starts anew.`,
    );
  if (repeatable !== undefined && !isRepeatable(repeatable))
    return unread('damaged', `${path}:1: \`repeatable\` is not a run of shards; it starts anew.`);
  const owner = typeof header.project === 'string' ? header.project : undefined;
  if (project !== undefined && owner !== undefined && owner !== project) {
    return unread(
      'foreign',
      `${path}:1: the history is that of another project (${owner}, not ${project}) and is left alone; set the option \`history\` to a file of its own.`,
    );
  }

  const suites = new Map<string, SuiteHistory>();
  for (const [index, line] of lines.entries()) {
    if (index === 0) continue;
    const suite = parseSuite(parsed(line), kinds, needs);
    if (suite === undefined || suites.has(suite.id)) {
      const what =
        suite === undefined ? 'not a suite of a history' : `${suite.id} stands twice in the history`;
      return unread('damaged', `${path}:${index + 1}: ${what}; it starts anew.`);
    }
    suites.set(suite.id, suite.history);
  }
  const [towardsMean, ofMean] = reversion;
  const named = owner === undefined ? {} : { project: owner };
  return {
    state: 'read',
    history: {
      ...named,
      learnedRuns: runs,
      suites,
      reversion: { towardsMean, ofMean },
      watts: new Map(Object.entries(watts)),
      ...(repeatable !== undefined && { repeatable }),
    },
  };
}

/**
 * Writes a history, the same bytes for the same content, at once: a reader sees the old file or the new one, and of two
 * runs that write together the last one wins. Parent directories are created.
 * @throws UsageError when it cannot be written.
 */
export function writeHistory(path: string, history: History): void {
  const { project, learnedRuns: runs, reversion } = history;
  const suites = [...history.suites.values()];
  const kinds = [...new Set(suites.flatMap(({ devices }) => [...devices.keys()]))].sort();
  const needs = [...new Set(suites.flatMap((suite) => suite.needs ?? []).map(needsText))].sort();
  const header = JSON.stringify({
    version: historyVersion,
    project,
    runs,
    reversion: [reversion.towardsMean, reversion.ofMean],
    ...(history.watts.size > 0 && { watts: Object.fromEntries(sorted(history.watts)) }),
    ...(history.repeatable && { repeatable: history.repeatable }),
    kinds,
    needs: needs.map((text) => JSON.parse(text) as SuiteNeeds),
  });
  const lines = sorted(history.suites).map(([id, suite]) =>
    suiteLine(id, suite, kinds, needs, history.repeatable !== undefined),
  );
  // Not the process id: runs in two containers may share a directory and have the same.
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    makeFolderOf(path);
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
 * A damaged history is replaced, one that is newer or another project's is left alone.
 * @returns Why nothing was learned; undefined when all is well.
 */
export function updateHistory(
  path: string,
  events: readonly RunEvent[],
  project?: string,
): string | undefined {
  const { history, state, problem } = readHistory(path, project);
  if (state === 'newer' || state === 'foreign') return problem;
  const learned = learn(history, events);
  if (learned === history) return undefined;
  try {
    writeHistory(path, { ...learned, ...(project !== undefined && { project }) });
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

function unread(state: 'damaged' | 'newer' | 'foreign', problem: string): ReadHistory {
  return { history: emptyHistory, state, problem };
}

function parsed(line: string): unknown {
  if (scanJson(line).tooDeepAt !== undefined) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isHeader(
  value: unknown,
): value is { version: number } & Partial<
  Record<'project' | 'runs' | 'kinds' | 'reversion' | 'needs' | 'watts' | 'repeatable', unknown>
> {
  return typeof value === 'object' && value !== null && 'version' in value && isCount(value.version);
}

function parseSuite(
  value: unknown,
  kinds: readonly string[],
  allNeeds: readonly SuiteNeeds[],
): { id: string; history: SuiteHistory } | undefined {
  if (!Array.isArray(value)) return undefined;
  const [id, devices = [], failed = 0, missedRuns = 0, number = 0, shard = 0] = value as unknown[];
  if (typeof id !== 'string' || !Array.isArray(devices)) return undefined;
  if (![failed, missedRuns, number, shard].every(isCount)) return undefined;
  const needs = allNeeds[(number as number) - 1];
  if ((number as number) > 0 && needs === undefined) return undefined;
  const byKind = new Map<string, DeviceHistory>();
  for (const numbers of devices as unknown[]) {
    const parsedDevice = parseDevice(numbers, kinds);
    if (parsedDevice === undefined || byKind.has(parsedDevice.kind)) return undefined;
    byKind.set(parsedDevice.kind, parsedDevice.device);
  }
  const history = {
    devices: byKind,
    failedLast: (failed as number) > 0,
    missedRuns: missedRuns as number,
    ...((shard as number) > 0 && { shard: (shard as number) - 1 }),
  };
  return { id, history: needs === undefined ? history : { ...history, needs } };
}

function parseDevice(
  value: unknown,
  kinds: readonly string[],
): { kind: string; device: DeviceHistory } | undefined {
  if (!Array.isArray(value)) return undefined;
  const [index, lastMs, meanMs, samples, peakMemoryBytes = 0] = value as unknown[];
  if (!isCount(index) || !isCount(lastMs) || !isCount(samples) || !isCount(peakMemoryBytes)) return undefined;
  const kind = kinds[index];
  if (kind === undefined || lastMs < 1 || samples < 1) return undefined;
  if (typeof meanMs !== 'number' || meanMs < 1 || meanMs > Number.MAX_SAFE_INTEGER) return undefined;
  const peak = peakMemoryBytes === 0 ? {} : { peakMemoryBytes };
  return { kind, device: { lastMs, meanMs, samples, ...peak } };
}

function suiteLine(
  id: string,
  { devices, failedLast, missedRuns, needs, shard = -1 }: SuiteHistory,
  kinds: readonly string[],
  allNeeds: readonly string[],
  withShard: boolean,
): string {
  const numbers = sorted(devices).map(([kind, { lastMs, meanMs, samples, peakMemoryBytes = 0 }]) =>
    withoutZerosAtEnd([kinds.indexOf(kind), lastMs, meanMs, samples, peakMemoryBytes]),
  );
  const number = needs === undefined ? 0 : allNeeds.indexOf(needsText(needs)) + 1;
  const rest = [failedLast ? 1 : 0, missedRuns, number, withShard ? shard + 1 : 0];
  return JSON.stringify([id, numbers, ...withoutZerosAtEnd(rest)]);
}

/** The same text whatever order the fields came in. */
function needsText(needs: SuiteNeeds): string {
  return JSON.stringify(Object.fromEntries(plannedFields.map((field) => [field, needs[field]])));
}

function withoutZerosAtEnd(numbers: readonly number[]): readonly number[] {
  return numbers.slice(0, numbers.findLastIndex((number) => number !== 0) + 1);
}

/** By code unit: the order must not depend on anybody's locale. */
function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function isReversion(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger);
}

function isRepeatable(value: unknown): value is RepeatableRun {
  if (typeof value !== 'object' || value === null) return false;
  const {
    planId,
    inputs,
    total,
    commit = '',
    ciRun = '',
  } = value as Partial<Record<keyof RepeatableRun, unknown>>;
  if (typeof inputs !== 'object' || inputs === null) return false;
  return isTexts([planId, commit, ciRun, ...Object.values(inputs)]) && isCount(total) && total > 0;
}

function isWatts(value: unknown): value is Readonly<Record<string, number>> {
  const isAmount = (watts: unknown) => typeof watts === 'number' && watts > 0 && Number.isFinite(watts);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(isAmount);
}

/** As far as planning must be able to rely on. */
function isNeeds(value: unknown): value is SuiteNeeds[] {
  const isList = (list: unknown) => list === undefined || isTexts(list);
  const isAmount = (amount: unknown) => amount === undefined || isCount(amount);
  return (
    Array.isArray(value) &&
    value.every((needs: Partial<Record<keyof SuiteNeeds, unknown>> | null) => {
      if (typeof needs !== 'object' || needs === null) return false;
      const { hardware } = needs;
      return (
        (hardware === undefined ||
          (Array.isArray(hardware) && hardware.length > 0 && hardware.every(isNeed))) &&
        isList(needs.backends) &&
        isList(needs.features) &&
        isList(needs.precisions) &&
        [needs.minMemoryBytes, needs.hostMemoryBytes, needs.cpuThreads, needs.priority].every(isAmount)
      );
    })
  );
}

function isNeed(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'class' in value &&
    typeof value.class === 'string' &&
    'count' in value &&
    isCount(value.count)
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
