import { type QuickPlan, quickSimulatedPlan, type Schedule, simulatedPlan } from './constrained-plan.js';
import { balancedPlan, startPlan } from './initial-plan.js';
import { type IndexedInstance, indexed, type PlanInstance } from './instance.js';
import { type Prices, pricesOf } from './lagrangian-bound.js';
import type { Loads } from './loads.js';
import { search } from './tabu-search.js';

export type { PlanInstance, PlanMachine, PlanPool, PlanSuite } from './instance.js';

export interface PlanOptions {
  /**
   * Budget of the search: how many changes of the plan may be looked at. About 50 million a second; 0: none.
   * Default 2 million.
   */
  readonly moves?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** Which suite should run where, and how good that is. */
export interface Plan {
  /** Index of the pool by suite; -1: nothing can run it. */
  readonly poolOf: Int32Array;
  /** Number of the slot within its pool, from 0, by suite; -1: none. */
  readonly slotOf: Int32Array;
  /** Ms from now, by suite; meaningless where there is no slot. */
  readonly startMs: Float64Array;
  /** When the last suite ends, ms from now. */
  readonly makespanMs: number;
  /** No schedule of these suites on these slots ends earlier. Ms. */
  readonly boundMs: number;
  /** makespan / bound - 1; 0 for an empty plan. */
  readonly gap: number;
  /** By pool: share of the bound that one more slot of it saves, as long as nothing else runs out. */
  readonly slotWorth: Float64Array;
}

/** From so many suites on, the end is far away: balance is quickly had, and room for surprises will come. */
const largeFrom = 2_000;
const defaultMoves = 2_000_000;
/** List plans are seldom better than what was searched, and never where that is so near the bound. */
const listPlansAbove = 1.002;

/**
 * Plans all suites from the start, with known durations. Deterministic: equal instances give equal plans on every machine,
 * in whatever order the suites are given. Durations below 1 ms or that are no numbers count as 1 ms.
 */
export function plan(given: PlanInstance, options: PlanOptions = {}): Plan {
  const instance = indexed(given);
  const prices = pricesOf(instance);
  const schedule = instance.slotsOnly
    ? slotPlan(instance, prices, options)
    : simulatedPlan(instance, prices, options.moves ?? defaultMoves);
  return inGivenOrder(instance, prices, schedule);
}

/** Where suites should run, without saying when. */
export interface Assignment {
  /** As in a plan. */
  readonly poolOf: Int32Array;
  /** By suite, ≥ 1: by what factor it counts as longer where it is decided what starts first. */
  readonly precedence: Float64Array;
  /** When the last suite should end, ms from now. */
  readonly makespanMs: number;
  /** For the next assignment of the same fleet. */
  readonly prices: Float64Array;
}

/**
 * A quick plan for the moment, to be made anew before long.
 * @param before Of nearly the same instance (some suites have started since): its prices save most of the work.
 */
export function assign(given: PlanInstance, before?: Pick<Assignment, 'prices'>): Assignment {
  const instance = indexed(given);
  const prices = pricesOf(instance, before?.prices);
  const isLarge = instance.suiteCount > largeFrom;
  const quick = instance.slotsOnly
    ? quickSlotPlan(instance, prices, isLarge)
    : quickSimulatedPlan(instance, prices, isLarge);
  const poolOf = new Int32Array(instance.suiteCount);
  const precedence = new Float64Array(instance.suiteCount);
  instance.order.forEach((index, position) => {
    poolOf[index] = quick.poolOf[position] as number;
    precedence[index] = quick.precedence[position] as number;
  });
  return { poolOf, precedence, makespanMs: quick.makespanMs, prices: prices.lambda };
}

function quickSlotPlan(instance: IndexedInstance, prices: Prices, isLarge: boolean): QuickPlan {
  const loads = isLarge ? balancedPlan(instance, prices) : startPlan(instance, prices);
  return {
    poolOf: loads.slotOf.map((slot) => (slot < 0 ? -1 : (loads.poolOf[slot] as number))),
    precedence: new Float64Array(instance.suiteCount).fill(1),
    makespanMs: loads.makespanMs(),
  };
}

/** What no schedule beats, ms; 0 when nothing can run. */
export function lowerBoundMs(given: PlanInstance): number {
  return pricesOf(indexed(given)).boundMs;
}

function slotPlan(
  instance: IndexedInstance,
  prices: Prices,
  { moves = defaultMoves, seed = 0 }: PlanOptions,
): Schedule {
  const searched = balancedPlan(instance, prices);
  const gap = () => searched.makespanMs() / (prices.boundMs || 1);
  if (moves > 0 && gap() > 1.0001) search(searched, prices, moves, seed);
  if (gap() <= listPlansAbove) return scheduleOf(searched);
  const listed = startPlan(instance, prices);
  return scheduleOf(listed.makespanMs() < searched.makespanMs() ? listed : searched);
}

/** Within a slot the order is free: higher priority first, then the longest, so that the end is left to the short ones. */
function scheduleOf(loads: Loads): Schedule {
  const { instance, firstOf, poolOf, slotOf, on } = loads;
  const startMs = new Float64Array(instance.suiteCount);
  const priorityOf = (suite: number) => instance.suites[suite]?.priority ?? 3;
  on.forEach((suites, slot) => {
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
  // Where one suite takes as long as all the rest, no slot more helps.
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
