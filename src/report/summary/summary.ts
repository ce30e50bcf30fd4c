import type { CancelCause, FailOn, RunEvent } from '../../core/events.js';
import { unusableText } from '../../core/scheduler/unusable.js';
import type { DeviceClass } from '../../core/vocabulary/taxonomy.js';
import { type BoundSummary, summariseBound } from './bound.js';
import { type ChaosSummary, summariseChaos } from './chaos.js';
import { type HeatSummary, summariseHeat } from './heat.js';
import { type MachineSummary, summariseMachines } from './machines.js';
import { type AbsentSummary, absentMachines } from './other-machines.js';
import { type SetAsideSummary, summariseSetAside } from './set-aside.js';
import { type SuiteOutcome, type SuiteSummary, suiteOutcomes, summariseSuites } from './suites.js';
import { summariseWaits, type WaitSummary } from './waits.js';

/** What a run did, computed from its events alone. `report --format json` prints it. */
export interface RunSummary {
  readonly version: 1;
  /** ISO 8601, UTC. This and the next three are left out when the events lack `run-started`. */
  readonly startedAt?: string;
  readonly packageVersion?: string;
  readonly strategy?: string;
  readonly commit?: string;
  /** True when files of the checkout differed from the commit. */
  readonly uncommitted?: true;
  readonly shard?: { readonly index: number; readonly total: number };
  /** True when something (`-t`, a path pattern, `JEST_HARDWARE_ONLY`) left suites or tests out. */
  readonly filtered: boolean;
  /** What left them out: `-t`, `paths`, `--onlyChanged` …; left out where nothing did, and for older records. */
  readonly narrowedBy?: readonly string[];
  readonly coverage: boolean;
  /** `unfinished`: the events stop before the end of the run, which is still going on or was killed. */
  readonly state: 'complete' | 'cancelled' | 'unfinished';
  readonly cancelCause?: CancelCause;
  /** From the first decision to the end of the last attempt, ms. */
  readonly makespanMs: number;
  /** Left out when no attempt gave a result. */
  readonly bound?: BoundSummary;
  readonly machines: readonly MachineSummary[];
  /** Machines that were asked to take part and did not, or that were lost. */
  readonly absent: readonly AbsentSummary[];
  readonly counts: Readonly<Record<SuiteOutcome, number>>;
  /** Devices that were too hot for a while. */
  readonly heat: readonly HeatSummary[];
  /** Devices and machines that got no further suites after errors. */
  readonly setAside: readonly SetAsideSummary[];
  /** What other runs of the host kept this one waiting for. */
  readonly waits: readonly WaitSummary[];
  /** What the option `chaos` did to the run; left out without it. */
  readonly chaos?: ChaosSummary;
  /** Every suite, in the order of the events. */
  readonly suites: readonly SuiteSummary[];
  /** Classes of `requireExecuted` without a test executed on a real device. Degraded suites do not count. */
  readonly missingClasses: readonly DeviceClass[];
  /** The missing classes that fail the run: none if it was filtered, sharded or cancelled, and no class that it left out. */
  readonly unmetRequirements: readonly DeviceClass[];
  /** States that the option `failOn` refuses, with the suites in them. They fail the run. */
  readonly refused: readonly RefusedState[];
}

interface RefusedState {
  readonly state: FailOn;
  readonly suiteIds: readonly string[];
}

