import { relative, sep } from 'node:path';
import type { TestContext } from '@jest/test-result';
import type { RunEvent } from '../../core/events.js';
import { suiteIdOf } from '../../core/vocabulary/suite-id.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import type { JestSuite } from './jest-results.js';
import type { ProjectJest } from './project-jest.js';

/** A result and the project that it belongs to. */
export interface OwnedResult {
  readonly suite: JestSuite;
  readonly context: TestContext;
  /** When the suite ran by the record; undefined: it was not started, or the record does not know it. */
  readonly time: Interval | undefined;
}

/** Ms since 1970. */
export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Finds the project of each result, which Jest's results do not name, in the records; for suites of other runners, which are
 * not in them, by what Jest takes for tests.
 * @param records The events of each shard, by the clock of its machine, as the results are.
 * @throws {UsageError} when a suite that ran has no result, or one too many.
 */
export function assignProjects(
  suites: readonly JestSuite[],
  records: readonly (readonly RunEvent[])[],
  jest: ProjectJest,
): readonly OwnedResult[] {
  const times = new Map(records.flatMap(timesOf));
  const expected = expectedSuites(records.flat());
  const found = new Set<string>();
  const owned = [...grouped(suites)].flatMap(([path, ofPath]) => {
    const places = placesOf(path, expected, jest);
    if (ofPath.length > places.length) throw tooMany(path, ofPath.length);
    return paired(ofPath, places, times).map(({ suite, place: { context, id } }): OwnedResult => {
      found.add(id);
      return { suite, context, time: times.get(id) };
    });
  });
  const missing = [...expected].filter((id) => !found.has(id));
  if (missing.length > 0) throw withoutResults(missing);
  return owned.sort((a, b) => endOfResult(a) - endOfResult(b));
}

interface Pair {
  readonly suite: JestSuite;
  readonly place: Place;
}

/** A file of two projects has two results. Those belong together that ended at nearly the same time, the nearest first. */
function paired(
  suites: readonly JestSuite[],
  places: readonly Place[],
  times: ReadonlyMap<string, Interval>,
): readonly Pair[] {
  const apartMs = ({ suite, place }: Pair) => Math.abs(suite.endTime - (times.get(place.id)?.endMs ?? 0));
  const pairs = suites.flatMap((suite) => places.map((place): Pair => ({ suite, place })));
  const taken = new Set<JestSuite | Place>();
  return pairs
    .sort((a, b) => apartMs(a) - apartMs(b))
    .filter(({ suite, place }) => {
      if (taken.has(suite) || taken.has(place)) return false;
      taken.add(suite).add(place);
      return true;
    });
}

function endOfResult({ suite, time }: OwnedResult): number {
  return time?.endMs ?? suite.endTime;
}

interface Place {
  readonly context: TestContext;
  readonly id: string;
}

function placesOf(path: string, expected: ReadonlySet<string>, jest: ProjectJest): readonly Place[] {
  const { contexts, globalConfig, packages } = jest;
  const within = relative(globalConfig.rootDir, path).split(sep).join('/');
  const places = contexts.map((context, index): Place => {
    const name = context.config.displayName?.name;
    const hasNamesake = contexts.filter(({ config }) => config.displayName?.name === name).length > 1;
    const project = globalConfig.projects.length < 2 ? undefined : { name, number: index + 1, hasNamesake };
    return { context, id: suiteIdOf(within, project) };
  });
  const recorded = places.filter(({ id }) => expected.has(id));
  if (recorded.length > 0) return recorded;
  const matching = places.filter(({ context }) => packages.isTestFile(context, path));
  return matching.length > 0 ? matching : places.slice(0, 1);
}

function grouped(suites: readonly JestSuite[]): ReadonlyMap<string, readonly JestSuite[]> {
  const groups = new Map<string, JestSuite[]>();
  for (const suite of suites) {
    const group = groups.get(suite.name);
    if (group === undefined) groups.set(suite.name, [suite]);
    else group.push(suite);
  }
  return groups;
}

/** Ids of the suites of which Jest was told a result. */
function expectedSuites(events: readonly RunEvent[]): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const event of events) {
    if (event.type === 'suite-ended' && event.status !== 'cancelled') ids.add(event.suiteId);
    else if (
      event.type === 'suite-invalid' ||
      event.type === 'suite-unplaceable' ||
      event.type === 'suite-not-selected'
    )
      ids.add(event.suiteId);
  }
  return ids;
}

/** When the last attempt of each suite ran. */
function timesOf(events: readonly RunEvent[]): readonly (readonly [string, Interval])[] {
  const startedAt = events.find((event) => event.type === 'run-started')?.startedAt;
  const runMs = startedAt === undefined ? 0 : Date.parse(startedAt);
  const started = new Map<string, number>();
  const times = new Map<string, Interval>();
  for (const event of events) {
    if (event.type === 'suite-started') {
      started.set(`${event.placement.slotId} ${event.placement.suiteId}`, event.atMs);
    } else if (event.type === 'suite-ended') {
      const startMs = started.get(`${event.slotId} ${event.suiteId}`) ?? event.atMs;
      times.set(event.suiteId, { startMs: runMs + startMs, endMs: runMs + event.atMs });
    }
  }
  return [...times];
}

function tooMany(path: string, count: number): UsageError {
  return new UsageError({
    file: path,
    message: `there are ${count} results of one suite`,
    expected: 'one result for each suite and project',
    remedy: 'name the files to merge one by one, so that no results of Jest are there twice',
  });
}

function withoutResults(ids: readonly string[]): UsageError {
  const named = `${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ' …' : ''}`;
  return new UsageError({
    message: `reporters need Jest's results, and ${ids.length === 1 ? 'one suite has' : `${ids.length} suites have`} none: ${named}`,
    expected:
      "beside each shard's record, the file that `jest --shard=… --json --outputFile=results.json` writes",
    remedy: 'run the shards with `--json --outputFile=results.json`, and upload that file too',
  });
}
