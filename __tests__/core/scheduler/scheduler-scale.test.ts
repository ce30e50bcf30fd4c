import type { Slot } from '../../../src/core/machine/machine.js';
import { strategies, strategyNames } from '../../../src/core/strategies/index.js';
import { device, GiB, gpu, slots, suite } from '../cluster.js';
import { virtualRun } from '../virtual-run.js';

/** Slots that count how often filters look at them. */
function counted(fleet: readonly Slot[]) {
  const looks = { never: 0, now: 0 };
  const watched = fleet.map((slot) => ({
    ...slot,
    get machineWorkers() {
      looks.now++;
      return slot.machineWorkers;
    },
    device: {
      ...slot.device,
      get features() {
        looks.never++;
        return slot.device.features;
      },
    },
  }));
  return { looks, fleet: watched };
}

const suiteCount = 1200;

test.each(strategyNames)(
  '%s: more than a thousand pending suites on 64 slots are decided by their kinds, not one by one',
  (name) => {
    const machines = Array.from({ length: 8 }, (_, index) =>
      slots({
        name: `m${index}`,
        workers: 8,
        devices: [device(), { ...gpu, shares: 1 }].slice(0, 1 + (index % 2)),
      }),
    );
    const { looks, fleet } = counted(machines.flat());
    const kinds = [
      {},
      { cpuThreads: 2 },
      { hostMemoryBytes: GiB },
      { locks: ['db'] },
      { hardware: [{ class: 'gpu', count: 1 }] },
      {
        hardware: [
          { class: 'gpu', count: 1 },
          { class: 'cpu', count: 1 },
        ],
        minMemoryBytes: GiB,
      },
    ] as const;
    const suites = Array.from({ length: suiteCount }, (_, index) => ({
      suite: suite(`s${index}`, { ...kinds[index % kinds.length], priority: 1 + (index % 5) }),
      atMs: 0,
    }));
    const { referee } = virtualRun(strategies[name], {
      slots: fleet,
      suites,
      outcomes: [3, 7, 5].map((durationMs) => ({ status: 'passed', durationMs })),
    });
    expect(referee.ends.size).toBe(suiteCount);
    const types = new Set(fleet.map(({ type }) => type)).size;
    expect(looks.never).toBeLessThanOrEqual(kinds.length * types);
    expect(looks.now / suiteCount).toBeLessThan(200);
  },
);
