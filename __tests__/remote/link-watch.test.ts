import { LeadEstimate } from '../../src/remote/link-watch.js';

/** What is told, after which round trip. */
function toldOf(joinedMs: number, roundTripsMs: readonly number[]): readonly (readonly [number, number])[] {
  const lead = new LeadEstimate(joinedMs);
  return roundTripsMs.flatMap((roundTripMs, index) =>
    lead.add(roundTripMs) ? [[index + 1, lead.leadMs] as const] : [],
  );
}

test.each<
  [
    what: string,
    joinedMs: number,
    roundTripsMs: readonly number[],
    told: readonly (readonly [number, number])[],
  ]
>([
  ['as it was', 80, [80, 81, 79, 84, 80], []],
  ['one answer that waited behind a large result', 80, [80, 2000, 80, 80, 1900, 1900, 80], []],
  ['a little slower, and a little faster', 80, [110, 112, 115, 110, 60, 60, 60], []],
  ['much slower: after three', 80, [300, 310, 320, 300], [[3, 300]]],
  ['much faster: at once', 300, [80, 82, 80], [[1, 80]]],
  [
    'slower, and as before',
    80,
    [300, 300, 300, 80],
    [
      [3, 300],
      [4, 80],
    ],
  ],
  ['slower, bit by bit', 80, [90, 100, 110, 120, 130, 140, 150], [[6, 120]]],
  ['near, and a busy machine', 0.4, [3, 25, 28, 29, 28, 2], []],
  ['near, and then far', 0.4, [150, 150, 150], [[3, 150]]],
])('the way is %s', (_, joinedMs, roundTripsMs, told) => {
  expect(toldOf(joinedMs, roundTripsMs)).toEqual(told);
});
