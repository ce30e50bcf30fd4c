/** Rolling-horizon scheduling: follows a plan of the rest of the run, and plans anew as reality departs from it. */

import { meanResidualLifeMs, upperQuantileMs } from '../estimate/residual-life.js';
import type { Assignment } from '../planner/plan.js';
import type {
  ClusterView,
  PlacementProposal,
  SlotPool,
  StrategyOptions,
  StrategyRun,
  SuiteGroup,
  Turn,
} from '../scheduler/strategy.js';
import { pull } from './pull.js';
import type { PlannedSuite, RestOfRun } from './rest-of-run.js';

// Developed on seeds 1 to 140 of bench/online.mjs. Around: `node bench/tuning.mjs FOLDER --seeds 4`, total time over that with
// the value as it is, as geometric mean over 12 cases.
const tuning = {
  /** A plan is replaced when more starts than this share of the pending suites have followed it. 0.1: 1.0001, 0.4: 0.9998. */
  replannedShare: 0.2,
  /** With slots idle for want of a suite of the plan, when more starts than this share have. 0.03 and 0.12: 1.0000. */
  replannedShareWhenIdle: 0.06,
  /**
   * Idle slots are looked at again after this multiple of the shortest time that a running suite should still take.
   * 0.55 and 2.2: 1.0000.
   */
  reviewFactor: 1.1,
  /** And not before this long. 500 and 2000: 1.0000. */
  leastReviewMs: 1000,
  /** Running suites that are asked for that time, the oldest. Not tuned: bounds what a decision costs. */
  askedSuites: 64,
  /** Durations that a plan looks at in a ms, roughly. `node bench/fleet-size.mjs`: 1000 to 3000. */
  durationsPerMs: 1000,
  /** A plan that costs no more than this is replaced whenever a suite or a slot comes or goes, ms. Not tuned. */
  cheapMs: 20,
  /** Others at most so often that making them takes about this share of the time, and this one while a slot is idle. A policy. */
  planningShare: 0.1,
  planningShareWhenIdle: 0.5,
} as const;

/** A plan, with the instance that it is for. */
export type PlannedRest = RestOfRun & { readonly assignment: Assignment };

/**
 * Plans what is pending.
 * @param before The plan before; undefined when suites or slots have come or gone since.
 */
export type PlanRest = (view: ClusterView, before: Assignment | undefined) => PlannedRest;

/**
 * A slot takes the suite of its pool's queue that could hold up the run the most. It is left idle when the plan has a
 * better place for every suite.
 */
export class PlanFollower implements StrategyRun {
  readonly #plan: PlanRest;
  readonly #keepOrder: boolean;
  readonly #fallback: StrategyRun;
  /** By index of the plan's pools: what should start there, the most urgent last. */
  #queues: PlannedSuite[][] = [];
  #indexOf: RestOfRun['indexOf'] = () => -1;
  /** By index of the plan's pools: how long its queue keeps each of its slots busy, ms. */
  #leftMs: number[] = [];
  /** By index of the plan's pools. */
  #slotCounts: readonly number[] = [];
  #assignment: Assignment | undefined;
  #changes = -1;
  #plannedAtMs = 0;
  #planCostMs = 0;
  #startsSincePlan = 0;
  reviewAtMs: number | undefined;

  constructor(options: StrategyOptions, planRest: PlanRest) {
    this.#plan = planRest;
    this.#keepOrder = options.keepOrder ?? false;
    this.#fallback = pull.start(options);
  }

  place(view: ClusterView): readonly PlacementProposal[] {
    const isReviewDue = this.reviewAtMs !== undefined && this.reviewAtMs <= view.atMs;
    this.reviewAtMs = undefined;
    // One suite and one pool leave nothing to plan, and a run of one suite no time for it.
    if (view.pendingCount === 1 && view.pools.length === 1) return this.#fallback.place(view);
    const isOlderThan = (share: number) => this.#startsSincePlan > view.pendingCount * share;
    const isOutOfDate = (share: number) => this.#isOutOfDate(view, share);
    if (isReviewDue || isOutOfDate(tuning.planningShare) || isOlderThan(tuning.replannedShare)) {
      this.#planRest(view);
    }
    let proposal = this.#nextProposal(view);
    const isPoor = () =>
      isOlderThan(tuning.replannedShareWhenIdle) || isOutOfDate(tuning.planningShareWhenIdle);
    if (proposal === undefined && isPoor()) {
      this.#planRest(view);
      proposal = this.#nextProposal(view);
    }
    if (proposal !== undefined) return [proposal];
    // Nothing of the plan fits. Where nothing runs there is nothing to wait for.
    const leastLeftMs = shortestLeftMs(view, tuning.leastReviewMs / tuning.reviewFactor);
    if (leastLeftMs === undefined) return this.#fallback.place(view);
    const waitMs = Math.max(tuning.leastReviewMs, leastLeftMs * tuning.reviewFactor);
    this.reviewAtMs = Math.ceil(view.atMs + waitMs);
    return [];
  }

