import * as v from 'valibot';
import { scanJson } from '../json/scan.js';
import {
  type DeviceHistory,
  type History,
  plannedFields,
  type RepeatableRun,
  type SuiteHistory,
  type SuiteNeeds,
} from './history.js';
import { header, headerProblems, suiteLine, versioned } from './history-schema.js';

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

/** What a text says; of one that is no history of this version, the 1-based line that shows it, and why. */
export type DecodedHistory =
  | { readonly state: 'read'; readonly history: History }
  | { readonly state: 'damaged' | 'newer' | 'foreign'; readonly line: number; readonly reason: string };

/**
 * Reads the text of a history. Never throws.
 * @param project Whose history it must be, if it says so; left out: anybody's.
 */
export function decodeHistory(text: string, project?: string): DecodedHistory {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const [first = '', ...rest] = lines;
  const given = parsed(first);
  if (!v.is(versioned, given)) return damaged(1, 'not the first line of a history');
  if (given.version > historyVersion) {
    const reason = `the history has version ${given.version}, this package reads ${historyVersion}; upgrade jest-runner-hardware.`;
    return { state: 'newer', line: 1, reason };
  }
  if (given.version < historyVersion) return damaged(1, 'the history is of an older version');
  const checked = v.safeParse(header, given, { abortEarly: true });
  if (!checked.success) {
    const field = String(checked.issues[0].path?.[0].key);
    return damaged(1, headerProblems[field] ?? 'not the first line of a history');
  }
  // Not the output: a schema leaves out keys that a project may well have.
  const { runs, kinds, reversion, needs, watts = {}, repeatable } = given as unknown as Header;
  const owner = typeof given.project === 'string' ? given.project : undefined;
  // Before its suites are looked at: another project's history is left alone even where it is damaged.
  if (project !== undefined && owner !== undefined && owner !== project) {
    const reason = `the history is that of another project (${owner}, not ${project}) and is left alone; set the option \`history\` to a file of its own.`;
    return { state: 'foreign', line: 1, reason };
  }

  const suites = new Map<string, SuiteHistory>();
  for (const [index, line] of rest.entries()) {
    const suite = decodeSuite(parsed(line), kinds, needs);
    if (suite === undefined) return damaged(index + 2, 'not a suite of a history');
    if (suites.has(suite.id)) return damaged(index + 2, `${suite.id} stands twice in the history`);
    suites.set(suite.id, suite.history);
  }
  const [towardsMean, ofMean] = reversion;
  const history: History = {
    ...(owner !== undefined && { project: owner }),
    learnedRuns: runs,
    suites,
    reversion: { towardsMean, ofMean },
    watts: new Map(Object.entries(watts)),
    ...(repeatable !== undefined && { repeatable }),
  };
  return { state: 'read', history };
}

/** The text of a history: the same for the same content, whatever order its maps are in. */
export function encodeHistory(history: History): string {
  const { project, learnedRuns: runs, reversion } = history;
  const suites = [...history.suites.values()];
  const kinds = [...new Set(suites.flatMap(({ devices }) => [...devices.keys()]))].sort();
  const needs = [...new Set(suites.flatMap((suite) => suite.needs ?? []).map(needsText))].sort();
  const first = JSON.stringify({
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
    encodeSuite(id, suite, kinds, needs, history.repeatable !== undefined),
  );
  return `${[first, ...lines].join('\n')}\n`;
}

/** What the schema of the first line vouches for. */
interface Header {
  readonly runs: readonly string[];
  readonly kinds: readonly string[];
  readonly reversion: readonly [towardsMean: number, ofMean: number];
  readonly needs: readonly SuiteNeeds[];
  readonly watts?: Readonly<Record<string, number>>;
  readonly repeatable?: RepeatableRun;
}

function damaged(line: number, what: string): DecodedHistory {
  return { state: 'damaged', line, reason: `${what}; it starts anew.` };
}

function parsed(line: string): unknown {
  if (scanJson(line).tooDeepAt !== undefined) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function decodeSuite(
  value: unknown,
  kinds: readonly string[],
  allNeeds: readonly SuiteNeeds[],
): { readonly id: string; readonly history: SuiteHistory } | undefined {
  if (!v.is(suiteLine, value)) return undefined;
  const [id, devices = [], failed = 0, missedRuns = 0, number = 0, shard = 0] = value;
  const needs = allNeeds[number - 1];
  if (number > 0 && needs === undefined) return undefined;
  const byKind = new Map<string, DeviceHistory>();
  for (const [index, lastMs, meanMs, samples, peakMemoryBytes = 0] of devices) {
    const kind = kinds[index];
    if (kind === undefined || byKind.has(kind)) return undefined;
    byKind.set(kind, { lastMs, meanMs, samples, ...(peakMemoryBytes > 0 && { peakMemoryBytes }) });
  }
  const history = {
    devices: byKind,
    failedLast: failed > 0,
    missedRuns,
    ...(shard > 0 && { shard: shard - 1 }),
    ...(needs !== undefined && { needs }),
  };
  return { id, history };
}

function encodeSuite(
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
