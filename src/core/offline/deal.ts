/** Deals suites of unknown duration to shards by rendezvous hashing (Thaler, Ravishankar 1998) with bounded loads. */
import type { Suite } from '../events.js';
import type { Slot } from '../machine/machine.js';
import { deviceCountOf } from '../scheduler/claim.js';
import { neverRejection } from '../scheduler/feasibility.js';
import { hashOf } from '../vocabulary/hash.js';

/**
 * Deals suites out evenly. How many each shard gets depends on their number and its slots alone: in proportion, and at least
 * one as long as there are enough. Which ones is decided by rendezvous hashing within these bounds, in the order of the
 * suites' hashes. Without one of the suites about two others move; dealing in turn would move nearly all.
 * @param busyMs By shard: the remainder goes to the least busy ones.
 * @returns Shards by suite id.
 */
export function dealtOut(
  suites: readonly Suite[],
  shards: readonly (readonly Slot[])[],
  busyMs: readonly number[],
): ReadonlyMap<string, number> {
  const places = placesOnShards(shards);
  const groups = new Map<string, { able: readonly number[]; ids: string[] }>();
  for (const suite of suites) {
    const able = places(suite);
    const key = able.join();
    const group = groups.get(key) ?? { able, ids: [] };
    groups.set(key, group);
    group.ids.push(suite.id);
  }
  const choice = ({ able }: { able: readonly number[] }) => able.filter((count) => count > 0).length;
  // Suites that few shards can run are dealt first; the others even out the rest.
  const inOrder = [...groups].sort(([a, x], [b, y]) => choice(x) - choice(y) || (a < b ? -1 : 1));
  const load = shards.map(() => 0);
  const dealt = new Map<string, number>();
  for (const [, { able, ids }] of inOrder) {
    const room = evenly(ids.length, able, load, busyMs);
    for (const id of byRank(ids)) {
      const shard = drawn(id, room.map(oneDraw));
      room[shard] = (room[shard] ?? 0) - 1;
      dealt.set(id, shard);
    }
  }
  return dealt;
}

/** How many of `count` suites each shard gets. Adds them to `load`, the suites of each shard so far. */
function evenly(count: number, able: readonly number[], load: number[], busyMs: readonly number[]): number[] {
  const room = able.map(() => 0);
  const shards = able.flatMap((places, shard) => (places > 0 ? shard : []));
  const loadOf = (shard: number) => load[shard] ?? 0;
  const fullness = (shard: number) => (loadOf(shard) === 0 ? 0 : (loadOf(shard) + 1) / (able[shard] ?? 1));
  const isBefore = (a: number, b: number) =>
    (fullness(a) - fullness(b) || (busyMs[a] ?? 0) - (busyMs[b] ?? 0) || a - b) < 0;
  for (let dealt = 0; dealt < count; dealt++) {
    const shard = shards.reduce((best, each) => (isBefore(each, best) ? each : best));
    load[shard] = loadOf(shard) + 1;
    room[shard] = (room[shard] ?? 0) + 1;
  }
  return room;
}

/** A shard draws once as long as it has room: draws in proportion to the room would move suites whenever it changes. */
function oneDraw(room: number): number {
  return Math.min(1, room);
}

function byRank(ids: readonly string[]): readonly string[] {
  return ids
    .map((id) => ({ id, rank: hashOf(id) }))
    .sort((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
}

/**
 * Rendezvous hashing: each slot draws a number for the suite, the highest wins, so that a shard gets as many as it has slots
 * for them, and one shard more or less moves few.
 */
export function byHash(suite: Suite, shards: readonly (readonly Slot[])[]): number {
  return drawn(suite.id, placesOnShards(shards)(suite));
}

/** The shard that draws the highest number; each draws one for each of its places. */
function drawn(id: string, places: readonly number[]): number {
  let best = 0;
  let highest = -1;
  places.forEach((count, shard) => {
    for (let place = 0; place < count; place++) {
      const number = hashOf(`${shard} ${place} ${id}`);
      if (number <= highest) continue;
      highest = number;
      best = shard;
    }
  });
  return best;
}

/** By shard: how many slots can run a suite, or 1 each where none can. Cached by profile. */
function placesOnShards(shards: readonly (readonly Slot[])[]): (suite: Suite) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return (suite) => {
    const profile = JSON.stringify(suite.profile);
    const able = known.get(profile) ?? shards.map((slots) => placesOf(suite, slots).length);
    known.set(profile, able);
    return able.some((count) => count > 0) ? able : shards.map(() => 1);
  };
}

/** Slots of one machine that can run the suite once they are free. */
export function placesOf(suite: Suite, slots: readonly Slot[]): readonly Slot[] {
  const verdicts = new Map<string, boolean>();
  const able = slots.filter((slot) => {
    const verdict = verdicts.get(slot.type) ?? neverRejection(suite, slot, false) === undefined;
    verdicts.set(slot.type, verdict);
    return verdict;
  });
  return able.filter(({ device }) => {
    const alike = new Set(
      able.filter((slot) => slot.device.class === device.class).map((slot) => slot.device.id),
    );
    return alike.size >= deviceCountOf(suite.profile, device.class);
  });
}
