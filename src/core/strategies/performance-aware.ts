import { meanResidualLifeMs } from '../estimate/residual-life.js';
import type { ClusterView, PendingGroup, SlotType, Strategy, SuitePlace } from '../scheduler/strategy.js';
import { LongestFirst } from './longest-first.js';
import { pull } from './pull.js';

/** How many suites are looked at for a decision, in their order, and then of other groups. */
const horizon = 64;

/**
 * Each suite, the longest first, to the device where it is expected to end first, also when that device is still busy: then
 * it waits, and those behind it count on what waits before them.
 */
export const performanceAware: Strategy = {
  name: 'performance-aware',
  start: (options) => {
    const fallback = pull.start(options);
    const queue = new LongestFirst(options.keepOrder);
    return {
      place: (view) => {
        const place = earliestCompletion(view, queue);
        if (place !== undefined) return [place];
        for (const _ of view.running) return [];
        return fallback.place(view);
      },
    };
  },
};

function earliestCompletion(view: ClusterView, queue: LongestFirst): SuitePlace | undefined {
  const running = endingsOf(view);
  const freeInMs = firstFreeMs(view, running);
  const nextEndMs = nextEnds(running);
  const placesOf = rememberedPlaces(view);
  for (const { group, pending } of queue.first(view, horizon)) {
    let best: SlotType | undefined;
    let leastMs = Number.POSITIVE_INFINITY;
    let fits = false;
    for (const [type, fitsNow] of placesOf(group)) {
      const waitMs = Math.max(
        fitsNow ? 0 : (nextEndMs.get(type.slot.machine.name) ?? 1),
        freeInMs.get(type) ?? 0,
      );
      const endMs = waitMs + queue.pickierMs(group, type) + view.estimate(pending.suite, type).durationMs;
      if (endMs >= leastMs) continue;
      leastMs = endMs;
      best = type;
      fits = fitsNow;
    }
    if (best === undefined) continue;
    const slot = best.free[0];
    if (fits && slot !== undefined) return { suiteId: pending.suite.id, slotId: slot.id };
    const ms = view.estimate(pending.suite, best).durationMs;
    freeInMs.set(best, (freeInMs.get(best) ?? 0) + ms / best.slots);
  }
  return undefined;
}

/** Where a group can run, and whether it fits there now: asked once, however many of its suites are looked at. */
function rememberedPlaces(view: ClusterView): (group: PendingGroup) => ReadonlyMap<SlotType, boolean> {
  const known = new Map<PendingGroup, ReadonlyMap<SlotType, boolean>>();
  return (group) => {
    let places = known.get(group);
    if (places === undefined) {
      const types = [...group.slotTypes.keys()];
      places = new Map(types.map((type) => [type, type.free.length > 0 && view.fits(group, type)]));
      known.set(group, places);
    }
    return places;
  };
}

interface Ending {
  readonly type: SlotType;
  readonly leftMs: number;
}

function endingsOf({ running, atMs }: ClusterView): readonly Ending[] {
  return [...running].map(({ type, estimate, startedAtMs }) => ({
    type,
    leftMs: meanResidualLifeMs(estimate, atMs - startedAtMs),
  }));
}

/** When each type has a free slot, ms from now. */
function firstFreeMs(view: ClusterView, running: readonly Ending[]): Map<SlotType, number> {
  const first = new Map(
    view.types.map((type) => [type, type.free.length > 0 ? 0 : Number.POSITIVE_INFINITY]),
  );
  for (const { type, leftMs } of running) if (leftMs < (first.get(type) ?? 0)) first.set(type, leftMs);
  return first;
}

/** When the first suite of each machine should end, ms from now: what does not fit now fits then at best. */
function nextEnds(running: readonly Ending[]): ReadonlyMap<string, number> {
  const next = new Map<string, number>();
  for (const { type, leftMs } of running) {
    const { name } = type.slot.machine;
    next.set(name, Math.min(leftMs, next.get(name) ?? Number.POSITIVE_INFINITY));
  }
  return next;
}
