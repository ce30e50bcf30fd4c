import { meanResidualLifeMs, upperQuantileMs } from '../estimate/residual-life.js';
import type { Assignment } from '../planner/plan.js';
import type {
  ClusterView,
  PendingGroup,
  SlotType,
  StrategyOptions,
  StrategyRun,
  SuitePlace,
  Turn,
} from '../scheduler/strategy.js';
import { pull } from './pull.js';
import type { PlannedSuite, RestOfRun } from './rest-of-run.js';

/** The rest is planned anew when this share of it has started since. */
const replannedShare = 0.2;
/** And when slots stand idle already when this share has. */
const impatientShare = 0.06;
/** A slot that is left idle is looked at again after this long, or when what runs should have ended. */
const leastReviewMs = 1000;

/** Plans what is pending. */
export type PlanRest = (
  view: ClusterView,
  before: Assignment | undefined,
) => RestOfRun & { readonly assignment: Assignment };

/**
 * Follows a plan of the rest of the run, which is made anew again and again as reality departs from it. A slot takes the
 * suite of its plan that could hold up the run the most; it is left idle when the plan has something better for every suite.
 */
export class PlanFollower implements StrategyRun {
  readonly #plan: PlanRest;
  readonly #keepOrder: boolean;
  readonly #fallback: StrategyRun;
  /** By index of the plan's pools, what should start there, the most urgent first. */
  #queues: PlannedSuite[][] = [];
  #poolOf: RestOfRun['poolOf'] = new Map();
  /** By index of the plan's pools: ms of its queue for each of its slots, and how many these are. */
  #leftMs: number[] = [];
  #slots: readonly number[] = [];
  #assignment: Assignment | undefined;
  #changes = -1;
  #startsSincePlan = 0;
  reviewAtMs: number | undefined;

  constructor(options: StrategyOptions, planRest: PlanRest) {
    this.#plan = planRest;
    this.#keepOrder = options.keepOrder ?? false;
    this.#fallback = pull.start(options);
  }

  place(view: ClusterView): readonly SuitePlace[] {
    const isDue = this.reviewAtMs !== undefined && this.reviewAtMs <= view.atMs;
    this.reviewAtMs = undefined;
    const isOld = (share: number) => this.#startsSincePlan > view.pendingCount * share;
    if (isDue || view.changes !== this.#changes || isOld(replannedShare)) this.#planRest(view);
    let place = this.#next(view);
    if (place === undefined && isOld(impatientShare)) {
      this.#planRest(view);
      place = this.#next(view);
    }
    if (place !== undefined) return [place];
    // Nothing of the plan fits. Where nothing runs there is nothing to wait for.
    const endsMs = [...view.running].map(({ startedAtMs, estimate }) =>
      meanResidualLifeMs(estimate, view.atMs - startedAtMs),
    );
    if (endsMs.length === 0) return this.#fallback.place(view);
    this.reviewAtMs = Math.ceil(view.atMs + Math.max(leastReviewMs, Math.min(...endsMs) * 1.1));
    return [];
  }

  #next(view: ClusterView): SuitePlace | undefined {
    for (const type of this.#byNeed(view.freeTypes)) {
      const index = this.#poolOf.get(type) ?? -1;
      const chosen = this.#takeFrom(this.#queues[index] ?? [], type, view);
      const slot = type.free[0];
      if (chosen === undefined || slot === undefined) continue;
      this.#startsSincePlan++;
      this.#leftMs[index] = (this.#leftMs[index] ?? 0) - this.#shareOf(chosen, index);
      return { suiteId: chosen.pending.suite.id, slotId: slot.id };
    }
    return undefined;
  }

  /**
   * Workers and memory of a machine are shared: first the type whose most urgent suite has the highest priority, then the one
   * with the most left to do for each of its slots, so that none is left over at the end with the others idle.
   */
  #byNeed(types: readonly SlotType[]): readonly SlotType[] {
    if (types.length < 2) return types;
    const keyed = types.map((type) => {
      const index = this.#poolOf.get(type) ?? -1;
      const due = this.#queues[index]?.[0]?.pending.turn.due ?? Number.POSITIVE_INFINITY;
      return { type, due, leftMs: this.#leftMs[index] ?? 0 };
    });
    return keyed.sort((a, b) => a.due - b.due || b.leftMs - a.leftMs).map(({ type }) => type);
  }

  /** What a suite adds to the time that each slot of its type is busy. */
  #shareOf({ estimates }: PlannedSuite, index: number): number {
    return (estimates[index]?.durationMs ?? 0) / (this.#slots[index] ?? 1);
  }

  /** The first that fits now; what holds for one of a group holds for all. */
  #takeFrom(queue: PlannedSuite[], type: SlotType, view: ClusterView): PlannedSuite | undefined {
    // Those in front that somebody else started are gone for good.
    while (queue[0] !== undefined && !view.isPending(queue[0].pending.suite.id)) queue.shift();
    const blocked = new Set<PendingGroup>();
    for (const [index, each] of queue.entries()) {
      if (blocked.size === type.candidates.size) return undefined;
      if (blocked.has(each.group) || !view.isPending(each.pending.suite.id)) continue;
      if (view.fits(each.group, type)) {
        queue.splice(index, 1);
        return each;
      }
      blocked.add(each.group);
    }
    return undefined;
  }

  #planRest(view: ClusterView): void {
    const before = view.changes === this.#changes ? this.#assignment : undefined;
    const { instance, suites, poolOf, assignment } = this.#plan(view, before);
    const queues: { readonly suite: PlannedSuite; readonly turn: Turn; readonly urgency: number }[][] =
      instance.pools.map(() => []);
    suites.forEach((suite, index) => {
      const type = assignment.poolOf[index] ?? -1;
      const estimate = suite.estimates[type];
      if (estimate === undefined) return;
      const precedence = assignment.precedence[index] ?? 1;
      const urgency = this.#keepOrder ? 0 : upperQuantileMs(estimate) * precedence;
      queues[type]?.push({ suite, turn: suite.pending.turn, urgency });
    });
    this.#queues = queues.map((queue) =>
      queue
        .sort((a, b) => a.turn.due - b.turn.due || b.urgency - a.urgency || a.turn.sequence - b.turn.sequence)
        .map(({ suite }) => suite),
    );
    this.#poolOf = poolOf;
    this.#slots = instance.pools.map(({ slots }) => slots);
    this.#leftMs = this.#queues.map((queue, index) =>
      queue.reduce((sum, suite) => sum + this.#shareOf(suite, index), 0),
    );
    this.#assignment = assignment;
    this.#changes = view.changes;
    this.#startsSincePlan = 0;
  }
}
