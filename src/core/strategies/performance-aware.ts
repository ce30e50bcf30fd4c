/** Earliest completion time (ECT), the longest suite first: HEFT's rule for independent tasks (Topcuoglu et al. 2002). */

import { meanResidualLifeMs } from '../estimate/residual-life.js';
import type {
  ClusterView,
  PlacementProposal,
  SlotPool,
  Strategy,
  SuiteGroup,
} from '../scheduler/strategy.js';
import { LongestFirst } from './longest-first.js';
import { pull } from './pull.js';

const tuning = {
  /**
   * Suites that a decision considers: so many in their order, and as many of other groups. By
   * `node bench/tuning.mjs FOLDER --only consideredSuites --seeds 4`, total time over that with 64 suites, as geometric mean
   * over 12 cases: 32: 1.0004, 128: 1.0000.
   */
  consideredSuites: 64,
} as const;

/**
 * Each suite, the longest first, goes to the pool where it is expected to end first. When that pool is still busy, the suite
 * waits, and suites behind it count the time that it will take there.
 */
export const performanceAware: Strategy = {
  name: 'performance-aware',
  start: (options) => {
    const fallback = pull.start(options);
    const queue = new LongestFirst(options.keepOrder);
    return {
      place: (view) => {
        const proposal = earliestCompletion(view, queue);
        if (proposal !== undefined) return [proposal];
        for (const _ of view.running) return [];
        return fallback.place(view);
      },
    };
  },
};

function earliestCompletion(view: ClusterView, queue: LongestFirst): PlacementProposal | undefined {
  const running = expectedEnds(view);
  const freeInMs = firstFreeMs(view, running);
  const nextEndMs = nextEnds(running);
  const poolsOf = rememberedPools(view);
  for (const { group, pending } of queue.firstPending(view, tuning.consideredSuites)) {
    let best: SlotPool | undefined;
    let leastMs = Number.POSITIVE_INFINITY;
    let fits = false;
    for (const [pool, fitsNow] of poolsOf(group)) {
      const waitMs = Math.max(
        fitsNow ? 0 : (nextEndMs.get(pool.anySlot.machine.name) ?? 1),
        freeInMs.get(pool) ?? 0,
      );
      const endMs =
        waitMs + queue.claimedByChoosierMs(group, pool) + view.estimate(pending.suite, pool).durationMs;
      if (endMs >= leastMs) continue;
      leastMs = endMs;
      best = pool;
      fits = fitsNow;
    }
    if (best === undefined) continue;
    const slot = best.freeSlots[0];
    if (fits && slot !== undefined) return { suiteId: pending.suite.id, slotId: slot.id };
    const ms = view.estimate(pending.suite, best).durationMs;
    freeInMs.set(best, (freeInMs.get(best) ?? 0) + ms / best.slotCount);
  }
  return undefined;
}

/** The pools on which a group can run, and whether it fits there now: computed once per group, however many suites it has. */
function rememberedPools(view: ClusterView): (group: SuiteGroup) => ReadonlyMap<SlotPool, boolean> {
  const known = new Map<SuiteGroup, ReadonlyMap<SlotPool, boolean>>();
  return (group) => {
    let fitsNow = known.get(group);
    if (fitsNow === undefined) {
      const pools = [...group.claimByPool.keys()];
      fitsNow = new Map(pools.map((pool) => [pool, pool.freeSlots.length > 0 && view.fits(group, pool)]));
      known.set(group, fitsNow);
    }
    return fitsNow;
  };
}

interface ExpectedEnd {
  readonly pool: SlotPool;
  /** Ms from now. */
  readonly leftMs: number;
}

function expectedEnds({ running, atMs }: ClusterView): readonly ExpectedEnd[] {
  return [...running].map(({ pool, estimate, startedAtMs }) => ({
    pool,
    leftMs: meanResidualLifeMs(estimate, atMs - startedAtMs),
  }));
}

/** When each pool has a free slot, ms from now. */
function firstFreeMs(view: ClusterView, running: readonly ExpectedEnd[]): Map<SlotPool, number> {
  const first = new Map(
    view.pools.map((pool) => [pool, pool.freeSlots.length > 0 ? 0 : Number.POSITIVE_INFINITY]),
  );
  for (const { pool, leftMs } of running) if (leftMs < (first.get(pool) ?? 0)) first.set(pool, leftMs);
  return first;
}

/** When the first suite of each machine should end, ms from now. What does not fit now fits then at the earliest. */
function nextEnds(running: readonly ExpectedEnd[]): ReadonlyMap<string, number> {
  const next = new Map<string, number>();
  for (const { pool, leftMs } of running) {
    const { name } = pool.anySlot.machine;
    next.set(name, Math.min(leftMs, next.get(name) ?? Number.POSITIVE_INFINITY));
  }
  return next;
}
