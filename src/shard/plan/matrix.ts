import type { Suite } from '../../core/events.js';
import { type Device, type Machine, slotsOf } from '../../core/machine/machine.js';
import { neverRejection } from '../../core/scheduler/feasibility.js';
import type { DeviceClass } from '../../core/vocabulary/taxonomy.js';
import { formatDuration } from '../../core/vocabulary/units.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import type { FleetMachine } from '../../machine-file/fleets.js';
import type { History } from '../../record/history.js';
import { type PlannedRun, planRun } from './plan.js';

/** The smallest fleet found that finishes in time. */
export interface Matrix {
  /** In the order of the shards. */
  readonly fleet: readonly FleetMachine[];
  readonly run: PlannedRun;
  /** Predicted cost of all shards; left out when a machine has no price. */
  readonly cost?: number;
}

/** GitHub runs at most 256 jobs of a matrix: https://docs.github.com/actions/reference/limits */
const mostShards = 256;
/** A machine helps when it lowers the bound by at least this much. Bounds are whole ms. */
const leastGainMs = 1;
const gib = 1024 ** 3;

/**
 * How many machines of each kind finish the suites in time. Starts with the machines without which some suite could not run,
 * then adds the machine that saves most time for its price, until the time is kept.
 * @param kinds The available machines, one of each kind.
 * @throws {UsageError} when a suite can run on none of them, or no number of them is fast enough.
 */
export function matrixFor(
  suites: readonly Suite[],
  history: History,
  kinds: readonly FleetMachine[],
  finishWithinMs: number,
): Matrix {
  // Suites without a measurement count with the estimate from similar suites.
  const counts = neededKinds(suites, kinds);
  for (;;) {
    const fleet = fleetOf(kinds, counts);
    const run = planRun({ total: fleet.length, fleet, history, suites });
    if (makespanOf(run) <= finishWithinMs) return { fleet, run, ...costOf(fleet, run) };
    // Compared by the lower bound, which falls with every machine that helps. The slowest of equal shards may stay as it is.
    const longer = kinds.map((kind, at) => {
      const more = counts.map((count, index) => count + (index === at ? 1 : 0));
      const next = planRun({ total: fleet.length + 1, fleet: fleetOf(kinds, more), history, suites });
      return { more, worth: (run.boundMs - next.boundMs) / (kind.pricePerMinute || 1) };
    });
    const best = longer.reduce((a, b) => (b.worth > a.worth ? b : a));
    if (fleet.length >= mostShards || (run.boundMs > finishWithinMs + 1 && best.worth < leastGainMs)) {
      throw tooSlow(run, fleet.length, finishWithinMs);
    }
    // If no machine lowers the bound, whole suites no longer fit together: add one of the kind of the slowest shard.
    const { more } = best.worth >= leastGainMs ? best : (longer[slowestKind(run, counts)] ?? best);
    more.forEach((count, index) => {
      counts[index] = count;
    });
  }
}

function slowestKind(run: PlannedRun, counts: readonly number[]): number {
  let shard = run.predictedMs.indexOf(makespanOf(run));
  return counts.findIndex((count) => {
    shard -= count;
    return shard < 0;
  });
}

function makespanOf({ predictedMs }: PlannedRun): number {
  return Math.max(0, ...predictedMs);
}

function fleetOf(kinds: readonly FleetMachine[], counts: readonly number[]): readonly FleetMachine[] {
  return kinds.flatMap((kind, at) =>
    Array.from({ length: counts[at] ?? 0 }, (_, number) => {
      const { machine } = kind.machine;
      const name = `${machine.name}-${number + 1}`;
      return { ...kind, machine: { ...kind.machine, machine: { ...machine, name } } };
    }),
  );
}

