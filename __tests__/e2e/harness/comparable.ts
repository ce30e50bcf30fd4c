import { inProject, type JestRun, type Json, type ProbeEvent } from './jest.js';
import type { Project } from './project.js';

/**
 * Everything about a run that must not depend on who ran the suites: no times, no absolute paths, no process ids,
 * suites in order of their names, events in order within each suite.
 */
export function comparable(run: JestRun): Json {
  const { project } = run;
  const results = run.results ?? null;
  const suites = run.events.flatMap(({ result }) => (result === undefined ? [] : [result]));
  return {
    exitCode: run.exitCode,
    signal: run.signal,
    json: run.json === undefined ? null : aggregated(run.json, project, run.json.testResults.map(jsonSuite)),
    results: results === null ? null : aggregated(results, project, suites.map(probedSuite)),
    events: eventsBySuite(run.events, project),
    leftOver: run.leftOver.map(({ command }) => command),
  };

  function jsonSuite(suite: Json): Json {
    const { startTime: _start, endTime: _end, name, message, assertionResults, coverage, ...rest } = suite;
    return {
      file: inProject(project, name),
      message: withoutPlaces(message, project),
      tests: assertionResults.map((test: Json) => comparableTest(test, project)),
      coverage: comparableCoverage(coverage, project),
      ...rest,
    };
  }

  function probedSuite(suite: Json): Json {
    const { testFilePath, failureMessage, testResults, console, coverage, v8Coverage, perfStats, ...rest } =
      suite;
    const { memoryUsage, testExecError, snapshot, displayName, ...plain } = rest;
    return {
      file: inProject(project, testFilePath),
      // Without the colour: Jest derives it from the runner where the config gives none.
      displayName: displayName?.name,
      failureMessage: withoutPlaces(failureMessage ?? '', project),
      tests: testResults.map((test: Json) => comparableTest(test, project)),
      console: (console ?? []).map((entry: Json) => ({
        type: entry.type,
        message: withoutPlaces(entry.message, project),
        origin: withoutPlaces(entry.origin, project),
      })),
      coverage: comparableCoverage(coverage, project),
      v8Coverage: v8Coverage?.length,
      timed: Object.keys(perfStats).sort(),
      memoryUsage: typeof memoryUsage,
      testExecError: withoutPlaces(testExecError?.message ?? '', project),
      snapshot: relativePaths(snapshot, project),
      ...plain,
    };
  }
}

function aggregated(results: Json, project: Project, suites: readonly Json[]): Json {
  const { startTime: _start, testResults: _suites, coverageMap, openHandles, snapshot, ...rest } = results;
  return {
    ...rest,
    snapshot: relativePaths(snapshot, project),
    openHandles: openHandles?.length ?? 0,
    coverage: comparableCoverage(coverageMap, project),
    suites: suites.toSorted((a, b) => compare(suiteKey(a), suiteKey(b))),
  };
}

/** The same file may run in several projects. */
function suiteKey(suite: Json): string {
  return `${suite.file} ${JSON.stringify(suite.displayName)} ${JSON.stringify(suite.tests)}`;
}

function comparableTest(test: Json, project: Project): Json {
  const { duration, startAt, failureMessages, failureDetails, retryReasons, ...rest } = test;
  return {
    ...rest,
    timed: [typeof duration, typeof startAt],
    failureMessages: (failureMessages ?? []).map((message: string) => withoutPlaces(message, project)),
    failureDetails: (failureDetails ?? []).map((detail: Json) => comparableDetail(detail, project)),
    retryReasons: (retryReasons ?? []).map((message: string) => withoutPlaces(message, project)),
  };
}

/** Stacks in details are those of the failure messages already compared. */
function comparableDetail(detail: Json, project: Project): Json {
  if (typeof detail === 'string') return withoutPlaces(detail, project);
  if (Array.isArray(detail)) return detail.map((item) => comparableDetail(item, project));
  if (detail === null || typeof detail !== 'object') return detail;
  return Object.fromEntries(
    Object.entries(detail)
      .filter(([key]) => key !== 'stack')
      .map(([key, value]) => [key, comparableDetail(value, project)]),
  );
}

/** Counters by file; istanbul's and V8's maps look the same once they are merged. */
function comparableCoverage(coverage: Json, project: Project): Json {
  if (coverage === undefined || coverage === null) return null;
  return Object.fromEntries(
    Object.entries<Json>(coverage)
      .map(([path, file]) => [inProject(project, path), { s: file.s, f: file.f, b: file.b }] as const)
      .sort(([a], [b]) => compare(a, b)),
  );
}

function relativePaths(value: Json, project: Project): Json {
  return value === undefined
    ? null
    : JSON.parse(JSON.stringify(value).replaceAll(project.directory, '<project>'));
}

/**
 * For each suite what reporters were told, and what of it came in an impossible order. Within a suite the result of one
 * test may come after the start of the next, as in stock Jest.
 */
function eventsBySuite(events: readonly ProbeEvent[], project: Project): Json {
  const bySuite: Record<string, { events: string[]; disorder: string[] }> = {};
  for (const { type, file, name, status } of events) {
    const path = file === undefined ? 'run' : inProject(project, file);
    bySuite[path] ??= { events: [], disorder: [] };
    const suite = bySuite[path];
    const event = [type, name, status].filter((part) => part !== undefined).join(' ');
    const opened = suite.events.filter((earlier) => earlier === 'file-start').length;
    const closed = suite.events.filter((earlier) => earlier === 'file-result').length;
    const started =
      type !== 'case-result' || status === 'pending' || suite.events.includes(`case-start ${name}`);
    const inside = file === undefined || type === 'file-start' || opened > closed;
    if (!started || !inside) suite.disorder.push(event);
    suite.events.push(event);
  }
  for (const suite of Object.values(bySuite)) suite.events.sort();
  return bySuite;
}

/** Drops stack lines outside the project's own files, absolute paths and durations. */
export function withoutPlaces(text: string, project: Project): string {
  return withoutTimes(text)
    .split('\n')
    .filter(
      (line) => !stackLine.test(line) || (line.includes(project.directory) && !line.includes('node_modules')),
    )
    .join('\n')
    .replaceAll(project.directory, '<project>');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: stacks may be dimmed
const stackLine = /^(\s|\u001b\[\d+m)*at /;

/** `Time: 1.234 s`, `(12 ms)`, `(35 MB heap size)`, pids. */
export function withoutTimes(text: string): string {
  return text
    .replace(/\d+(\.\d+)? ?m?s\b/g, '<time>')
    .replace(/\d+ MB heap size/g, '<heap>')
    .replace(/\(pid=\d+\)/g, '(pid)');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
