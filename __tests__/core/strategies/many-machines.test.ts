import { Estimates } from '../../../src/core/estimate/estimate.js';
import type { Suite } from '../../../src/core/events.js';
import type { Slot } from '../../../src/core/machine/machine.js';
import { Scheduler } from '../../../src/core/scheduler/scheduler.js';
import { strategies } from '../../../src/core/strategies/index.js';
import { simulate } from '../../../src/simulate/simulate.js';
import { device, GiB, slots, suite } from '../cluster.js';
import { virtualRun } from '../virtual-run.js';

/** Machines of two models, a few pages of memory apart, far away. */
function fleet(machines: number, workers = 2): readonly Slot[] {
  return Array.from({ length: machines }, (_, index) =>
    slots({
      name: `m${index}`,
      workers,
      memoryBudgetBytes: 8 * GiB - 4096 * (index % 5),
      devices: [device({ model: index % 2 === 0 ? 'slow' : 'fast' })],
    }).map((slot) => ({ ...slot, leadMs: 10 })),
  ).flat();
}

/** Suites of 2 to 10 s on the slow machines, half on the fast ones, which count how often that is read. */
function suites(count: number) {
  const reads = { count: 0 };
  const all = Array.from({ length: count }, (_, index): Suite => {
    const durationMs = 2000 + ((index * 7919) % 8000);
    return {
      ...suite(`s${index}`),
      get expectedMs() {
        reads.count++;
        return { 'cpu slow': durationMs, 'cpu fast': durationMs / 2 };
      },
    };
  });
  return { reads, all };
}

test('a plan for many machines looks at each suite once for each kind of machine', () => {
  const { reads, all } = suites(2000);
  const { makespanMs } = simulate({
    slots: fleet(100),
    suites: all,
    strategy: strategies.adaptive,
    truth: ({ expectedMs }, { device: { model } }) => ({ durationMs: expectedMs?.[`cpu ${model}`] ?? 1 }),
  });
  expect(reads.count / all.length).toBeLessThan(200);
  const workMs = all.reduce((sum, { expectedMs = {} }) => sum + (expectedMs['cpu slow'] ?? 0), 0);
  // 100 slots of speed 1, 100 of speed 2.
  expect(makespanMs).toBeLessThan((1.1 * workMs) / 300);
});

test('machines that join a large run one after another get suites at once, and not a plan each', () => {
  const { reads, all } = suites(20_000);
  const scheduler = new Scheduler({
    strategy: strategies.adaptive,
    unsatisfiable: { action: 'fail' },
    retryLost: true,
    estimates: new Estimates(),
  });
  for (const each of all) scheduler.handle({ type: 'suite-queued', atMs: 0, suite: each });
  scheduler.handle({ type: 'machine-awaited', atMs: 0, machine: 'the fleet', address: 'redis://127.0.0.1' });
  scheduler.handle({ type: 'run-opened', atMs: 0 });
  const [slow, fast, ...others] = fleet(60, 1);
  for (const slot of [slow, fast]) if (slot) scheduler.handle({ type: 'slot-up', atMs: 1000, slot });
  scheduler.handle({ type: 'tick', atMs: 3000 });
  reads.count = 0;
  const started = others.map((slot, index) =>
    scheduler
      .handle({ type: 'slot-up', atMs: 3001 + index, slot })
      .filter(({ type }) => type === 'suite-started'),
  );
  expect(started.map(({ length }) => length)).toEqual(others.map(() => 1));
  expect(reads.count / all.length).toBeLessThan(20);
});

test.each(['adaptive', 'power-aware'] as const)(
  '%s: suites with locks, memory and a machine for themselves run on many machines',
  (name) => {
    const wishes = [
      {},
      { exclusive: true },
      { locks: ['db'] },
      { hostMemoryBytes: 5 * GiB },
      { cpuThreads: 2 },
    ];
    const { referee } = virtualRun(strategies[name], {
      slots: fleet(80),
      losses: Array.from({ length: 20 }, (_, index) => ({ slot: 7 * index, atMs: 20 + 10 * index })),
      suites: Array.from({ length: 400 }, (_, index) => ({
        suite: suite(`s${index}`, wishes[index % wishes.length]),
        atMs: 0,
      })),
      outcomes: [30, 70, 50].map((durationMs) => ({ status: 'passed', durationMs })),
    });
    expect(referee.ends.size).toBe(400);
  },
);