/** @param events Of one run. The beginning of a record is enough. */
export function summarise(events: readonly RunEvent[]): RunSummary {
  const run = events.find((event) => event.type === 'run-started');
  const cancelled = events.find((event) => event.type === 'run-cancelled');
  const suites = summariseSuites(events);
  const makespanMs = makespanOf(events, suites);
  const machines = summariseMachines(events, suites, makespanMs);
  const bound = summariseBound(events, suites, makespanMs);
  const chaos = summariseChaos(events, suites);

  const counts = countOutcomes(suites);
  const filtered = run?.filtered ?? false;
  const isWanted = (deviceClass: DeviceClass) => run?.only?.includes(deviceClass) ?? true;
  const isSharded = run?.total !== undefined;
  const executed = executedClasses(machines, suites);
  const missingClasses = (run?.requireExecuted ?? []).filter((deviceClass) => !executed.has(deviceClass));
  return {
    version: 1,
    ...(run && { startedAt: run.startedAt, packageVersion: run.packageVersion, strategy: run.strategy }),
    ...(run?.commit !== undefined && { commit: run.commit }),
    ...(run?.uncommitted && { uncommitted: true }),
    ...(run?.index !== undefined && isSharded && { shard: { index: run.index, total: run.total } }),
    filtered,
    ...(run?.narrowedBy && { narrowedBy: run.narrowedBy }),
    coverage: run?.coverage ?? false,
    state: cancelled
      ? 'cancelled'
      : events.some(({ type }) => type === 'run-ended')
        ? 'complete'
        : 'unfinished',
    ...(cancelled && { cancelCause: cancelled.cause }),
    makespanMs,
    ...(bound && { bound }),
    machines,
    absent: absentMachines(events),
    heat: summariseHeat(events),
    setAside: summariseSetAside(events),
    waits: summariseWaits(events),
    ...(chaos && { chaos }),
    counts,
    suites,
    missingClasses,
    unmetRequirements: filtered || isSharded || cancelled ? [] : missingClasses.filter(isWanted),
    refused: (run?.failOn ?? []).flatMap((state) => {
      const suiteIds = suites.filter((suite) => isInState[state](suite)).map(({ id }) => id);
      return suiteIds.length === 0 ? [] : [{ state, suiteIds }];
    }),
  };
}

const isInState: Readonly<Record<FailOn, (suite: SuiteSummary) => boolean>> = {
  flaky: ({ outcome }) => outcome === 'flaky',
  degraded: ({ attempts }) => attempts.at(-1)?.degraded === true,
  skipped: ({ outcome }) => outcome === 'unplaceable-skipped',
};

/** Devices of a class that are present and not usable, and why: `gpu0 is hidden by CUDA_VISIBLE_DEVICES=-1`. */
export function unusableOf(
  { machines }: Pick<RunSummary, 'machines'>,
  deviceClass: DeviceClass,
): readonly string[] {
  return machines
    .flatMap(({ devices }) => devices)
    .filter((device) => device.class === deviceClass && !device.usable)
    .map(unusableText);
}

/** From the first decision to the end of the last attempt, ms. */
export function makespanOf(events: readonly RunEvent[], suites: readonly SuiteSummary[]): number {
  const attempts = suites.flatMap((suite) => suite.attempts);
  const openedAtMs = events.find(({ type }) => type === 'run-opened')?.atMs ?? attempts[0]?.startedAtMs ?? 0;
  return attempts.reduce(
    (latestMs, { startedAtMs, heldMs }) => Math.max(latestMs, startedAtMs + heldMs - openedAtMs),
    0,
  );
}

function countOutcomes(suites: readonly SuiteSummary[]): Record<SuiteOutcome, number> {
  const counts = Object.fromEntries(suiteOutcomes.map((outcome) => [outcome, 0])) as Record<
    SuiteOutcome,
    number
  >;
  for (const { outcome } of suites) counts[outcome]++;
  return counts;
}

/** Classes with a test executed on a real device. An emulated device proves nothing about its class. */
function executedClasses(
  machines: readonly MachineSummary[],
  suites: readonly SuiteSummary[],
): ReadonlySet<DeviceClass> {
  const classOf = new Map(
    machines
      .flatMap((machine) => machine.devices)
      .filter((device) => !device.software)
      .map((device) => [device.type, device.class] as const),
  );
  const classes = suites
    .flatMap((suite) => suite.attempts)
    .filter((attempt) => (attempt.executedTests ?? 0) > 0 && !attempt.degraded)
    .flatMap((attempt) => attempt.deviceTypes.map((type) => classOf.get(type)));
  return new Set(classes.filter((deviceClass) => deviceClass !== undefined));
}
