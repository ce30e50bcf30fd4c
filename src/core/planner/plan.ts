/** Plans with a bound, quick assignments, and the bound alone. README.md in this folder holds the model. */
import { constrainedPlan, type QuickPlan, quickConstrainedPlan } from './constrained-plan.js';
import { listPlan, roundedPlan } from './initial-plan.js';
import { type IndexedInstance, indexed, type PlanInstance } from './instance.js';
import { type Prices, pricesOf } from './lagrangian-bound.js';
import type { Schedule } from './list-scheduling.js';
import type { Loads } from './loads.js';
import { defaultMoves, searchedPlan } from './searched-plan.js';

/** Chosen by `node bench/plan.mjs DIR`; half and double by `node bench/sensitivity.mjs DIR plan`. */
const tuning = {
  /** Default budget of evaluations where more than slots is scarce. Not tuned: about 50 ms of CPU. */
  constrainedMoves: 2_000_000,
  /** Suites above which a quick assignment is rounded only: they balance easily. 1000 and 4000: flat. */
  largeFrom: 2_000,
} as const;

export type { PlanInstance, PlanMachine, PlanPool, PlanSuite } from './instance.js';

export interface PlanOptions {
  /**
   * Budget: how many changes of the plan may be evaluated. About 50 million take a second; 0: no search.
   * Default 2 million; up to 40 million where slots alone are scarce and suites × pools are above 4,000.
   */
  readonly moves?: number;
  /** Of the search's random choices. Default 0. */
  readonly seed?: number;
}

/** Where and when each suite runs, and how near that is to the best possible. */
export interface Plan {
  /** Index of the pool by suite; -1: no pool can run it. */
  readonly poolOf: Int32Array;
  /** Number of the slot within its pool, from 0, by suite; -1: none. */
  readonly slotOf: Int32Array;
  /** Start by suite, ms from now; without meaning where the slot is -1. */
  readonly startMs: Float64Array;
  /** When the last suite ends, ms from now. */
  readonly makespanMs: number;
  /** No schedule of these suites on these slots ends earlier. Ms. */
  readonly boundMs: number;
  /** makespan / bound - 1; 0 for an empty plan. */
  readonly gap: number;
  /** By pool: the share of the bound that one more slot saves, as long as no other resource becomes scarce. */
  readonly slotWorth: Float64Array;
}

/**
 * Plans all suites, with known durations. Deterministic: equal instances give equal plans on every machine, whatever the
 * order of the suites. Durations below 1 ms and those that are no numbers count as 1 ms.
 */
export function plan(given: PlanInstance, options: PlanOptions = {}): Plan {
  const instance = indexed(given);
  const prices = pricesOf(instance);
  const schedule = instance.slotsOnly
    ? scheduleOf(searchedPlan(instance, prices, options.moves ?? defaultMoves(instance), options.seed ?? 0))
    : constrainedPlan(instance, prices, options.moves ?? tuning.constrainedMoves);
  return inGivenOrder(instance, prices, schedule);
}

/** Where suites should run, without saying when. */
export interface Assignment {
  /** As in a plan. */
  readonly poolOf: Int32Array;
  /** By suite: factor ≥ 1 by which it counts as longer in the order of starts. */
  readonly precedence: Float64Array;
  /** When the last suite should end, ms from now. */
  readonly makespanMs: number;
  /** Dual prices, to warm-start the next assignment of the same fleet. */
  readonly prices: Float64Array;
}

/**
 * A quick plan that is to be replaced before long.
 * @param before The assignment of nearly the same instance (some suites have started since), for a warm start.
 */
export function assign(given: PlanInstance, before?: Pick<Assignment, 'prices'>): Assignment {
  const instance = indexed(given);
  const prices = pricesOf(instance, before?.prices);
  const isLarge = instance.suiteCount > tuning.largeFrom;
  const quick = instance.slotsOnly
    ? quickSlotPlan(instance, prices, isLarge)
    : quickConstrainedPlan(instance, prices, isLarge);
  const poolOf = new Int32Array(instance.suiteCount);
  const precedence = new Float64Array(instance.suiteCount);
  instance.order.forEach((index, position) => {
    poolOf[index] = quick.poolOf[position] as number;
    precedence[index] = quick.precedence[position] as number;
  });
  return { poolOf, precedence, makespanMs: quick.makespanMs, prices: prices.lambda };
}

function quickSlotPlan(instance: IndexedInstance, prices: Prices, isLarge: boolean): QuickPlan {
  const loads = isLarge ? roundedPlan(instance, prices) : listPlan(instance, prices);
  return {
    poolOf: loads.slotOf.map((slot) => (slot < 0 ? -1 : (loads.poolOf[slot] as number))),
    precedence: new Float64Array(instance.suiteCount).fill(1),
    makespanMs: loads.makespanMs(),
  };
}

/** Lower bound of the makespan: no schedule of the instance is shorter. Ms; 0 when nothing can run. */
export function lowerBoundMs(given: PlanInstance): number {
  return pricesOf(indexed(given)).boundMs;
}

/** The order within a slot does not change its end: higher priority first, then the longest, so that short suites end the run. */
function scheduleOf(loads: Loads): Schedule {
  const { instance, firstOf, poolOf, slotOf, suitesOn } = loads;
  const startMs = new Float64Array(instance.suiteCount);
  const priorityOf = (suite: number) => instance.suites[suite]?.priority ?? 3;
  suitesOn.forEach((suites, slot) => {
    const pool = poolOf[slot] as number;
    let atMs = instance.given.pools[pool]?.freeAtMs?.[slot - (firstOf[pool] as number)] ?? 0;
    const duration = (suite: number) => loads.durationOn(suite, pool);
    const order = [...suites].sort(
      (a, b) => priorityOf(b) - priorityOf(a) || duration(b) - duration(a) || a - b,
    );
    for (const suite of order) {
      startMs[suite] = atMs;
      atMs += duration(suite);
    }
  });
  return {
    poolOf: slotOf.map((slot) => (slot < 0 ? -1 : (poolOf[slot] as number))),
    slotOf: slotOf.map((slot) => (slot < 0 ? -1 : slot - (firstOf[poolOf[slot] as number] as number))),
    startMs,
    makespanMs: loads.makespanMs(),
  };
}

function inGivenOrder(instance: IndexedInstance, prices: Prices, schedule: Schedule): Plan {
  const { order, suiteCount, poolCount, slots } = instance;
  const poolOf = new Int32Array(suiteCount);
  const slotOf = new Int32Array(suiteCount);
  const startMs = new Float64Array(suiteCount);
  order.forEach((index, position) => {
    poolOf[index] = schedule.poolOf[position] as number;
    slotOf[index] = schedule.slotOf[position] as number;
    startMs[index] = schedule.startMs[position] as number;
  });
  const { boundMs, lambda, longestMs } = prices;
  // Where a single suite is the bound, no further slot helps.
  const worth = boundMs > longestMs ? 1 : 0;
  return {
    poolOf,
    slotOf,
    startMs,
    makespanMs: schedule.makespanMs,
    boundMs,
    gap: boundMs === 0 ? 0 : schedule.makespanMs / boundMs - 1,
    slotWorth: Float64Array.from(
      { length: poolCount },
      (_, pool) => (worth * (lambda[pool] as number)) / ((slots[pool] as number) + (lambda[pool] as number)),
    ),
  };
}
