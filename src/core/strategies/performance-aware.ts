import { pull } from './pull.js';
import { remainingMs } from './remaining.js';
import type { ClusterView, PendingGroup, PendingSuite, SlotType, Strategy, SuitePlace } from './strategy.js';
import { comesBefore } from './turn.js';

/** How many suites are looked at for a decision, in their order. */
const horizon = 64;

/**
 * Each suite in its order to the device where it is expected to end first, also when that device is still busy: then it
 * waits, and those behind it count on what waits before them.
 */
export const performanceAware: Strategy = {
  name: 'performance-aware',
  start: (options) => {
    const fallback = pull.start(options);
    return {
      place: (view) => {
        const place = earliestCompletion(view);
        if (place !== undefined) return [place];
        for (const _ of view.running) return [];
        return fallback.place(view);
      },
    };
  },
};

function earliestCompletion(view: ClusterView): SuitePlace | undefined {
  const freeInMs = firstFreeMs(view);
  const nextEndMs = nextEnds(view);
  const placesOf = rememberedPlaces(view);
  for (const { group, pending } of inTurn(view)) {
    let best: SlotType | undefined;
    let leastMs = Number.POSITIVE_INFINITY;
    let fits = false;
    for (const [type, fitsNow] of placesOf(group)) {
      const waitMs = Math.max(
        fitsNow ? 0 : (nextEndMs.get(type.slot.machine.name) ?? 1),
        freeInMs.get(type) ?? 0,
      );
      const endMs = waitMs + view.estimate(pending.suite, type).durationMs;
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

/** When each type has a free slot, ms from now. */
function firstFreeMs(view: ClusterView): Map<SlotType, number> {
  const first = new Map(
    view.types.map((type) => [type, type.free.length > 0 ? 0 : Number.POSITIVE_INFINITY]),
  );
  for (const { type, estimate, startedAtMs } of view.running) {
    const leftMs = remainingMs(estimate, view.atMs - startedAtMs);
    if (leftMs < (first.get(type as SlotType) ?? 0)) first.set(type as SlotType, leftMs);
  }
  return first;
}

/** When the first suite of each machine should end, ms from now, at least 1: what does not fit now fits then at best. */
function nextEnds(view: ClusterView): ReadonlyMap<string, number> {
  const next = new Map<string, number>();
  for (const { type, estimate, startedAtMs } of view.running) {
    const { name } = type.slot.machine;
    const leftMs = Math.max(1, remainingMs(estimate, view.atMs - startedAtMs));
    next.set(name, Math.min(leftMs, next.get(name) ?? Number.POSITIVE_INFINITY));
  }
  return next;
}

/** The first pending suites of all groups, in the order of the queue. */
function inTurn(view: ClusterView): readonly { group: PendingGroup; pending: PendingSuite }[] {
  const first: { group: PendingGroup; pending: PendingSuite }[] = [];
  for (const group of view.groups) {
    let count = 0;
    for (const pending of group.suites) {
      first.push({ group, pending });
      if (++count === horizon) break;
    }
  }
  return first.sort((a, b) => (comesBefore(a.pending.turn, b.pending.turn) ? -1 : 1)).slice(0, horizon);
}
