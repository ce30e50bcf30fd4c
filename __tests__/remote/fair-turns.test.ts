import fc from 'fast-check';
import { fairShares } from '../../src/remote/fair-shares.js';
import { FairTurns, type Turn } from '../../src/remote/fair-turns.js';

/** Turns of several runs at one device, on a clock that stands still until it is told. */
class Bench {
  nowMs = 0;
  readonly turns: FairTurns;
  readonly capacity: number;
  readonly held: { readonly owner: string; readonly turn: Turn }[] = [];
  readonly waiting: { readonly owner: string; readonly turn: Turn }[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
    this.turns = new FairTurns({ gpu0: capacity }, { nowMs: () => this.nowMs });
  }

  async take(owner: string): Promise<void> {
    const one = { owner, turn: this.turns.take('gpu0', owner) };
    this.waiting.push(one);
    void one.turn.granted.then(() => {
      const [granted] = this.waiting.splice(this.waiting.indexOf(one), 1);
      if (granted !== undefined) this.held.push(granted);
    });
    await settled();
  }

  /** @param index Modulo how many there are, of those that have their turn or that wait. */
  async release(from: 'held' | 'waiting', index: number): Promise<string | undefined> {
    const all = this[from];
    if (all.length === 0) return undefined;
    const [one] = all.splice(index % all.length, 1);
    one?.turn.release();
    await settled();
    return one?.owner;
  }

  placesOf(owner: string): number {
    return this.held.filter((each) => each.owner === owner).length;
  }
}

const settled = () => new Promise(setImmediate);
const weight = fc.integer({ min: 1, max: 9 });

test('shares use all that is wanted, nobody gets more than it wants, and who gets less gets by weight', () => {
  const demand = fc.record({ weight, wanted: fc.oneof(fc.nat(9), fc.constant(Number.POSITIVE_INFINITY)) });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 16 }),
      fc.array(demand, { minLength: 1, maxLength: 6 }),
      (capacity, demands) => {
        const shares = fairShares(capacity, demands);
        const sum = shares.reduce((total, each) => total + each, 0);
        expect(sum).toBeCloseTo(
          Math.min(
            capacity,
            demands.reduce((total, { wanted }) => total + wanted, 0),
          ),
          6,
        );
        const level = Math.max(...shares.map((share, index) => share / (demands[index]?.weight ?? 1)));
        demands.forEach((each, index) => {
          const share = shares[index] ?? 0;
          expect(share).toBeLessThanOrEqual(each.wanted);
          if (share < each.wanted - 1e-6) expect(share / each.weight).toBeCloseTo(level, 6);
        });
      },
    ),
  );
});

test('no run waits while a place is free, whatever is released in whatever order, and nobody is forgotten', async () => {
  const step = fc.oneof(
    fc.record({ take: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ release: fc.constantFrom('held' as const, 'waiting' as const), index: fc.nat(20) }),
    fc.record({ leave: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ enter: fc.constantFrom('a', 'b', 'c'), weight }),
    fc.record({ passMs: fc.nat(1000) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { maxLength: 40 }),
      async (capacity, steps) => {
        const bench = new Bench(capacity);
        for (const each of steps) {
          if ('take' in each) await bench.take(each.take);
          else if ('release' in each) await bench.release(each.release, each.index);
          else if ('leave' in each) bench.turns.leave(each.leave);
          else if ('enter' in each) bench.turns.enter(each.enter, each.weight);
          else bench.nowMs += each.passMs;
          const wanted = bench.held.length + bench.waiting.length;
          expect(bench.held.length).toBe(Math.min(capacity, wanted));
          expect(bench.turns.running).toEqual(bench.held.length === 0 ? {} : { gpu0: bench.held.length });
          for (const owner of ['a', 'b', 'c']) {
            const allowance = bench.turns.allowancesOf(owner).get('gpu0');
            const ofOthers = [...bench.held, ...bench.waiting].filter(
              (other) => other.owner !== owner,
            ).length;
            expect(allowance?.free).toBe(Math.max(0, capacity - ofOthers));
            expect(allowance?.share).toBeGreaterThanOrEqual(
              Math.max(1, Math.min(allowance?.free ?? 0, capacity)),
            );
          }
        }
        while (bench.held.length > 0) await bench.release('held', 0);
        expect(bench.waiting).toEqual([]);
      },
    ),
    { numRuns: 150 },
  );
});