  /** Whether suites or slots have come or gone since the plan, and a new one may be made. @param share Of the time, for planning. */
  #isOutOfDate({ changes, atMs }: ClusterView, share: number): boolean {
    if (changes === this.#changes) return false;
    return this.#planCostMs <= tuning.cheapMs || atMs >= this.#plannedAtMs + this.#planCostMs / share;
  }

  #nextProposal(view: ClusterView): PlacementProposal | undefined {
    for (const pool of this.#inOrderOfNeed(view.freePools)) {
      const index = this.#indexOf(pool);
      const chosen = this.#dequeueFitting(this.#queues[index] ?? [], pool, view);
      const slot = pool.freeSlots[0];
      if (chosen === undefined || slot === undefined) continue;
      this.#startsSincePlan++;
      this.#leftMs[index] = (this.#leftMs[index] ?? 0) - this.#msPerSlot(chosen, index);
      return { suiteId: chosen.pending.suite.id, slotId: slot.id };
    }
    return undefined;
  }

  /**
   * Pools of a machine share its workers and memory. First comes the pool whose most urgent suite has the earliest virtual
   * deadline, then the one with the most left to do per slot, so that none is left over at the end with the others idle.
   */
  #inOrderOfNeed(pools: readonly SlotPool[]): readonly SlotPool[] {
    if (pools.length < 2) return pools;
    const keyed = pools.map((pool) => {
      const index = this.#indexOf(pool);
      const first = this.#queues[index]?.at(-1);
      const deadline = first?.pending.turn.virtualDeadline ?? Number.POSITIVE_INFINITY;
      return { pool, deadline, leftMs: this.#leftMs[index] ?? 0 };
    });
    return keyed.sort((a, b) => a.deadline - b.deadline || b.leftMs - a.leftMs).map(({ pool }) => pool);
  }

  /** What a suite adds to the time that each slot of its pool is busy. */
  #msPerSlot({ estimates }: PlannedSuite, index: number): number {
    return (estimates[index]?.durationMs ?? 0) / (this.#slotCounts[index] ?? 1);
  }

  /** Removes the first suite that fits now from the queue. If one of a group does not fit, none of the group does. */
  #dequeueFitting(queue: PlannedSuite[], pool: SlotPool, view: ClusterView): PlannedSuite | undefined {
    // A suite that started otherwise, or was refused, never comes back to this queue.
    while (queue.length > 0 && !view.isPending(queue.at(-1)?.pending.suite.id ?? '')) queue.pop();
    const blocked = new Set<SuiteGroup>();
    for (let index = queue.length - 1; index >= 0; index--) {
      const each = queue[index] as PlannedSuite;
      if (blocked.size === pool.eligibleGroups.size) return undefined;
      if (blocked.has(each.group) || !view.isPending(each.pending.suite.id)) continue;
      if (view.fits(each.group, pool)) {
        queue.splice(index, 1);
        return each;
      }
      blocked.add(each.group);
    }
    return undefined;
  }

  #planRest(view: ClusterView): void {
    const before = view.changes === this.#changes ? this.#assignment : undefined;
    const { instance, suites, indexOf, assignment } = this.#plan(view, before);
    const queues: { readonly suite: PlannedSuite; readonly turn: Turn; readonly urgency: number }[][] =
      instance.pools.map(() => []);
    suites.forEach((suite, suiteIndex) => {
      const poolIndex = assignment.poolOf[suiteIndex] ?? -1;
      const estimate = suite.estimates[poolIndex];
      if (estimate === undefined) return;
      const precedence = assignment.precedence[suiteIndex] ?? 1;
      const urgency = this.#keepOrder ? 0 : upperQuantileMs(estimate) * precedence;
      queues[poolIndex]?.push({ suite, turn: suite.pending.turn, urgency });
    });
    this.#queues = queues.map((queue) =>
      queue
        .sort(
          (a, b) =>
            b.turn.virtualDeadline - a.turn.virtualDeadline ||
            a.urgency - b.urgency ||
            b.turn.sequence - a.turn.sequence,
        )
        .map(({ suite }) => suite),
    );
    this.#indexOf = indexOf;
    this.#slotCounts = instance.pools.map(({ slots }) => slots);
    this.#leftMs = this.#queues.map((queue, index) =>
      queue.reduce((sum, suite) => sum + this.#msPerSlot(suite, index), 0),
    );
    this.#assignment = assignment;
    this.#changes = view.changes;
    this.#plannedAtMs = view.atMs;
    this.#planCostMs = (suites.length * instance.pools.length) / tuning.durationsPerMs;
    this.#startsSincePlan = 0;
  }
}

/**
 * The shortest time that a running suite should still take, ms; undefined: none runs.
 * @param enoughMs Where one takes no longer than this, others need not be looked at.
 */
function shortestLeftMs({ running, atMs }: ClusterView, enoughMs: number): number | undefined {
  let least: number | undefined;
  let asked = 0;
  for (const { startedAtMs, estimate } of running) {
    const leftMs = meanResidualLifeMs(estimate, atMs - startedAtMs);
    if (least === undefined || leftMs < least) least = leftMs;
    if (least <= enoughMs || ++asked >= tuning.askedSuites) break;
  }
  return least;
}
