import type { Suite } from '../../core/events.js';
import { placesOf } from '../../core/offline/deal.js';
import type { StrategyName } from '../../core/strategies/index.js';
import { type CandidateFleet, fleetsByPrice, recordedFleet } from './candidate-fleets.js';
import type { LearnedWork } from './learned-work.js';
import { type MachineKind, slotsOfKind } from './machine-kinds.js';
import { type Aim, type LongestSuite, Trials, type TriedFleet } from './trials.js';

export interface AdviceInput {
  readonly work: LearnedWork;
  /** The kinds of machines that can be had, at least one. */
  readonly kinds: readonly MachineKind[];
  readonly aim: Aim;
  readonly strategy: StrategyName;
  /** How many machines a fleet may have. */
  readonly mostMachines: number;
}

/** Which fleet is the cheapest that meets the time, and what other fleets would do. */
export interface Advice extends AdviceInput {
  /** Left out when none meets the time. */
  readonly advised?: TriedFleet;
  /** Why no fleet can meet the time; left out where one could. */
  readonly obstacle?: Obstacle;
  /** Fleets of which each is faster than all that are cheaper, the cheapest first; the advised and the recorded are among them. */
  readonly fleets: readonly TriedFleet[];
  readonly recorded: TriedFleet | undefined;
  /** Suites that none of the kinds can run. */
  readonly leftOut: readonly string[];
}

/** One suite alone takes longer than the time. */
interface Obstacle extends LongestSuite {
  /** How long a run takes for it alone in as many runs as have to meet the time, setup included, ms. */
  readonly withinMs: number;
  /** By how much that is too long, ms > 0. */
  readonly excessMs: number;
}

const tuning = {
  /** A slower or dearer fleet is shown where it is at least this much faster than the one shown before. Not tuned. */
  shownGain: 0.85,
  /** So many fleets below and above the advised one are shown. */
  shownBelow: 4,
  shownAbove: 3,
  /** So many fleets above the advised one are looked at. */
  mostAbove: 300,
} as const;

/** Tries fleets in the order of their prices until one meets the time. */
export function advise(input: AdviceInput): Advice {
  const { kinds, aim, strategy, mostMachines } = input;
  const { able, leftOut } = runnable(input);
  const work = { ...input.work, suites: able };
  const trials = new Trials(kinds, work, aim, strategy);
  const canRunAll = feasibilityOf(able, kinds);
  const obstacle = obstacleOf(trials, aim);
  const candidates = fleetsByPrice(kinds, mostMachines);
  const shown: TriedFleet[] = [];
  const slow: { readonly fleet: CandidateFleet; readonly boundMs: number }[] = [];
  const noteSlow = (fleet: CandidateFleet) => {
    const boundMs = trials.boundMs(fleet);
    if (boundMs < tuning.shownGain * (slow.at(-1)?.boundMs ?? Number.POSITIVE_INFINITY)) {
      slow.push({ fleet, boundMs });
    }
  };

  let advised: TriedFleet | undefined;
  while (advised === undefined) {
    const { value: fleet } = candidates.next();
    if (fleet === undefined) break;
    if (!canRunAll(fleet)) continue;
    if (obstacle !== undefined || trials.isTooSlow(fleet)) {
      noteSlow(fleet);
      continue;
    }
    const tried = trials.tried(fleet);
    shown.push(tried);
    if (trials.meets(tried)) advised = tried;
  }
  shown.push(...spread(slow, tuning.shownBelow).map(({ fleet }) => trials.tried(fleet)));
  if (advised !== undefined) {
    let boundMs = trials.boundMs(advised);
    let above = 0;
    for (let looked = 0; looked < tuning.mostAbove && above < tuning.shownAbove; looked++) {
      const { value: fleet } = candidates.next();
      if (fleet === undefined) break;
      if (!canRunAll(fleet) || trials.boundMs(fleet) > tuning.shownGain * boundMs) continue;
      boundMs = trials.boundMs(fleet);
      above++;
      shown.push(trials.tried(fleet));
    }
  }
  const before = recordedFleet(kinds);
  const recorded = before.machines > 0 && canRunAll(before) ? trials.tried(before) : undefined;
  return {
    ...input,
    work,
    ...(advised && { advised }),
    ...(obstacle && { obstacle }),
    fleets: frontierOf(shown, [advised, recorded]),
    recorded,
    leftOut,
  };
}

function runnable({ work, kinds }: AdviceInput): {
  readonly able: readonly Suite[];
  readonly leftOut: readonly string[];
} {
  const machines = kinds.map((kind) => slotsOfKind(kind, 1, kind.cpuWorkers));
  const canRun = (suite: Suite) => machines.some((slots) => placesOf(suite, slots).length > 0);
  const able = work.suites.filter(canRun);
  const ids = new Set(able.map(({ id }) => id));
  return { able, leftOut: work.suites.flatMap(({ id }) => (ids.has(id) ? [] : [id])) };
}

/** Whether every suite finds a machine in a fleet: it is asked once for each kind and each profile. */
function feasibilityOf(
  suites: readonly Suite[],
  kinds: readonly MachineKind[],
): (fleet: CandidateFleet) => boolean {
  const machines = kinds.map((kind) => ({ kind, slots: slotsOfKind(kind, 1, kind.cpuWorkers) }));
  const needed = new Map<string, ReadonlySet<MachineKind>>();
  for (const suite of suites) {
    const key = JSON.stringify([suite.profile, suite.expectedMs && Object.keys(suite.expectedMs)]);
    if (needed.has(key)) continue;
    const able = machines.filter(({ slots }) => placesOf(suite, slots).length > 0);
    needed.set(key, new Set(able.map(({ kind }) => kind)));
  }
  const sets = [...needed.values()];
  return ({ parts }) => sets.every((able) => parts.some(({ kind }) => able.has(kind)));
}

function obstacleOf(trials: Trials, { finishWithinMs, setupMs }: Aim): Obstacle | undefined {
  const longest = trials.longest().flatMap((each) => each ?? []);
  const byTime = longest.toSorted((a, b) => a.ms - b.ms);
  const last = byTime[trials.enough - 1];
  if (last === undefined || last.ms + setupMs <= finishWithinMs) return undefined;
  const usual = trials.longestIn(0) ?? last;
  const withinMs = last.ms + setupMs;
  return { ...usual, withinMs, excessMs: withinMs - finishWithinMs };
}

/** The first, the last, and some between them. */
function spread<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  const at = Array.from({ length: most }, (_, index) =>
    Math.round((index * (items.length - 1)) / (most - 1)),
  );
  return at.flatMap((index) => items[index] ?? []);
}

/** Without fleets that are dearer and not faster, but for those that are to stay. */
function frontierOf(
  tried: readonly TriedFleet[],
  kept: readonly (TriedFleet | undefined)[],
): readonly TriedFleet[] {
  const all = [...new Set([...tried, ...kept.filter((fleet) => fleet !== undefined)])].sort(
    (a, b) => a.price - b.price || a.machines - b.machines || b.mostWithinMs - a.mostWithinMs,
  );
  let fastestMs = Number.POSITIVE_INFINITY;
  return all.filter((fleet) => {
    const isFaster = fleet.mostWithinMs < fastestMs;
    if (isFaster) fastestMs = fleet.mostWithinMs;
    return isFaster || kept.includes(fleet);
  });
}