test('runs with work left have their share of the places after as many ends as there are places', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 8 }),
      fc.array(weight, { minLength: 2, maxLength: 5 }),
      fc.infiniteStream(fc.nat(20)),
      async (capacity, weights, choices) => {
        const bench = new Bench(capacity);
        const owners = weights.map((_, index) => `run ${index}`);
        for (const [index, owner] of owners.entries()) bench.turns.enter(owner, weights[index] ?? 1);
        // The first has taken all of it before the others come.
        for (const owner of owners) for (let n = 0; n < capacity; n++) await bench.take(owner);
        // Each suite of the first has ended once.
        for (let n = 0; n < capacity; n++) {
          bench.nowMs += 10;
          const index = bench.held.findIndex(({ owner }) => owner === owners[0]);
          const owner = await bench.release('held', Math.max(0, index));
          if (owner !== undefined) await bench.take(owner);
        }
        const total = weights.reduce((sum, each) => sum + each, 0);
        for (let n = 0; n < 40; n++) {
          owners.forEach((owner, index) => {
            const share = (capacity * (weights[index] ?? 1)) / total;
            expect(bench.placesOf(owner)).toBeGreaterThanOrEqual(Math.floor(share + 1e-9) - 1);
            expect(bench.placesOf(owner)).toBeLessThanOrEqual(Math.ceil(share - 1e-9) + 1);
          });
          bench.nowMs += 10;
          const owner = await bench.release('held', choices.next().value ?? 0);
          if (owner !== undefined) await bench.take(owner);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('time at one place is divided by weight, and nobody starves', async () => {
  const bench = new Bench(1);
  const weights = { a: 1, b: 1, c: 3 };
  for (const [owner, each] of Object.entries(weights)) bench.turns.enter(owner, each);
  for (const owner of ['a', 'a', 'b', 'b', 'c', 'c']) await bench.take(owner);
  const had = { a: 0, b: 0, c: 0 };
  for (let n = 0; n < 100; n++) {
    bench.nowMs += 10;
    const owner = (await bench.release('held', 0)) as keyof typeof had;
    had[owner] += 10;
    await bench.take(owner);
  }
  expect(had).toEqual({ a: 200, b: 200, c: 600 });
});

test('a run that comes late makes up for nothing, nor does one that wanted nothing for long', async () => {
  const bench = new Bench(1);
  for (const owner of ['early', 'late']) bench.turns.enter(owner, 1);
  await bench.take('early');
  bench.nowMs = 100_000;
  await bench.take('late');
  await bench.take('late');
  await bench.take('early');
  const order: (string | undefined)[] = [];
  for (let n = 0; n < 6; n++) {
    bench.nowMs += 10;
    const owner = await bench.release('held', 0);
    order.push(owner);
    if (owner !== undefined) await bench.take(owner);
  }
  expect(order.slice(1).filter((owner) => owner === 'early')).toHaveLength(2);
});

test('while it is paused nothing starts, what runs goes on, and runs are told to send nothing', async () => {
  const bench = new Bench(2);
  bench.turns.enter('a', 1);
  await bench.take('a');
  bench.turns.pause();
  await bench.take('a');
  expect(bench.placesOf('a')).toBe(1);
  expect(bench.turns.allowancesOf('a').get('gpu0')).toEqual({ free: 0, share: 0 });
  await bench.release('held', 0);
  expect(bench.placesOf('a')).toBe(0);
  bench.turns.resume();
  await settled();
  expect(bench.placesOf('a')).toBe(1);
  expect(bench.turns.allowancesOf('a').get('gpu0')).toEqual({ free: 2, share: 2 });
});
