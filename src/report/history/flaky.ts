import type { SuiteOutcome } from '../summary/suites.js';
import type { PastRun } from './past-run.js';

/** A suite that failed although nothing was changed: the same sources passed on the same kind of device. */
export interface FlakySuite {
  readonly suiteId: string;
  /** By device kind, the least reliable first. */
  readonly devices: readonly FlakyDevice[];
  /** When it did so last, ISO 8601, UTC. */
  readonly lastAt: string;
}

interface FlakyDevice {
  /** Class and model: `gpu NVIDIA A10`. */
  readonly deviceKind: string;
  /** Runs in which it failed or was lost here although it also passed. What passed is not counted: only failures are flaky. */
  readonly failures: number;
  /** Of these, how many passed in the same run: when tried again, or in a second attempt. */
  readonly passedInSameRun: number;
  /** Runs with a result of it here, 1 or more. */
  readonly runs: number;
}

/** A suite that always fails on one kind of device and always passes on another: no luck, but a difference of hardware. */
export interface DeviceDependentSuite {
  readonly suiteId: string;
  readonly failsOn: readonly string[];
  readonly passesOn: readonly string[];
}

export interface Reliability {
  /** Those with most failures first. */
  readonly flaky: readonly FlakySuite[];
  readonly deviceDependent: readonly DeviceDependentSuite[];
}

/** Runs of equal sources are compared, however much of the project they ran. Those with `-t` say nothing of a whole suite. */
export function reliabilityOf(runs: readonly PastRun[]): Reliability {
  const flaky: FlakySuite[] = [];
  const deviceDependent: DeviceDependentSuite[] = [];
  for (const [suiteId, results] of resultsBySuite(runs)) {
    const devices = [...grouped(results, ({ deviceKind }) => deviceKind)].map(([deviceKind, own]) =>
      flakyDevice(deviceKind, own),
    );
    const failures = devices.flatMap((device) => device.flakyResults);
    if (failures.length > 0) {
      flaky.push({
        suiteId,
        devices: devices
          .filter((device) => device.failures > 0)
          .sort((a, b) => b.failures / b.runs - a.failures / a.runs)
          .map(({ flakyResults: _results, ...device }) => device),
        lastAt:
          failures
            .map(({ startedAt }) => startedAt)
            .sort()
            .at(-1) ?? '',
      });
    }
    const differs = deviceDependence(suiteId, results);
    if (differs !== undefined) deviceDependent.push(differs);
  }
  const failuresOf = ({ devices }: FlakySuite) => devices.reduce((sum, { failures }) => sum + failures, 0);
  return { flaky: flaky.sort((a, b) => failuresOf(b) - failuresOf(a)), deviceDependent };
}

interface Result {
  readonly startedAt: string;
  /** Undefined where the sources are not known: then other runs prove nothing. */
  readonly sources: string | undefined;
  readonly deviceKind: string;
  readonly isPassed: boolean;
  readonly passedAfter: number;
}

/** Outcomes of suites that ran. */
const isPassed: Readonly<Partial<Record<SuiteOutcome, boolean>>> = {
  passed: true,
  flaky: true,
  failed: false,
  'timed-out': false,
  lost: false,
};

function resultsBySuite(runs: readonly PastRun[]): ReadonlyMap<string, readonly Result[]> {
  const results = runs
    .filter(({ hasWholeSuites }) => hasWholeSuites)
    .flatMap(({ startedAt, sources, coverage, suites }) =>
      suites.flatMap(({ id, outcome, deviceKind, passedAfter }) => {
        const passed = isPassed[outcome];
        if (passed === undefined || deviceKind === undefined) return [];
        const key = sources && `${sources}${coverage ? ' under coverage' : ''}`;
        const result = { startedAt, sources: key, isPassed: passed };
        const others = [...new Set(passedAfter)].filter((kind) => kind !== deviceKind);
        return [
          { id, ...result, deviceKind, passedAfter: passedAfter.includes(deviceKind) ? 1 : 0 },
          ...others.map((kind) => ({ id, ...result, sources: undefined, deviceKind: kind, passedAfter: 1 })),
        ];
      }),
    );
  return grouped(results, ({ id }) => id);
}

function flakyDevice(deviceKind: string, results: readonly Result[]) {
  const contradicted = [...grouped(results, ({ sources = '' }) => sources)].flatMap(([sources, own]) =>
    sources !== '' && own.some((result) => result.isPassed) ? own.filter((result) => !result.isPassed) : [],
  );
  const inSameRun = results.filter(({ passedAfter }) => passedAfter > 0);
  const flakyResults = [...contradicted, ...inSameRun];
  return {
    deviceKind,
    failures: flakyResults.length,
    passedInSameRun: inSameRun.length,
    runs: results.length,
    flakyResults,
  };
}

function deviceDependence(suiteId: string, results: readonly Result[]): DeviceDependentSuite | undefined {
  for (const [sources, own] of grouped(results, (result) => result.sources ?? '')) {
    if (sources === '') continue;
    const byKind = [...grouped(own, ({ deviceKind }) => deviceKind)];
    const kindsWhere = (holds: (result: Result) => boolean) =>
      byKind.filter(([, each]) => each.every(holds)).map(([kind]) => kind);
    const failsOn = kindsWhere((result) => !result.isPassed);
    const passesOn = kindsWhere((result) => result.isPassed);
    if (failsOn.length > 0 && passesOn.length > 0) return { suiteId, failsOn, passesOn };
  }
  return undefined;
}

function grouped<Value>(values: readonly Value[], keyOf: (value: Value) => string): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}