/** The machines without which some suite cannot run: of the kinds that can run it, the cheapest. */
function neededKinds(suites: readonly Suite[], kinds: readonly FleetMachine[]): number[] {
  const counts: number[] = kinds.map(() => 0);
  const byPrice = kinds
    .map((kind, at) => ({ kind, at, slots: slotsOf(kind.machine, kind.workers) }))
    .sort((a, b) => (a.kind.pricePerMinute ?? 1) - (b.kind.pricePerMinute ?? 1));
  const picky = suites.map((suite) => ({
    suite,
    able: byPrice.filter(({ slots }) =>
      slots.some((slot) => neverRejection(suite, slot, false) === undefined),
    ),
  }));
  for (const { suite, able } of picky.sort((a, b) => a.able.length - b.able.length)) {
    const [cheapest] = able;
    if (cheapest === undefined) {
      if (suite.profile.unsatisfiable?.action === 'skip') continue;
      const [slot] = byPrice[0]?.slots ?? [];
      throw new UsageError({
        message: `${suite.id} can run on none of these machines`,
        ...(slot && { found: neverRejection(suite, slot, false)?.reason ?? 'too few devices at once' }),
        remedy:
          'add a machine that can run it to the runners, or let the suite be skipped (@unsatisfiable skip)',
      });
    }
    if (able.some(({ at }) => (counts[at] ?? 0) > 0)) continue;
    counts[cheapest.at] = 1;
  }
  if (!counts.some((count) => count > 0) && counts.length > 0) counts[0] = 1;
  return counts;
}

function costOf(fleet: readonly FleetMachine[], { predictedMs }: PlannedRun): { cost?: number } {
  if (fleet.some(({ pricePerMinute }) => pricePerMinute === undefined)) return {};
  const cost = fleet.reduce(
    (sum, { pricePerMinute = 0 }, shard) => sum + (pricePerMinute * (predictedMs[shard] ?? 0)) / 60_000,
    0,
  );
  return { cost: Math.round(cost * 10_000) / 10_000 };
}

function tooSlow(run: PlannedRun, count: number, finishWithinMs: number): UsageError {
  return new UsageError({
    message: `no number of these machines finishes within ${formatDuration(finishWithinMs)}`,
    found: `${formatDuration(makespanOf(run))} with ${count}; more of them do not help, because one suite alone takes as long`,
    remedy: 'split the longest suites, add a faster kind of machine, or allow more time',
  });
}

/** The default kinds: a machine for each class of hardware that suites ask for, with all that they ask of it. */
export function kindsAskedFor(suites: readonly Suite[]): readonly FleetMachine[] {
  const classes = new Set<DeviceClass>(['cpu']);
  // A suite that can also run on a CPU needs no other machine.
  for (const { profile } of suites) {
    if (!profile.hardware.some((need) => need.class === 'cpu'))
      classes.add(profile.hardware[0]?.class ?? 'cpu');
  }
  return [...classes].map((deviceClass) => {
    const asking = suites.filter(({ profile }) =>
      profile.hardware.some((need) => need.class === deviceClass),
    );
    const asked = <Word>(words: (suite: Suite) => readonly Word[]) => [...new Set(asking.flatMap(words))];
    const device: Device = {
      id: `${deviceClass}0`,
      class: deviceClass,
      usable: true,
      software: false,
      memoryBytes: Math.max(gib, ...asking.map(({ profile }) => profile.minMemoryBytes)),
      backends: asked(({ profile }) => profile.backends),
      precisions: asked(({ profile }) => profile.precisions),
      features: asked(({ profile }) => profile.features),
      evidence: {},
    };
    const count = Math.max(
      1,
      ...asking.flatMap(({ profile }) =>
        profile.hardware.map((need) => (need.class === deviceClass ? need.count : 1)),
      ),
    );
    const cpu: Device = {
      ...device,
      id: 'cpu',
      class: 'cpu',
      memoryBytes: 16 * gib,
      backends: [],
      precisions: [],
      features: [],
    };
    const machine: Machine = {
      version: 1,
      machine: { name: deviceClass, platform: 'any', arch: 'any', cpuBudget: 2, memoryBudgetBytes: 4 * gib },
      devices:
        deviceClass === 'cpu'
          ? [{ ...device, id: 'cpu' }]
          : [cpu, ...Array.from({ length: count }, (_, n) => ({ ...device, id: `${deviceClass}${n}` }))],
      problems: [],
    };
    return {
      machine,
      workers: 1,
      labels: deviceClass === 'cpu' ? ['ubuntu-latest'] : ['self-hosted', deviceClass],
    };
  });
}
